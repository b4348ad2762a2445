//! Many clients at once: what [`super::client::create`] writes for one, in one statement for hundreds.

use std::collections::HashMap;

use sqlx::PgExecutor;

use super::StoreError;
use crate::domain::{
    client::{ClientName, NewClient},
    event::{Kind, Origin},
    ns_domain,
    partner::PartnerId,
    search,
};

/// Lets the transaction be the only one that imports the partner's clients, until it ends; false where another one is.
/// Imports take `customer_id`s in the order of their files, so two of them could wait for each other.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn is_alone(db: impl PgExecutor<'_>, partner: PartnerId) -> Result<bool, StoreError> {
    let alone = sqlx::query_scalar!(
        r#"select pg_try_advisory_xact_lock(hashtextextended('import ' || $1::uuid::text, 0)) as "alone!""#,
        partner.0
    );
    Ok(alone.fetch_one(db).await?)
}

/// Holds the counters of these slugs until the transaction ends, and writes nothing where they are there. In one order
/// and before any client: whoever creates a client holds its counter before its `customer_id`, and so waits in no circle
/// with a transaction that did this.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn hold_counters(
    db: impl PgExecutor<'_>,
    partner: PartnerId,
    slugs: &[String],
    suffix: &str,
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into ns_domain_counters as c (slug, suffix, taken)
         select distinct slug, case when is_test then '.test' else $3 end, 0
         from unnest($2::text[]) as slug, partners where id = $1 order by slug
         on conflict on constraint ns_domain_counters_pkey do update set taken = c.taken where false",
        partner.0,
        slugs,
        suffix
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The partner's clients that have one of these `customer_id`s, by it.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn by_customer_ids(
    db: impl PgExecutor<'_>,
    partner: PartnerId,
    customer_ids: &[&str],
) -> Result<HashMap<String, ClientName>, StoreError> {
    let rows = sqlx::query!(
        r#"select customer_id as "customer_id!", id, ns_domain from clients
           where partner_id = $1 and customer_id = any($2)"#,
        partner.0,
        customer_ids as _
    );
    let rows = rows.fetch_all(db).await?.into_iter();
    Ok(rows.map(|row| (row.customer_id, ClientName { id: row.id, ns_domain: row.ns_domain })).collect())
}

/// Writes new clients, their domains, what they are found by and their first events, or nothing. Ids grow in the order of
/// `new`, and namesakes get the next numbers in it.
///
/// # Errors
/// [`StoreError::Taken`] with `clients_customer_id_key` when the partner has a client of one of the `customer_id`s.
#[expect(clippy::too_many_lines, reason = "one statement, and what it binds")]
pub async fn create(
    db: impl PgExecutor<'_>,
    origin: Origin<'_>,
    new: &[&NewClient],
    suffix: &str,
) -> Result<Vec<ClientName>, StoreError> {
    let column = |of: fn(&NewClient) -> &str| new.iter().map(|new| of(new).to_owned()).collect::<Vec<_>>();
    let optional = |of: fn(&NewClient) -> &Option<String>| new.iter().map(|new| of(new).clone()).collect::<Vec<_>>();
    let search = |new: &&NewClient| search::of_client(&new.first_name, &new.last_name, &new.address);
    let created = sqlx::query_as!(
        ClientName,
        r#"
        with given as (
            select *, count(*) over (partition by slug) as namesakes, row_number() over (partition by slug order by n) as place
            from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
                        $10::bool[], $11::text[], $12::text[], $13::date[], $14::text[]) with ordinality
                as t (slug, customer_id, subreseller_id, email, first_name, last_name, address, zipcode,
                      same_billing_address, billing_address, billing_zipcode, start_billing_date, search, n)
        ), counter as (
            insert into ns_domain_counters as c (slug, suffix, taken)
            select slug, case when is_test then '.test' else $15 end, count(*) from given, partners where id = $1
            group by slug, is_test order by slug
            on conflict on constraint ns_domain_counters_pkey do update set taken = c.taken + excluded.taken
            returning slug, suffix, taken
        ), named as (
            select given.*, slug || case when number = 1 then '' else number::text end || suffix as ns_domain
            from given join counter using (slug), lateral (select taken - namesakes + place) as t (number)
        ), client as (
            insert into clients (partner_id, ns_domain, customer_id, subreseller_id, email, first_name, last_name, address,
                                 zipcode, same_billing_address, billing_address, billing_zipcode, start_billing_date,
                                 search)
            select $1, ns_domain, customer_id, subreseller_id, email, first_name, last_name, address, zipcode,
                   same_billing_address, billing_address, billing_zipcode, start_billing_date, search
            from named order by n
            returning id, ns_domain, status, billing_status, created_at, search
        ), name as (
            insert into ns_domains (ns_domain, partner_id, client_id) select ns_domain, $1, id from client
        ), words as (
            insert into client_words (partner_id, word, client_id)
            select distinct $1::uuid, word, id from client, unnest(string_to_array(search, ' ')) as word where word <> ''
        ), event as (
            insert into client_events (partner_id, client_id, id, kind, to_status, to_billing_status, at, reason, user_id,
                                       oauth_client_id, operator, request_id)
            select $1, id, event_id(created_at), $16, status, billing_status, created_at, $17, $18, $19, $20, $21 from client
        )
        select client.id, client.ns_domain from client join named using (ns_domain) order by named.n
        "#,
        origin.partner.0,
        &new.iter().map(|new| ns_domain::slug(&new.first_name, &new.last_name, suffix)).collect::<Vec<_>>(),
        &optional(|new| &new.customer_id) as _,
        &optional(|new| &new.subreseller_id) as _,
        &column(|new| &new.email),
        &column(|new| &new.first_name),
        &column(|new| &new.last_name),
        &column(|new| &new.address),
        &column(|new| &new.zipcode),
        &new.iter().map(|new| new.billing.same_address).collect::<Vec<_>>(),
        &column(|new| &new.billing.address),
        &column(|new| &new.billing.zipcode),
        &new.iter().map(|new| new.start_billing_date).collect::<Vec<_>>() as _,
        &new.iter().map(search).collect::<Vec<_>>(),
        suffix,
        Kind::Created.as_str(),
        origin.reason,
        origin.user(),
        origin.oauth_client(),
        origin.operator(),
        origin.request_id,
    )
    .fetch_all(db)
    .await?;
    Ok(created)
}
