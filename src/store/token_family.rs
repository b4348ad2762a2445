//! Token families: what one login gave out, revoked as one.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use super::StoreError;
use crate::{
    domain::secret::SecretHash,
    domain::{caller::Identity, oauth_client::OauthClientId, partner::PartnerId, user::UserId},
};

/// Why a family was revoked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reason {
    /// A refresh token of it that had been used came back.
    Reused,
    /// Its OAuth client wished so.
    Asked,
    /// The user was given a new password.
    PasswordReset,
    /// The OAuth client was given a new secret, and its tokens were to end.
    SecretRotated,
}

impl Reason {
    /// The word for it in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reused => "refresh_token_reused",
            Self::Asked => "asked",
            Self::PasswordReset => "password_reset",
            Self::SecretRotated => "secret_rotated",
        }
    }
}

/// A login: who it is, what that rests on, and what it gives out.
#[derive(Clone, Copy)]
pub struct Login<'a> {
    /// Who logs in, and for what.
    pub identity: &'a Identity,
    /// When the OAuth client's tokens were last ended, as of when it authenticated.
    pub tokens_revoked_at: Option<DateTime<Utc>>,
    /// Seconds that the access token lives.
    pub access_ttl: u32,
}

/// The first refresh token of a login.
#[derive(Clone, Copy)]
pub struct FirstToken<'a> {
    /// Its hash.
    pub hash: &'a SecretHash,
    /// Seconds that it lives.
    pub ttl: u32,
}

/// Writes the family of a user's login, and its first refresh token where it has one, if the user is still enabled and
/// has still the password that was verified: a reset, or an end of the OAuth client's tokens, that runs at the same
/// moment leaves nothing behind. Says whether it did.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn begin_of_user(
    db: impl PgExecutor<'_>,
    login: Login<'_>,
    user: UserId,
    password_changed_at: DateTime<Utc>,
    token: Option<FirstToken<'_>>,
) -> Result<bool, StoreError> {
    let begun = sqlx::query_scalar!(
        r#"
        with program as materialized (
            select id from oauth_clients
            where partner_id = $1 and id = $2 and tokens_revoked_at is not distinct from $3 for share
        ), owner as materialized (
            select id from users
            where partner_id = $1 and id = $4 and disabled_at is null and password_changed_at = $5 for share
        ), family as (
            insert into token_families (partner_id, sid, oauth_client_id, user_id, ends_at)
            select $1, $6, program.id, owner.id,
                   now() + case when $7::bytea is null then make_interval(secs => $8) else interval '90 days' end
            from program, owner
            returning sid, oauth_client_id, user_id, ends_at
        ), token as (
            insert into refresh_tokens (partner_id, user_id, token_hash, sid, oauth_client_id, scope, expires_at)
            select $1, user_id, $7, sid, oauth_client_id, $9, least(now() + make_interval(secs => $10), ends_at)
            from family where $7 is not null
        )
        select sid from family
        "#,
        login.identity.partner.0,
        login.identity.oauth_client.0,
        login.tokens_revoked_at,
        user.0,
        password_changed_at,
        login.identity.sid,
        token.map(|token| token.hash.as_bytes()),
        f64::from(login.access_ttl),
        login.identity.scope.to_string(),
        token.map(|token| f64::from(token.ttl)),
    );
    Ok(begun.fetch_optional(db).await?.is_some())
}

/// Writes the family of a token that an OAuth client gets for itself, unless all its tokens were ended meanwhile. Says
/// whether it did.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn begin_of_oauth_client(db: impl PgExecutor<'_>, login: Login<'_>) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        r#"
        with program as materialized (
            select id from oauth_clients
            where partner_id = $1 and id = $2 and tokens_revoked_at is not distinct from $3 for share
        )
        insert into token_families (partner_id, sid, oauth_client_id, ends_at)
        select $1, $4, id, now() + make_interval(secs => $5) from program
        "#,
        login.identity.partner.0,
        login.identity.oauth_client.0,
        login.tokens_revoked_at,
        login.identity.sid,
        f64::from(login.access_ttl),
    );
    Ok(done.execute(db).await?.rows_affected() == 1)
}

/// Revokes a family. Says whether there was anything to revoke.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn revoke(
    db: impl PgExecutor<'_>,
    partner: PartnerId,
    sid: Uuid,
    reason: Reason,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        r#"
        update token_families set revoked_at = clock_timestamp(), revoked_for = $3
        where partner_id = $1 and sid = $2 and revoked_at is null
        "#,
        partner.0,
        sid,
        reason.as_str(),
    );
    Ok(done.execute(db).await?.rows_affected() == 1)
}

