//! Clients and what happens to them: each change is one statement that writes the row and its event, or neither.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;
use uuid::Uuid;

use super::StoreError;
use crate::domain::{
    caller::Identity,
    client::{Client, ClientId, ClientName, ClientStatus, NewClient, Transition},
    ns_domain,
    partner::PartnerId,
};

/// Who changes a client, and by which request.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// Whose token it is; its partner is the only one whose clients a statement sees.
    pub identity: &'a Identity,
    /// The request's id.
    pub request_id: &'a str,
}

/// Writes a new client, its domain and its first event. A namesake's domain gets the next number from the counter of
/// that name and suffix, whose row the statement holds until it commits.
///
/// # Errors
/// [`StoreError::Taken`] with `clients_customer_id_key` when the partner has a client of that `customer_id`.
pub async fn create(
    db: impl PgExecutor<'_>,
    origin: Origin<'_>,
    new: NewClient,
    suffix: &str,
) -> Result<Client, StoreError> {
    let slug = ns_domain::slug(&new.first_name, &new.last_name, suffix);
    let Origin { identity, request_id } = origin;
    let row = sqlx::query!(
        r#"
        with counter as (
            insert into ns_domain_counters as c (slug, suffix, taken) values ($16, $17, 1)
            on conflict on constraint ns_domain_counters_pkey do update set taken = c.taken + 1
            returning slug || case taken when 1 then '' else taken::text end || suffix as ns_domain
        ), client as (
            insert into clients (partner_id, ns_domain, customer_id, subreseller_id, email, first_name, last_name, address,
                                 zipcode, same_billing_address, billing_address, billing_zipcode, start_billing_date)
            select $1, ns_domain, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12 from counter
            returning id, ns_domain, status, created_at
        ), name as (
            insert into ns_domains (ns_domain, partner_id, client_id) select ns_domain, $1, id from client
        ), event as (
            insert into client_events (partner_id, client_id, id, to_status, at, user_id, oauth_client_id, request_id)
            select $1, id, $13, status, created_at, $14, $15, $18 from client
        )
        select id, ns_domain, created_at from client
        "#,
        identity.partner.0,
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
        Uuid::now_v7(),
        identity.user.map(|user| user.0),
        identity.oauth_client.0,
        slug,
        suffix,
        request_id,
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

/// Brings a client to the transition's target and writes the event; a client that is there already stays as it is.
/// None where the partner has no such client.
///
/// The row is locked before the clock is read, so that of two changes the later one has the later time, and each
/// event's `from` is what the one before it led to.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn change_status(
    db: impl PgExecutor<'_>,
    origin: Origin<'_>,
    id: ClientId,
    transition: Transition,
) -> Result<Option<ClientStatus>, StoreError> {
    let Origin { identity, request_id } = origin;
    let row = sqlx::query!(
        r#"
        with held as materialized (
            select id, ns_domain, status, status_changed_at from clients where partner_id = $1 and id = $2 for update
        ), moment as materialized (
            select held.*, clock_timestamp() as at from held
        ), changed as (
            update clients c set status = $3, status_changed_at = moment.at, updated_at = moment.at
            from moment where c.partner_id = $1 and c.id = $2 and moment.status <> $3
            returning moment.status as from_status, moment.at
        ), event as (
            insert into client_events (partner_id, client_id, id, from_status, to_status, at, user_id, oauth_client_id, request_id)
            select $1, $2, $4, from_status, $3, at, $5, $6, $7 from changed
        )
        select id as "id!", ns_domain as "ns_domain!",
               coalesce((select at from changed), status_changed_at) as "status_changed_at!: DateTime<Utc>"
        from moment
        "#,
        identity.partner.0,
        id.get(),
        transition.target.as_str(),
        Uuid::now_v7(),
        identity.user.map(|user| user.0),
        identity.oauth_client.0,
        request_id,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| ClientStatus {
        id: row.id,
        ns_domain: row.ns_domain,
        status: transition.target,
        status_changed_at: row.status_changed_at,
    }))
}
