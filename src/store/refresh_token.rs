//! Refresh tokens: opaque, known by their hash alone, each the successor of the one before.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;
use uuid::Uuid;

use super::StoreError;
use crate::{
    domain::secret::SecretHash,
    domain::{oauth_client::OauthClientId, partner::PartnerId},
};

/// A refresh token that was presented, of a login that is live, and the scopes that bound what it can still give.
pub struct Presented {
    /// The login that it descends from.
    pub sid: Uuid,
    /// Whose login that was.
    pub user_id: Uuid,
    /// What that login was granted.
    pub scope: String,
    /// What the user may have by now.
    pub user_scope: String,
    /// Seconds that are left of the login.
    pub seconds_left: i32,
    /// Whether it has been used.
    pub is_used: bool,
    /// The hash of the token that its use brought. None for one that was used under the version before.
    pub successor_hash: Option<Vec<u8>>,
    /// Whether it was used so lately, and its successor not at all, that the reply may have been lost.
    pub is_recoverable: bool,
}

/// Locks the login of an OAuth client's refresh token until the transaction ends, so that two who present tokens of it
/// take turns. None where there is no such token.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn hold_family(
    transaction: impl PgExecutor<'_>,
    partner: PartnerId,
    oauth_client: OauthClientId,
    hash: &SecretHash,
) -> Result<Option<Uuid>, StoreError> {
    let sid = sqlx::query_scalar!(
        r#"
        select f.sid from refresh_tokens t join token_families f on f.partner_id = t.partner_id and f.sid = t.sid
        where t.partner_id = $1 and t.oauth_client_id = $2 and t.token_hash = $3
        for no key update of f
        "#,
        partner.0,
        oauth_client.0,
        hash.as_bytes(),
    );
    Ok(sid.fetch_optional(transaction).await?)
}

/// The refresh token of that hash. None where it is over: expired, replaced before it was used, of a login that was
/// revoked or has ended, of a user who is disabled. In a statement after [`hold_family`], so that it sees what those who
/// held the login before have done.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn presented(
    transaction: impl PgExecutor<'_>,
    partner: PartnerId,
    hash: &SecretHash,
    grace: u32,
) -> Result<Option<Presented>, StoreError> {
    let token = sqlx::query_as!(
        Presented,
        r#"
        select t.sid, t.user_id, t.scope, u.scope as user_scope, t.successor_hash,
               floor(extract(epoch from f.ends_at - now()))::int as "seconds_left!",
               t.consumed_at is not null as "is_used!",
               coalesce(t.consumed_at > clock_timestamp() - make_interval(secs => $3), false)
                   and s.token_hash is not null and s.consumed_at is null as "is_recoverable!"
        from refresh_tokens t
        join token_families f on f.partner_id = t.partner_id and f.sid = t.sid
        join users u on u.partner_id = t.partner_id and u.id = t.user_id
        left join refresh_tokens s on s.partner_id = t.partner_id and s.token_hash = t.successor_hash
        where t.partner_id = $1 and t.token_hash = $2 and t.revoked_at is null and t.expires_at > now()
          and f.revoked_at is null and f.ends_at > now() and u.disabled_at is null
        "#,
        partner.0,
        hash.as_bytes(),
        f64::from(grace),
    );
    Ok(token.fetch_optional(transaction).await?)
}

/// Uses a token and stores its successor, with the whole scope of the login (RFC 6749 §6). A successor that an earlier
/// use brought is replaced.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn rotate(
    transaction: impl PgExecutor<'_>,
    partner: PartnerId,
    hash: &SecretHash,
    replaced: Option<&[u8]>,
    successor: &SecretHash,
    ttl: u32,
) -> Result<(), StoreError> {
    sqlx::query!(
        r#"
        with used as (
            update refresh_tokens set consumed_at = coalesce(consumed_at, clock_timestamp()), successor_hash = $4
            where partner_id = $1 and token_hash = $2
            returning sid, oauth_client_id, user_id, scope
        ), replaced as (
            update refresh_tokens set revoked_at = clock_timestamp() where partner_id = $1 and token_hash = $3
        )
        insert into refresh_tokens (partner_id, user_id, token_hash, sid, oauth_client_id, scope, expires_at)
        select $1, used.user_id, $4, used.sid, used.oauth_client_id, used.scope,
               least(now() + make_interval(secs => $5), f.ends_at)
        from used join token_families f on f.partner_id = $1 and f.sid = used.sid
        "#,
        partner.0,
        hash.as_bytes(),
        replaced,
        successor.as_bytes(),
        f64::from(ttl),
    )
    .execute(transaction)
    .await?;
    Ok(())
}

/// Whose a refresh token is.
pub struct Owned {
    /// The login that it descends from.
    pub sid: Uuid,
    /// The OAuth client that it was issued to.
    pub oauth_client_id: Uuid,
    /// Whose login that was.
    pub user_id: Uuid,
}

/// Whose the refresh token of that hash is, good or not.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn owner(
    db: impl PgExecutor<'_>,
    partner: PartnerId,
    hash: &SecretHash,
) -> Result<Option<Owned>, StoreError> {
    let owned = sqlx::query_as!(
        Owned,
        "select sid, oauth_client_id, user_id from refresh_tokens where partner_id = $1 and token_hash = $2",
        partner.0,
        hash.as_bytes(),
    );
    Ok(owned.fetch_optional(db).await?)
}

/// What there is to tell of a refresh token that is good.
pub struct Live {
    /// The OAuth client that it was issued to.
    pub oauth_client_id: Uuid,
    /// Whose login it descends from.
    pub user_id: Uuid,
    /// Their name.
    pub username: String,
    /// What that login was granted.
    pub scope: String,
    /// When it was issued.
    pub issued_at: DateTime<Utc>,
    /// Until when it is good.
    pub expires_at: DateTime<Utc>,
}

/// The refresh token of that hash, if a use of it would be its first and would be good.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn live(db: impl PgExecutor<'_>, partner: PartnerId, hash: &SecretHash) -> Result<Option<Live>, StoreError> {
    let live = sqlx::query_as!(
        Live,
        r#"
        select t.oauth_client_id, t.user_id, u.username, t.scope, t.issued_at,
               least(t.expires_at, f.ends_at) as "expires_at!"
        from refresh_tokens t
        join token_families f on f.partner_id = t.partner_id and f.sid = t.sid
        join users u on u.partner_id = t.partner_id and u.id = t.user_id
        join oauth_clients o on o.partner_id = t.partner_id and o.id = t.oauth_client_id
        join partners p on p.id = t.partner_id
        where t.partner_id = $1 and t.token_hash = $2 and t.consumed_at is null and t.revoked_at is null
          and t.expires_at > now() and f.revoked_at is null and f.ends_at > now()
          and u.disabled_at is null and o.disabled_at is null and p.disabled_at is null
        "#,
        partner.0,
        hash.as_bytes(),
    );
    Ok(live.fetch_optional(db).await?)
}

/// Removes tokens that expired over a day ago, `limit` of them at most; says how many. What another server is at is
/// passed over.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn prune(db: impl PgExecutor<'_>, limit: i64) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        r#"
        with old as materialized (
            select partner_id, token_hash from refresh_tokens where expires_at < now() - interval '1 day'
            order by expires_at limit $1 for update skip locked
        )
        delete from refresh_tokens t using old where t.partner_id = old.partner_id and t.token_hash = old.token_hash
        "#,
        limit
    );
    Ok(done.execute(db).await?.rows_affected())
}
