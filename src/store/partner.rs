//! Partners.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgExecutor;
use uuid::Uuid;

use super::StoreError;
use crate::domain::partner::{Name, PartnerId, PartnerKind};

/// A partner, as an operator sees it.
#[derive(Debug, Serialize)]
pub struct Listed {
    /// Its name.
    pub partner: String,
    /// Its id: the claim `partner` of its tokens.
    pub id: Uuid,
    /// Whether its clients are for trying things out: never billed, and removed at will.
    pub test: bool,
    /// Whether its tokens are good.
    pub enabled: bool,
    /// OAuth clients that it has.
    pub oauth_clients: i64,
    /// Users that it has.
    pub users: i64,
    /// When it was added.
    #[serde(serialize_with = "crate::domain::time::rfc3339")]
    pub created_at: DateTime<Utc>,
}

/// Adds a partner, for real or for trying things out.
///
/// # Errors
/// [`StoreError::Taken`] with `partners_name_key` when the name is taken.
pub async fn insert(db: impl PgExecutor<'_>, id: PartnerId, name: &Name, kind: PartnerKind) -> Result<(), StoreError> {
    let is_test = kind == PartnerKind::Test;
    sqlx::query!("insert into partners (id, name, is_test) values ($1, $2, $3)", id.0, name.as_str(), is_test)
        .execute(db)
        .await?;
    Ok(())
}

/// The partner of that name.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn find(db: impl PgExecutor<'_>, name: &str) -> Result<Option<PartnerId>, StoreError> {
    let id = sqlx::query_scalar!("select id from partners where name = $1", name).fetch_optional(db).await?;
    Ok(id.map(PartnerId))
}

/// Whether the partner is one for trying things out.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn kind(db: impl PgExecutor<'_>, id: PartnerId) -> Result<PartnerKind, StoreError> {
    let is_test = sqlx::query_scalar!("select is_test from partners where id = $1", id.0).fetch_one(db).await?;
    Ok(if is_test { PartnerKind::Test } else { PartnerKind::Real })
}

/// Every partner, by name.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn list(db: impl PgExecutor<'_>) -> Result<Vec<Listed>, StoreError> {
    let partners = sqlx::query_as!(
        Listed,
        r#"
        select name as partner, id, is_test as test, disabled_at is null as "enabled!", created_at,
               (select count(*) from oauth_clients o where o.partner_id = p.id) as "oauth_clients!",
               (select count(*) from users u where u.partner_id = p.id) as "users!"
        from partners p order by name
        "#
    );
    Ok(partners.fetch_all(db).await?)
}

/// Enables or disables the partner of that name; says whether there is one.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn set_enabled(db: impl PgExecutor<'_>, name: &str, enabled: bool) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "update partners set disabled_at = case when $2 then null else coalesce(disabled_at, now()) end where name = $1",
        name,
        enabled
    );
    Ok(done.execute(db).await?.rows_affected() == 1)
}
