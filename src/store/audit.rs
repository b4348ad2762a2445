//! The audit log: rows are added, and never changed.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use sqlx::PgExecutor;
use uuid::Uuid;

use super::StoreError;
use crate::domain::{
    audit::{Entry, Kind, Source},
    partner::PartnerId,
    time::Moment,
};

/// Adds an entry.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn record(db: impl PgExecutor<'_>, entry: &Entry<'_>) -> Result<(), StoreError> {
    let (actor, address, request_id) = match entry.source {
        Source::Request { address, id } => ("api", address.map(|address| address.to_string()), Some(id)),
        Source::Operator { account } => (account, None, None),
    };
    sqlx::query!(
        r#"
        insert into audit_log (partner_id, id, kind, oauth_client_id, user_id, sid, actor, address, request_id, detail)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        "#,
        entry.partner.map_or(Uuid::nil(), |partner| partner.0),
        Uuid::now_v7(),
        entry.kind.as_str(),
        entry.oauth_client.map(|client| client.0),
        entry.user.map(|user| user.0),
        entry.sid,
        actor,
        address,
        request_id,
        entry.detail,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Which entries are wanted.
#[derive(Clone, Copy, Debug)]
pub struct Filter {
    /// From then on.
    pub since: Moment,
    /// Before then.
    pub until: Moment,
    /// One partner's.
    pub partner: Option<PartnerId>,
    /// Of one kind.
    pub kind: Option<Kind>,
}

/// An entry, as an operator sees it.
#[derive(Debug, Serialize)]
pub struct Listed {
    /// When it was added, by the database's clock.
    #[serde(serialize_with = "crate::domain::time::rfc3339")]
    pub at: DateTime<Utc>,
    /// Its own id.
    pub id: Uuid,
    /// The word for what happened.
    pub kind: String,
    /// The partner's name, where it still exists.
    pub partner: Option<String>,
    /// The partner, where one was known.
    pub partner_id: Option<Uuid>,
    /// The OAuth client, as it was named: whether there is one is in the detail.
    pub oauth_client_id: Option<Uuid>,
    /// The username, where the user still exists.
    pub username: Option<String>,
    /// The user, where one was known.
    pub user_id: Option<Uuid>,
    /// The login, where there is one.
    pub sid: Option<Uuid>,
    /// `api`, or the operator's account.
    pub actor: String,
    /// The caller's address.
    pub address: Option<String>,
    /// The request's id.
    pub request_id: Option<String>,
    /// What else there is to know.
    pub detail: Value,
}

/// A place in the log: the time and the id of an entry.
pub type Place = (DateTime<Utc>, Uuid);

/// The last entry before the newest `count` that are wanted: where reading them begins. None where there are no more.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn before_newest(db: impl PgExecutor<'_>, filter: Filter, count: i64) -> Result<Option<Place>, StoreError> {
    let found = sqlx::query!(
        r#"
        select at, id from audit_log
        where at >= coalesce($1, now() - make_interval(secs => $2), '-infinity')
          and at < coalesce($3, now() - make_interval(secs => $4), 'infinity')
          and ($5::uuid is null or partner_id = $5) and ($6::text is null or kind = $6)
        order by at desc, id desc limit 1 offset $7
        "#,
        filter.since.at(),
        filter.since.seconds_ago(),
        filter.until.at(),
        filter.until.seconds_ago(),
        filter.partner.map(|partner| partner.0),
        filter.kind.map(Kind::as_str),
        count,
    );
    Ok(found.fetch_optional(db).await?.map(|found| (found.at, found.id)))
}

/// The next `limit` entries that are wanted after a place, the oldest first.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn page(
    db: impl PgExecutor<'_>,
    filter: Filter,
    after: Place,
    limit: i64,
) -> Result<Vec<Listed>, StoreError> {
    let found = sqlx::query_as!(
        Listed,
        r#"
        select a.at, a.id, a.kind, p.name as "partner?", nullif(a.partner_id, $8) as partner_id, a.oauth_client_id,
               u.username as "username?", a.user_id, a.sid, a.actor, a.address, a.request_id, a.detail
        from audit_log a
        left join partners p on p.id = a.partner_id
        left join users u on u.partner_id = a.partner_id and u.id = a.user_id
        where a.at >= coalesce($1, now() - make_interval(secs => $2), '-infinity')
          and a.at < coalesce($3, now() - make_interval(secs => $4), 'infinity')
          and ($5::uuid is null or a.partner_id = $5) and ($6::text is null or a.kind = $6)
          and (a.at, a.id) > ($7, $9)
        order by a.at, a.id limit $10
        "#,
        filter.since.at(),
        filter.since.seconds_ago(),
        filter.until.at(),
        filter.until.seconds_ago(),
        filter.partner.map(|partner| partner.0),
        filter.kind.map(Kind::as_str),
        after.0,
        Uuid::nil(),
        after.1,
        limit,
    );
    Ok(found.fetch_all(db).await?)
}

/// How many entries are older than `seconds`, and the moment that divides them from the rest.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn older_than(db: impl PgExecutor<'_>, seconds: f64) -> Result<(i64, DateTime<Utc>), StoreError> {
    let found = sqlx::query!(
        r#"
        select before as "before!", (select count(*) from audit_log where at < before) as "entries!"
        from (select now() - make_interval(secs => $1) as before) as moment
        "#,
        seconds
    );
    let found = found.fetch_one(db).await?;
    Ok((found.entries, found.before))
}

/// Removes entries from before a moment, `limit` of them at most; says how many. Only the schema's owner may.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked, or does not let this role.
pub async fn prune(db: impl PgExecutor<'_>, before: DateTime<Utc>, limit: i64) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        r#"
        with old as materialized (
            select partner_id, at, id from audit_log where at < $1 order by at limit $2 for update skip locked
        )
        delete from audit_log a using old where a.partner_id = old.partner_id and a.at = old.at and a.id = old.id
        "#,
        before,
        limit
    );
    Ok(done.execute(db).await?.rows_affected())
}
