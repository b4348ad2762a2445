//! Signing keys, sealed under a master key that the database never sees.

use sqlx::PgExecutor;

use super::StoreError;

/// A key as it is stored.
pub struct SealedKey {
    /// Its name.
    pub kid: String,
    /// Its private half, sealed.
    pub private_key: Vec<u8>,
}

/// The key that signs, where one was made.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn signing(db: impl PgExecutor<'_>) -> Result<Option<SealedKey>, StoreError> {
    let key = sqlx::query_as!(SealedKey, "select kid, private_key from signing_keys where signing");
    Ok(key.fetch_optional(db).await?)
}

/// Makes this the key that signs, unless another server was first.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn insert_first(db: impl PgExecutor<'_>, key: &SealedKey) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into signing_keys (kid, private_key, signing) values ($1, $2, true) on conflict do nothing",
        key.kid,
        key.private_key
    )
    .execute(db)
    .await?;
    Ok(())
}