/// Revokes all that is live of a user. In the transaction that has changed the password, whose lock on the user keeps
/// new logins out. The families are locked in one order, whoever revokes them.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn revoke_of_user(db: impl PgExecutor<'_>, partner: PartnerId, user: UserId) -> Result<(), StoreError> {
    sqlx::query!(
        r#"
        with live as materialized (
            select sid from token_families
            where partner_id = $1 and user_id = $2 and revoked_at is null and ends_at > now() - interval '1 minute'
            order by sid for no key update
        )
        update token_families f set revoked_at = clock_timestamp(), revoked_for = $3
        from live where f.partner_id = $1 and f.sid = live.sid
        "#,
        partner.0,
        user.0,
        Reason::PasswordReset.as_str(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Revokes all that is live of an OAuth client, in one transaction with the change of its secret. What authenticated
/// with the old one before, and is still under way, gets nothing.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn revoke_of_oauth_client(transaction: &mut PgConnection, id: OauthClientId) -> Result<(), StoreError> {
    let marked = sqlx::query_scalar!(
        "update oauth_clients set tokens_revoked_at = clock_timestamp() where id = $1 returning partner_id",
        id.0
    );
    let Some(partner) = marked.fetch_optional(&mut *transaction).await? else { return Ok(()) };
    // Not in the same statement: it must see the logins for whose end the one above has waited.
    sqlx::query!(
        r#"
        with live as materialized (
            select sid from token_families
            where partner_id = $1 and oauth_client_id = $2 and revoked_at is null
              and ends_at > now() - interval '1 minute'
            order by sid for no key update
        )
        update token_families f set revoked_at = clock_timestamp(), revoked_for = $3
        from live where f.partner_id = $1 and f.sid = live.sid
        "#,
        partner,
        id.0,
        Reason::SecretRotated.as_str(),
    )
    .execute(transaction)
    .await?;
    Ok(())
}

/// What was revoked, as of some moment.
#[derive(Debug)]
pub struct News {
    /// The database's time of the answer.
    pub as_of: DateTime<Utc>,
    /// The logins.
    pub sids: Vec<Uuid>,
}

/// The logins that were revoked since an answer `since`, and whose access tokens may still be in time; all of them where
/// there was none. A minute more than that is told, as a transaction may commit later than the time that it wrote; and
/// where the database's clock was put back, as after a failover, a minute counts from where it is now. An access token
/// lives for a day at most.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked, or is a server that was demoted and answers with what it once knew.
pub async fn revoked_since(db: impl PgExecutor<'_>, since: Option<DateTime<Utc>>) -> Result<News, StoreError> {
    let news = sqlx::query!(
        r#"
        select pg_is_in_recovery() as "is_demoted!", now() as "as_of!", array(
            select sid from token_families
            where revoked_at > greatest(least(coalesce($1::timestamptz, '-infinity'), now()) - interval '1 minute',
                                        now() - interval '1 day 1 minute')
              and ends_at > now() - interval '1 minute'
        ) as "sids!"
        "#,
        since,
    )
    .fetch_one(db)
    .await?;
    if news.is_demoted {
        return Err(sqlx::Error::Protocol("the server was demoted".into()).into());
    }
    Ok(News { as_of: news.as_of, sids: news.sids })
}

/// What an introspection adds to an access token that is good.
pub struct Standing {
    /// The user's name, where there is a user.
    pub username: Option<String>,
}

/// Whether what a token says of itself still stands: none where its login was revoked, or where the partner, the OAuth
/// client or the user is disabled.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn standing(db: impl PgExecutor<'_>, identity: &Identity) -> Result<Option<Standing>, StoreError> {
    let standing = sqlx::query_as!(
        Standing,
        r#"
        select u.username as "username?"
        from oauth_clients o join partners p on p.id = o.partner_id
        left join token_families f on f.partner_id = o.partner_id and f.sid = $3
        left join users u on u.partner_id = o.partner_id and u.id = $4
        where o.partner_id = $1 and o.id = $2 and o.disabled_at is null and p.disabled_at is null
          and f.revoked_at is null and u.disabled_at is null and ($4::uuid is null or u.id is not null)
        "#,
        identity.partner.0,
        identity.oauth_client.0,
        identity.sid,
        identity.user.map(|user| user.0),
    );
    Ok(standing.fetch_optional(db).await?)
}

/// Removes families that ended over two days ago and have no refresh token left, `limit` of them at most; says how many.
/// What another server is at is passed over.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn prune(db: impl PgExecutor<'_>, limit: i64) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        r#"
        with old as materialized (
            select partner_id, sid from token_families f
            where ends_at < now() - interval '2 days'
              and not exists (select from refresh_tokens t where t.partner_id = f.partner_id and t.sid = f.sid)
            order by ends_at limit $1 for update skip locked
        )
        delete from token_families f using old where f.partner_id = old.partner_id and f.sid = old.sid
        "#,
        limit
    );
    Ok(done.execute(db).await?.rows_affected())
}
