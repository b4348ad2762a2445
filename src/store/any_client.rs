//! Clients of any partner, as operators see and mend them. An id is unique among all partners.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use super::{
    StoreError,
    client_row::{self, Row},
};
use crate::domain::{client::ClientId, partner::PartnerId, time::rfc3339};

/// A client, as an operator sees it.
#[derive(Debug, Serialize)]
pub struct Shown {
    /// Its partner's name.
    pub partner: String,
    /// Whether that is a test partner.
    pub test: bool,
    /// All that is stored of it.
    #[serde(flatten)]
    pub client: Row,
}

/// An event, as an operator sees it.
#[derive(Debug, Serialize)]
pub struct Happened {
    /// When.
    #[serde(serialize_with = "rfc3339")]
    pub at: DateTime<Utc>,
    /// Its id.
    pub id: Uuid,
    /// What happened.
    #[serde(rename = "type")]
    pub kind: String,
    /// The status before.
    pub from_status: Option<String>,
    /// The status afterwards.
    pub to_status: String,
    /// Whether it was billed before.
    pub from_billing_status: Option<String>,
    /// Whether it was billed afterwards.
    pub to_billing_status: Option<String>,
    /// The members that an update changed.
    pub changed: Vec<String>,
    /// Why, where that was told.
    pub reason: Option<String>,
    /// The user's name.
    pub username: Option<String>,
    /// The OAuth client.
    pub client_id: Option<Uuid>,
    /// The account that ran an operator's command.
    pub operator: Option<String>,
    /// The request.
    pub request_id: Option<String>,
}

/// Whose client that is.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn partner_of(db: impl PgExecutor<'_>, id: ClientId) -> Result<Option<PartnerId>, StoreError> {
    // The partners are few, and each is asked by the key that it leads.
    let partner = sqlx::query_scalar!(
        "select p.id from partners p
         where exists (select from clients c where c.partner_id = p.id and c.id = $1)",
        id.get()
    );
    Ok(partner.fetch_optional(db).await?.map(PartnerId))
}

/// The partner's client of that id, erased or not.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn show(db: &mut PgConnection, partner: PartnerId, id: i64) -> Result<Option<Shown>, StoreError> {
    let Some(client) = client_row::read(&mut *db, partner, &[id]).await?.pop() else { return Ok(None) };
    let of = sqlx::query!("select name, is_test from partners where id = $1", partner.0).fetch_one(db).await?;
    Ok(Some(Shown { partner: of.name, test: of.is_test, client }))
}

/// The newest events of the partner's client, at most so many, the oldest first.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn events(
    db: impl PgExecutor<'_>,
    partner: PartnerId,
    id: ClientId,
    limit: u32,
) -> Result<Vec<Happened>, StoreError> {
    let events = sqlx::query_as!(
        Happened,
        r#"
        select * from (
            select e.at, e.id,
                   coalesce(e.kind, case when e.from_status is null then 'created' when e.to_status = 'pending' then 'reset'
                                         when e.to_status = 'active' then 'activated' else e.to_status end) as "kind!",
                   e.from_status, e.to_status, e.from_billing_status, e.to_billing_status,
                   coalesce(e.changed, '{}') as "changed!", e.reason, u.username as "username?",
                   e.oauth_client_id as client_id, e.operator, e.request_id
            from client_events e left join users u on u.partner_id = e.partner_id and u.id = e.user_id
            where e.partner_id = $1 and e.client_id = $2
            order by e.id desc limit $3
        ) as newest
        order by id
        "#,
        partner.0,
        id.get(),
        i64::from(limit)
    );
    Ok(events.fetch_all(db).await?)
}
