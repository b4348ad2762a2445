//! Users: who logs in.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgExecutor;
use uuid::Uuid;

use super::StoreError;
use crate::domain::{
    partner::PartnerId,
    scope::ScopeSet,
    user::{UserId, Username},
};

/// What a login needs.
pub struct Credentials {
    /// The user.
    pub id: Uuid,
    /// The PHC string of the password.
    pub password_hash: String,
    /// When the password was set.
    pub password_changed_at: DateTime<Utc>,
    /// What the user may have.
    pub scope: String,
    /// Whether the user may log in.
    pub enabled: bool,
}

/// A user, as an operator sees it.
#[derive(Debug, Serialize)]
pub struct Listed {
    /// Its partner's name.
    pub partner: String,
    /// Its username.
    pub username: String,
    /// Its id: the claim `sub` of its tokens.
    pub id: Uuid,
    /// The space-delimited scopes that it may have.
    pub scope: String,
    /// Whether its tokens are good, as far as it goes.
    pub enabled: bool,
    /// When it was added.
    #[serde(serialize_with = "crate::domain::time::rfc3339")]
    pub created_at: DateTime<Utc>,
}

/// Adds a user.
///
/// # Errors
/// [`StoreError::Taken`] with `users_folded_username_key` when any partner has a user of that name.
pub async fn insert(
    db: impl PgExecutor<'_>,
    partner: PartnerId,
    id: UserId,
    username: &Username,
    password_hash: &str,
    scope: ScopeSet,
) -> Result<(), StoreError> {
    sqlx::query!(
        r#"
        insert into users (partner_id, id, username, folded_username, password_hash, scope)
        values ($1, $2, $3, $4, $5, $6)
        "#,
        partner.0,
        id.0,
        username.as_str(),
        username.folded(),
        password_hash,
        scope.to_string(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The partner's user of that name, whatever the letter case.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn credentials(
    db: impl PgExecutor<'_>,
    partner: PartnerId,
    username: &Username,
) -> Result<Option<Credentials>, StoreError> {
    let found = sqlx::query_as!(
        Credentials,
        r#"
        select id, password_hash, password_changed_at, scope, disabled_at is null as "enabled!"
        from users where partner_id = $1 and folded_username = $2
        "#,
        partner.0,
        username.folded(),
    );
    Ok(found.fetch_optional(db).await?)
}

/// The user of that name among all partners', and whose that is.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn find(db: impl PgExecutor<'_>, username: &Username) -> Result<Option<(PartnerId, UserId)>, StoreError> {
    let found = sqlx::query!("select partner_id, id from users where folded_username = $1", username.folded());
    Ok(found.fetch_optional(db).await?.map(|user| (PartnerId(user.partner_id), UserId(user.id))))
}

/// Every user, or those of one partner.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn list(db: impl PgExecutor<'_>, partner: Option<PartnerId>) -> Result<Vec<Listed>, StoreError> {
    let found = sqlx::query_as!(
        Listed,
        r#"
        select p.name as partner, u.username, u.id, u.scope, u.disabled_at is null as "enabled!", u.created_at
        from users u join partners p on p.id = u.partner_id
        where $1::uuid is null or u.partner_id = $1 order by p.name, u.username
        "#,
        partner.map(|partner| partner.0)
    );
    Ok(found.fetch_all(db).await?)
}

/// Sets a new password, which ends the refresh tokens that were issued before. The username as it is spelt; none where
/// there is no such user.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn set_password(
    db: impl PgExecutor<'_>,
    username: &Username,
    password_hash: &str,
) -> Result<Option<String>, StoreError> {
    let username = sqlx::query_scalar!(
        r#"
        update users set password_hash = $2, password_changed_at = clock_timestamp()
        where folded_username = $1 returning username
        "#,
        username.folded(),
        password_hash,
    );
    Ok(username.fetch_optional(db).await?)
}

/// Enables or disables a user; says whether there is one.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn set_enabled(db: impl PgExecutor<'_>, username: &Username, enabled: bool) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        r#"
        update users set disabled_at = case when $2 then null else coalesce(disabled_at, now()) end
        where folded_username = $1
        "#,
        username.folded(),
        enabled
    );
    Ok(done.execute(db).await?.rows_affected() == 1)
}
