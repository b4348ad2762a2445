//! Refresh tokens: opaque, known by their hash alone, good for one use.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;
use uuid::Uuid;

use super::StoreError;
use crate::{
    domain::secret::SecretHash,
    domain::{caller::Identity, oauth_client::OauthClientId, partner::PartnerId, user::UserId},
};

/// A refresh token that is good, and the scopes that bound what it can still give.
pub struct LiveToken {
    /// The login that it descends from.
    pub sid: Uuid,
    /// Whose login that was.
    pub user_id: Uuid,
    /// What that login was granted.
    pub scope: String,
    /// What the user may have by now.
    pub user_scope: String,
}

/// Stores the first token of a login, if the user is still enabled and has still the password that was verified: a
/// reset that runs at the same moment leaves no token behind. Says whether it did.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn insert(
    db: impl PgExecutor<'_>,
    identity: &Identity,
    password_changed_at: DateTime<Utc>,
    hash: &SecretHash,
    ttl: u32,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        r#"
        with owner as materialized (
            select id from users
            where partner_id = $1 and id = $2 and disabled_at is null and password_changed_at = $3 for share
        )
        insert into refresh_tokens (partner_id, user_id, token_hash, sid, oauth_client_id, scope, expires_at)
        select $1, id, $4, $5, $6, $7, now() + make_interval(secs => $8) from owner
        "#,
        identity.partner.0,
        identity.user.0,
        password_changed_at,
        hash.as_bytes(),
        identity.sid,
        identity.oauth_client.0,
        identity.scope.to_string(),
        f64::from(ttl),
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The OAuth client's token of that hash, if it is good: unused, in time, of an enabled user whose password has not
/// been reset since.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn find(
    db: impl PgExecutor<'_>,
    partner: PartnerId,
    oauth_client: OauthClientId,
    hash: &SecretHash,
) -> Result<Option<LiveToken>, StoreError> {
    let token = sqlx::query_as!(
        LiveToken,
        r#"
        select t.sid, t.user_id, t.scope, u.scope as user_scope
        from refresh_tokens t join users u on u.partner_id = t.partner_id and u.id = t.user_id
        where t.partner_id = $1 and t.oauth_client_id = $2 and t.token_hash = $3
          and t.consumed_at is null and t.expires_at > now()
          and t.issued_at >= u.password_changed_at and u.disabled_at is null
        "#,
        partner.0,
        oauth_client.0,
        hash.as_bytes(),
    );
    Ok(token.fetch_optional(db).await?)
}

/// Consumes a token and stores its successor, or does neither where it is good no longer. Says whether it did. The
/// successor keeps the whole scope of the login (RFC 6749 §6).
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn rotate(
    db: impl PgExecutor<'_>,
    partner: PartnerId,
    user: UserId,
    hash: &SecretHash,
    successor: &SecretHash,
    ttl: u32,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        r#"
        with owner as materialized (
            select id, password_changed_at from users where partner_id = $1 and id = $2 and disabled_at is null for share
        ), consumed as (
            update refresh_tokens t set consumed_at = now() from owner
            where t.partner_id = $1 and t.token_hash = $3 and t.user_id = owner.id
              and t.consumed_at is null and t.expires_at > now() and t.issued_at >= owner.password_changed_at
            returning t.sid, t.oauth_client_id, t.user_id, t.scope
        )
        insert into refresh_tokens (partner_id, user_id, token_hash, sid, oauth_client_id, scope, expires_at)
        select $1, user_id, $4, sid, oauth_client_id, scope, now() + make_interval(secs => $5) from consumed
        "#,
        partner.0,
        user.0,
        hash.as_bytes(),
        successor.as_bytes(),
        f64::from(ttl),
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
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
