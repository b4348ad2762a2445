//! Changes of a client's status.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use super::StoreError;
use crate::domain::{
    client::{BillingStatus, ClientId, ClientStatus, Found, Transition},
    event::Origin,
};

/// Brings a client to the transition's target and writes the event; a client that is there already stays as it is.
///
/// The row is locked before the clock is read, so that of two changes the later one has the later time, and each
/// event's `from` is what the one before it led to. An event's position is never below that of the client's event
/// before it, even where its transaction began first.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
#[expect(clippy::too_many_lines, reason = "one statement, and what it binds")]
pub async fn change(
    db: impl PgExecutor<'_>,
    origin: Origin<'_>,
    id: ClientId,
    transition: Transition,
) -> Result<Found<ClientStatus>, StoreError> {
    let row = sqlx::query!(
        r#"
        with held as materialized (
            select id, ns_domain, status, billing_status, status_changed_at, updated_at, last_position, erased_at
            from clients where partner_id = $1 and id = $2 for update
        ), moment as materialized (
            select held.*, greatest(clock_timestamp(), updated_at + interval '1 microsecond') as at,
                   greatest(event_position(), last_position) as position,
                   coalesce(case billing_status when 'none' then $4 else $5 end, billing_status) as billing
            from held
        ), changed as (
            update clients c
            set status = $3, billing_status = moment.billing, updated_at = moment.at, last_position = moment.position,
                status_changed_at = case moment.status when $3 then moment.status_changed_at else moment.at end
            from moment where c.partner_id = $1 and c.id = $2 and moment.erased_at is null
                          and (moment.status <> $3 or moment.billing_status <> moment.billing)
            returning moment.*, c.status_changed_at as since
        ), event as (
            insert into client_events (partner_id, client_id, id, position, kind, from_status, to_status,
                                       from_billing_status, to_billing_status, at, reason, user_id, oauth_client_id,
                                       operator, request_id)
            select $1, $2, event_id(at), position, $6, status, $3, billing_status, billing, at, $7, $8, $9, $10, $11
            from changed
        )
        select id as "id!", ns_domain as "ns_domain!", erased_at is not null as "erased!",
               coalesce((select since from changed), status_changed_at) as "status_changed_at!: DateTime<Utc>"
        from moment
        "#,
        origin.partner.0,
        id.get(),
        transition.target.as_str(),
        transition.billing_from_none.map(BillingStatus::as_str),
        transition.billing.map(BillingStatus::as_str),
        transition.kind.as_str(),
        origin.reason,
        origin.user(),
        origin.oauth_client(),
        origin.operator(),
        origin.request_id,
    )
    .fetch_optional(db)
    .await?;
    Ok(match row {
        None => Found::Nothing,
        Some(row) if row.erased => Found::Erased,
        Some(row) => Found::Here(ClientStatus {
            id: row.id,
            ns_domain: row.ns_domain,
            status: transition.target,
            status_changed_at: row.status_changed_at,
        }),
    })
}
