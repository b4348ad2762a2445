//! Clients: each change is one statement that writes the row, what it is found by and its event, or nothing.

use sqlx::PgExecutor;

use super::{StoreError, client_row::word};
use crate::domain::{
    client::{Client, ClientId, ClientName, ClientStatus, Found, NewClient, Status},
    event::{Kind, Origin},
    ns_domain,
    partner::PartnerId,
    search,
};

/// Writes a new client, its domain and its first event. A namesake's domain gets the next number from the counter of
/// that name and suffix, whose row the statement holds until it commits. A test partner's domains end in `.test`.
///
/// # Errors
/// [`StoreError::Taken`] with `clients_customer_id_key` when the partner has a client of that `customer_id`.
#[expect(clippy::too_many_lines, reason = "one statement, and what it binds")]
pub async fn create(
    db: impl PgExecutor<'_>,
    origin: Origin<'_>,
    new: NewClient,
    suffix: &str,
) -> Result<Client, StoreError> {
    let slug = ns_domain::slug(&new.first_name, &new.last_name, suffix);
    let row = sqlx::query!(
        r#"
        with counter as (
            insert into ns_domain_counters as c (slug, suffix, taken)
            select $16, case when is_test then '.test' else $17 end, 1 from partners where id = $1
            on conflict on constraint ns_domain_counters_pkey do update set taken = c.taken + 1
            returning slug || case taken when 1 then '' else taken::text end || suffix as ns_domain
        ), client as (
            insert into clients (partner_id, ns_domain, customer_id, subreseller_id, email, first_name, last_name, address,
                                 zipcode, same_billing_address, billing_address, billing_zipcode, start_billing_date,
                                 search)
            select $1, ns_domain, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13 from counter
            returning id, ns_domain, status, billing_status, created_at
        ), name as (
            insert into ns_domains (ns_domain, partner_id, client_id) select ns_domain, $1, id from client
        ), words as (
            insert into client_words (partner_id, word, client_id)
            select distinct $1::uuid, word, id from client, unnest(string_to_array($13, ' ')) as word where word <> ''
        ), event as (
            insert into client_events (partner_id, client_id, id, kind, to_status, to_billing_status, at, reason, user_id,
                                       oauth_client_id, operator, request_id)
            select $1, id, event_id(created_at), $18, status, billing_status, created_at, $19, $14, $15, $20, $21 from client
        )
        select id, ns_domain, created_at from client
        "#,
        origin.partner.0,
        new.customer_id,
        new.subreseller_id,
        new.email,
        new.first_name,
        new.last_name,
        new.address,
        new.zipcode,
        new.billing.same_address,
        new.billing.address,
        new.billing.zipcode,
        new.start_billing_date,
        search::of_client(&new.first_name, &new.last_name, &new.address),
        origin.user(),
        origin.oauth_client(),
        slug,
        suffix,
        Kind::Created.as_str(),
        origin.reason,
        origin.operator(),
        origin.request_id,
    )
    .fetch_one(db)
    .await?;
    Ok(Client::new(row.id, row.ns_domain, new, row.created_at))
}

/// The partner's client of that `customer_id`.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn by_customer_id(
    db: impl PgExecutor<'_>,
    partner: PartnerId,
    customer_id: &str,
) -> Result<Option<ClientName>, StoreError> {
    let found = sqlx::query_as!(
        ClientName,
        "select id, ns_domain from clients where partner_id = $1 and customer_id = $2",
        partner.0,
        customer_id
    );
    Ok(found.fetch_optional(db).await?)
}

/// The id and the domain of the partner's client of that id.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn name(db: impl PgExecutor<'_>, partner: PartnerId, id: ClientId) -> Result<Found<ClientName>, StoreError> {
    let row = sqlx::query!(
        r#"select id, ns_domain, erased_at is not null as "erased!" from clients where partner_id = $1 and id = $2"#,
        partner.0,
        id.get()
    );
    Ok(match row.fetch_optional(db).await? {
        None => Found::Nothing,
        Some(row) if row.erased => Found::Erased,
        Some(row) => Found::Here(ClientName { id: row.id, ns_domain: row.ns_domain }),
    })
}

/// The status of the partner's client of that domain, which is in lower case.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn by_ns_domain(
    db: impl PgExecutor<'_>,
    partner: PartnerId,
    ns_domain: &str,
) -> Result<Found<ClientStatus>, StoreError> {
    let row = sqlx::query!(
        r#"
        select c.id, c.ns_domain, c.status, c.status_changed_at, c.erased_at is not null as "erased!"
        from ns_domains n join clients c on c.partner_id = n.partner_id and c.id = n.client_id
        where n.ns_domain = $2 and n.partner_id = $1
        "#,
        partner.0,
        ns_domain
    );
    Ok(match row.fetch_optional(db).await? {
        None => Found::Nothing,
        Some(row) if row.erased => Found::Erased,
        Some(row) => Found::Here(ClientStatus {
            id: row.id,
            ns_domain: row.ns_domain,
            status: word(&row.status, Status::parse)?,
            status_changed_at: row.status_changed_at,
        }),
    })
}
