//! What is removed at somebody's wish: a client's personal data, and a test partner's clients. The role that serves may
//! do neither, since it may not change events.

use sqlx::PgExecutor;

use super::StoreError;
use crate::domain::{
    client::{ClientId, Found},
    event::{Kind, Origin},
    partner::PartnerId,
};

/// Whether the role of this connection may change and remove events.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn is_allowed(db: impl PgExecutor<'_>) -> Result<bool, StoreError> {
    let may = sqlx::query_scalar!(
        r#"select has_table_privilege('client_events', 'update') and has_table_privilege('client_events', 'delete')
                  and has_table_privilege('clients', 'delete') as "may!""#
    );
    Ok(may.fetch_one(db).await?)
}

/// Removes what is personal of a client, for ever: what its partner told but subreseller and `start_billing_date`, the
/// words that it is found by, and the reasons of its events. Id, domain and events stay. It is cancelled with that, since
/// its partner can no longer do it. One that was erased stays as it is.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked, or does not let this role.
pub async fn erase(db: impl PgExecutor<'_>, origin: Origin<'_>, id: ClientId) -> Result<Found<()>, StoreError> {
    let erased = sqlx::query_scalar!(
        r#"
        with held as materialized (
            select status, billing_status, coalesce(search, '') as search, erased_at,
                   greatest(clock_timestamp(), updated_at + interval '1 microsecond') as at,
                   greatest(event_position(), last_position) as position,
                   case billing_status when 'none' then 'none' else 'suspended' end as billing
            from clients where partner_id = $1 and id = $2 for update
        ), changed as (
            update clients c
            set email = '', first_name = '', last_name = '', address = '', zipcode = '', billing_address = '',
                billing_zipcode = '', customer_id = null, search = null, erased_at = held.at, updated_at = held.at,
                status = 'cancelled', billing_status = held.billing, last_position = held.position,
                status_changed_at = case held.status when 'cancelled' then c.status_changed_at else held.at end
            from held where c.partner_id = $1 and c.id = $2 and held.erased_at is null
            returning held.*
        ), forgotten as (
            delete from client_words w using changed
            where w.partner_id = $1 and w.client_id = $2 and w.word = any(string_to_array(changed.search, ' '))
        ), silenced as (
            update client_events e set reason = null from changed
            where e.partner_id = $1 and e.client_id = $2 and e.reason is not null
        ), event as (
            insert into client_events (partner_id, client_id, id, position, kind, from_status, to_status,
                                       from_billing_status, to_billing_status, at, reason, user_id, oauth_client_id,
                                       operator, request_id)
            select $1, $2, event_id(at), position, $3, status, 'cancelled', billing_status, billing, at, $4, $5, $6, $7, $8
            from changed
        )
        select erased_at is not null as "erased!" from held
        "#,
        origin.partner.0,
        id.get(),
        Kind::Erased.as_str(),
        origin.reason,
        origin.user(),
        origin.oauth_client(),
        origin.operator(),
        origin.request_id,
    );
    Ok(match erased.fetch_optional(db).await? {
        None => Found::Nothing,
        Some(true) => Found::Erased,
        Some(false) => Found::Here(()),
    })
}

/// Removes clients of a test partner's, `limit` of them at most, with their events, words and replies under
/// an `Idempotency-Key`; says how many. Their domains stay taken. Of any other partner it removes nothing.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked, or does not let this role.
pub async fn purge(db: impl PgExecutor<'_>, partner: PartnerId, limit: i64) -> Result<u64, StoreError> {
    let purged = sqlx::query!(
        r#"
        with gone as materialized (
            select c.id, coalesce(c.search, '') as search from clients c
            where c.partner_id = $1 and exists (select from partners p where p.id = $1 and p.is_test)
            order by c.id limit $2 for update of c
        ), words as (
            delete from client_words w using gone
            where w.partner_id = $1 and w.client_id = gone.id and w.word = any(string_to_array(gone.search, ' '))
        ), events as (
            delete from client_events e using gone where e.partner_id = $1 and e.client_id = gone.id
        ), replies as (
            delete from idempotent_replies r using gone where r.partner_id = $1 and r.client_id = gone.id
        )
        delete from clients c using gone where c.partner_id = $1 and c.id = gone.id
        "#,
        partner.0,
        limit
    );
    Ok(purged.execute(db).await?.rows_affected())
}
