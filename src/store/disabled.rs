//! What is disabled: small enough for every server to hold all of it.

use std::collections::HashSet;

use sqlx::PgExecutor;
use uuid::Uuid;

use super::StoreError;

/// The ids of every partner, OAuth client and user that is disabled.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn all(db: impl PgExecutor<'_>) -> Result<HashSet<Uuid>, StoreError> {
    let ids = sqlx::query_scalar!(
        r#"
        select id as "id!" from partners where disabled_at is not null
        union all select id from oauth_clients where disabled_at is not null
        union all select id from users where disabled_at is not null
        "#
    );
    Ok(ids.fetch_all(db).await?.into_iter().collect())
}
