//! OAuth clients: a partner's programs.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgExecutor;
use uuid::Uuid;

use super::StoreError;
use crate::{
    domain::secret::SecretHash,
    domain::{
        oauth_client::{GrantTypes, OauthClientId},
        partner::{Name, PartnerId},
        scope::ScopeSet,
    },
};

/// What authenticating an OAuth client needs.
pub struct Credentials {
    /// Whose program it is.
    pub partner_id: Uuid,
    /// The hash of its secret.
    pub secret_hash: Vec<u8>,
    /// The hash of the secret before, where that is still good.
    pub previous_secret_hash: Option<Vec<u8>>,
    /// Whether no use of the secret before was noted in the last minute.
    pub previous_secret_use_is_news: bool,
    /// What it may have.
    pub scope: String,
    /// How it may ask.
    pub grant_types: String,
    /// Whether it and its partner are enabled.
    pub enabled: bool,
    /// When an operator last ended all its tokens.
    pub tokens_revoked_at: Option<DateTime<Utc>>,
}

/// An OAuth client, as an operator sees it.
#[derive(Debug, Serialize)]
pub struct Listed {
    /// Its partner's name.
    pub partner: String,
    /// Its `client_id`.
    pub client_id: Uuid,
    /// What the operator calls it.
    pub name: String,
    /// The space-delimited scopes that it may have.
    pub scope: String,
    /// The space-delimited grants that it may use.
    pub grant_types: String,
    /// Whether its tokens are good, as far as it goes.
    pub enabled: bool,
    /// When its secret was made.
    #[serde(serialize_with = "crate::domain::time::rfc3339")]
    pub secret_changed_at: DateTime<Utc>,
    /// How many secrets are good: two until the one before the newest is retired.
    pub live_secrets: i32,
    /// When the one before the newest was last used, to the minute, since there is a newer one.
    #[serde(serialize_with = "crate::domain::time::rfc3339_or_null")]
    pub previous_secret_used_at: Option<DateTime<Utc>>,
    /// How often it used the documented forms.
    pub documented_form_uses: i64,
    /// When it last did.
    #[serde(serialize_with = "crate::domain::time::rfc3339_or_null")]
    pub documented_form_last_used_at: Option<DateTime<Utc>>,
    /// When it was added.
    #[serde(serialize_with = "crate::domain::time::rfc3339")]
    pub created_at: DateTime<Utc>,
}

/// A new OAuth client.
pub struct NewOauthClient<'a> {
    /// Its partner.
    pub partner: PartnerId,
    /// Its `client_id`.
    pub id: OauthClientId,
    /// What the operator calls it.
    pub name: &'a Name,
    /// The hash of its secret.
    pub secret: &'a SecretHash,
    /// What it may have.
    pub scope: ScopeSet,
    /// How it may ask.
    pub grant_types: &'a GrantTypes,
}

/// Adds an OAuth client.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn insert(db: impl PgExecutor<'_>, new: NewOauthClient<'_>) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into oauth_clients (partner_id, id, name, secret_hash, scope, grant_types) values ($1, $2, $3, $4, $5, $6)",
        new.partner.0,
        new.id.0,
        new.name.as_str(),
        new.secret.as_bytes(),
        new.scope.to_string(),
        new.grant_types.to_string(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The OAuth client of that `client_id`.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn credentials(db: impl PgExecutor<'_>, id: OauthClientId) -> Result<Option<Credentials>, StoreError> {
    let found = sqlx::query_as!(
        Credentials,
        r#"
        select o.partner_id, o.secret_hash, o.previous_secret_hash, o.scope, o.grant_types, o.tokens_revoked_at,
               coalesce(o.previous_secret_used_at < now() - interval '1 minute', true) as "previous_secret_use_is_news!",
               o.disabled_at is null and p.disabled_at is null as "enabled!"
        from oauth_clients o join partners p on p.id = o.partner_id where o.id = $1
        "#,
        id.0
    );
    Ok(found.fetch_optional(db).await?)
}

/// The partner of an OAuth client.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn partner(db: impl PgExecutor<'_>, id: OauthClientId) -> Result<Option<PartnerId>, StoreError> {
    let found = sqlx::query_scalar!("select partner_id from oauth_clients where id = $1", id.0);
    Ok(found.fetch_optional(db).await?.map(PartnerId))
}

/// Every OAuth client, or those of one partner.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn list(db: impl PgExecutor<'_>, partner: Option<PartnerId>) -> Result<Vec<Listed>, StoreError> {
    let found = sqlx::query_as!(
        Listed,
        r#"
        select p.name as partner, o.id as client_id, o.name, o.scope, o.grant_types, o.disabled_at is null as "enabled!",
               o.secret_changed_at, 1 + (o.previous_secret_hash is not null)::int4 as "live_secrets!",
               o.previous_secret_used_at, coalesce(d.uses, 0) as "documented_form_uses!", d.last_used_at as "documented_form_last_used_at?", o.created_at
        from oauth_clients o join partners p on p.id = o.partner_id
        left join documented_form_uses d on d.partner_id = o.partner_id and d.oauth_client_id = o.id
        where $1::uuid is null or o.partner_id = $1 order by p.name, o.created_at, o.id
        "#,
        partner.map(|partner| partner.0)
    );
    Ok(found.fetch_all(db).await?)
}

/// Sets what is given of an OAuth client; says whether there is one.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn edit(
    db: impl PgExecutor<'_>,
    id: OauthClientId,
    scope: Option<ScopeSet>,
    grant_types: Option<&GrantTypes>,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "update oauth_clients set scope = coalesce($2, scope), grant_types = coalesce($3, grant_types) where id = $1",
        id.0,
        scope.map(|scope| scope.to_string()),
        grant_types.map(ToString::to_string),
    );
    Ok(done.execute(db).await?.rows_affected() == 1)
}

/// Gives an OAuth client a new secret. The one that it replaces stays good beside it if `keep` is set; one before that
/// never does. Says whether there is such an OAuth client.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn set_secret(
    db: impl PgExecutor<'_>,
    id: OauthClientId,
    secret: &SecretHash,
    keep: bool,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        r#"
        update oauth_clients set secret_hash = $2, secret_changed_at = now(), previous_secret_used_at = null,
               previous_secret_hash = case when $3 then secret_hash end
        where id = $1
        "#,
        id.0,
        secret.as_bytes(),
        keep
    );
    Ok(done.execute(db).await?.rows_affected() == 1)
}

/// Ends the secret before the newest; says whether there is such an OAuth client.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn retire_secret(db: impl PgExecutor<'_>, id: OauthClientId) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "update oauth_clients set previous_secret_hash = null, previous_secret_used_at = null where id = $1",
        id.0
    );
    Ok(done.execute(db).await?.rows_affected() == 1)
}

/// Notes that the secret before the newest was used.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn use_previous_secret(db: impl PgExecutor<'_>, id: OauthClientId) -> Result<(), StoreError> {
    sqlx::query!(
        "update oauth_clients set previous_secret_used_at = now() where id = $1 and previous_secret_hash is not null",
        id.0
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Enables or disables an OAuth client; says whether there is one.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn set_enabled(db: impl PgExecutor<'_>, id: OauthClientId, enabled: bool) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "update oauth_clients set disabled_at = case when $2 then null else coalesce(disabled_at, now()) end where id = $1",
        id.0,
        enabled
    );
    Ok(done.execute(db).await?.rows_affected() == 1)
}
