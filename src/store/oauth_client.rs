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
    /// What it may have.
    pub scope: String,
    /// How it may ask.
    pub grant_types: String,
    /// Whether it and its partner are enabled.
    pub enabled: bool,
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
        select o.partner_id, o.secret_hash, o.scope, o.grant_types,
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
               coalesce(d.uses, 0) as "documented_form_uses!", d.last_used_at as "documented_form_last_used_at?", o.created_at
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

/// Replaces an OAuth client's secret; says whether there is one.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn set_secret(db: impl PgExecutor<'_>, id: OauthClientId, secret: &SecretHash) -> Result<bool, StoreError> {
    let done = sqlx::query!("update oauth_clients set secret_hash = $2 where id = $1", id.0, secret.as_bytes());
    Ok(done.execute(db).await?.rows_affected() == 1)
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
