//! Changes of what a partner tells of a client: the row is held while it is decided what becomes of it, then written.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor};

use super::{StoreError, client_row::Row};
use crate::domain::{
    client::{Client, ClientId, Found, NewClient},
    event::{Kind, Origin},
    partner::PartnerId,
    search,
};

/// The partner's client of that id, which nobody else changes until the transaction of this connection ends.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn hold(db: &mut PgConnection, partner: PartnerId, id: ClientId) -> Result<Found<Client>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        "select id, ns_domain, status, billing_status, customer_id, subreseller_id, email, first_name, last_name, address,
                zipcode, same_billing_address, billing_address, billing_zipcode, start_billing_date, created_at,
                updated_at, status_changed_at, erased_at
         from clients where partner_id = $1 and id = $2 for update",
        partner.0,
        id.get()
    );
    Row::found(row.fetch_optional(db).await?)
}

/// Writes what a held client becomes, the words that it is found by from then on, and the event.
///
/// # Errors
/// [`StoreError::Taken`] with `clients_customer_id_key` when the partner has another client of that `customer_id`.
#[expect(clippy::too_many_lines, reason = "one statement, and what it binds")]
pub async fn update(
    db: impl PgExecutor<'_>,
    origin: Origin<'_>,
    client: Client,
    new: NewClient,
) -> Result<Client, StoreError> {
    let changed = client.data.differences(&new);
    let moved = client.data.subreseller_id != new.subreseller_id;
    let moved_from = moved.then(|| client.data.subreseller_id.as_deref().unwrap_or_default());
    let updated_at = sqlx::query_scalar!(
        r#"
        with old as materialized (
            select coalesce(search, '') as search from clients where partner_id = $1 and id = $2
        ), changed as (
            update clients
            set customer_id = $3, subreseller_id = $4, email = $5, first_name = $6, last_name = $7, address = $8,
                zipcode = $9, same_billing_address = $10, billing_address = $11, billing_zipcode = $12,
                start_billing_date = $13, search = $14,
                updated_at = greatest(clock_timestamp(), updated_at + interval '1 microsecond'),
                last_position = greatest(event_position(), last_position)
            where partner_id = $1 and id = $2
            returning status, billing_status, updated_at, last_position
        ), forgotten as (
            delete from client_words w using old
            where w.partner_id = $1 and w.client_id = $2 and w.word = any(string_to_array(old.search, ' '))
              and w.word <> all(string_to_array($14, ' '))
        ), learnt as (
            insert into client_words (partner_id, word, client_id)
            select distinct $1::uuid, word, $2::bigint from old, unnest(string_to_array($14, ' ')) as word
            where word <> all(string_to_array(old.search, ' ')) and word <> ''
        ), event as (
            insert into client_events (partner_id, client_id, id, position, kind, from_status, to_status,
                                       from_billing_status, to_billing_status, at, changed, from_subreseller_id, reason,
                                       user_id, oauth_client_id, operator, request_id)
            select $1, $2, event_id(updated_at), last_position, $15, status, status, billing_status, billing_status,
                   updated_at, $16, $22, $17, $18, $19, $20, $21
            from changed
        )
        select updated_at as "updated_at!: DateTime<Utc>" from changed
        "#,
        origin.partner.0,
        client.id,
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
        Kind::Updated.as_str(),
        &changed as &[&str],
        origin.reason,
        origin.user(),
        origin.oauth_client(),
        origin.operator(),
        origin.request_id,
        moved_from,
    )
    .fetch_one(db)
    .await?;
    Ok(Client { data: new, updated_at, ..client })
}
