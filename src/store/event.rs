//! What happened to clients, read back: one client's history, and a partner's feed.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use super::{StoreError, client_row::word};
use crate::domain::{
    client::{BillingStatus, ClientName, Status},
    event::{Event, Kind, State},
    page::{FeedPlace, Order},
    partner::PartnerId,
};

struct Row {
    client_id: i64,
    ns_domain: String,
    id: Uuid,
    position: i64,
    kind: Option<String>,
    from_status: Option<String>,
    from_billing_status: Option<String>,
    to_status: String,
    to_billing_status: Option<String>,
    changed: Option<Vec<String>>,
    reason: Option<String>,
    at: DateTime<Utc>,
    user_id: Option<Uuid>,
    username: Option<String>,
    oauth_client_id: Option<Uuid>,
    request_id: Option<String>,
}

impl Row {
    fn event(self) -> Result<Event, StoreError> {
        let billing = |stored: Option<String>| stored.map(|stored| word(&stored, BillingStatus::parse)).transpose();
        let from_status = self.from_status.map(|stored| word(&stored, Status::parse)).transpose()?;
        let to_status = word(&self.to_status, Status::parse)?;
        let from_billing = billing(self.from_billing_status)?;
        Ok(Event {
            id: self.id,
            position: self.position,
            client: ClientName { id: self.client_id, ns_domain: self.ns_domain },
            kind: match self.kind {
                Some(stored) => word(&stored, Kind::parse)?,
                None => Kind::implied(from_status, to_status),
            },
            from: from_status.map(|status| State { status, billing_status: from_billing }),
            to: State { status: to_status, billing_status: billing(self.to_billing_status)? },
            changed: self.changed.unwrap_or_default(),
            reason: self.reason,
            at: self.at,
            user: self.user_id,
            username: self.username,
            oauth_client: self.oauth_client_id,
            request_id: self.request_id,
        })
    }
}

/// Events of one of the partner's clients, in that order, from behind the event of that id on.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn of_client(
    db: impl PgExecutor<'_>,
    partner: PartnerId,
    client: i64,
    order: Order,
    after: Option<Uuid>,
    rows: u16,
) -> Result<Vec<Event>, StoreError> {
    let rows = i64::from(rows);
    let found = match order {
        Order::Ascending => {
            sqlx::query_as!(
                Row,
                r#"
                select e.client_id, c.ns_domain, e.id, e.position, e.kind, e.from_status, e.from_billing_status, e.to_status,
                       e.to_billing_status, e.changed, e.reason, e.at, e.user_id, u.username as "username?",
                       e.oauth_client_id, e.request_id
                from client_events e
                join clients c on c.partner_id = e.partner_id and c.id = e.client_id
                left join users u on u.partner_id = e.partner_id and u.id = e.user_id
                where e.partner_id = $1 and e.client_id = $2 and e.id > $3
                order by e.id limit $4
                "#,
                partner.0,
                client,
                after.unwrap_or_else(Uuid::nil),
                rows
            )
            .fetch_all(db)
            .await?
        }
        Order::Descending => {
            sqlx::query_as!(
                Row,
                r#"
                select e.client_id, c.ns_domain, e.id, e.position, e.kind, e.from_status, e.from_billing_status, e.to_status,
                       e.to_billing_status, e.changed, e.reason, e.at, e.user_id, u.username as "username?",
                       e.oauth_client_id, e.request_id
                from client_events e
                join clients c on c.partner_id = e.partner_id and c.id = e.client_id
                left join users u on u.partner_id = e.partner_id and u.id = e.user_id
                where e.partner_id = $1 and e.client_id = $2 and e.id < $3
                order by e.id desc limit $4
                "#,
                partner.0,
                client,
                after.unwrap_or_else(Uuid::max),
                rows
            )
            .fetch_all(db)
            .await?
        }
    };
    found.into_iter().map(Row::event).collect()
}

/// Events of all the partner's clients in the order of the feed, from behind a place on: those alone before which
/// nothing can still appear, so that whoever goes on from the last one misses none.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn feed(
    db: impl PgExecutor<'_>,
    partner: PartnerId,
    after: FeedPlace,
    rows: u16,
) -> Result<Vec<Event>, StoreError> {
    let found = sqlx::query_as!(
        Row,
        r#"
        select e.client_id, c.ns_domain, e.id, e.position, e.kind, e.from_status, e.from_billing_status, e.to_status,
               e.to_billing_status, e.changed, e.reason, e.at, e.user_id, u.username as "username?", e.oauth_client_id,
               e.request_id
        from client_events e
        join clients c on c.partner_id = e.partner_id and c.id = e.client_id
        left join users u on u.partner_id = e.partner_id and u.id = e.user_id
        where e.partner_id = $1 and (e.position, e.id) > ($2, $3) and e.position < event_horizon()
        order by e.position, e.id limit $4
        "#,
        partner.0,
        after.position,
        after.id,
        i64::from(rows)
    )
    .fetch_all(db)
    .await?;
    found.into_iter().map(Row::event).collect()
}

/// Begins a new era where this cluster is not the one that gave out the transaction ids so far: restored data would
/// else have events with greater ids than those to come. Says whether it did.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn notice_cluster(db: &mut PgConnection) -> Result<bool, StoreError> {
    let begun = sqlx::query!(
        "insert into event_eras (era, cluster)
         select era + 1, system_identifier
         from pg_control_system(), (select era, cluster from event_eras order by era desc limit 1) as newest
         where cluster <> system_identifier
         on conflict on constraint event_eras_pkey do nothing"
    );
    Ok(begun.execute(db).await?.rows_affected() == 1)
}
