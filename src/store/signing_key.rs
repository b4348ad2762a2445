//! Signing keys, sealed under a master key that the database never sees.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{PgConnection, PgExecutor};

use super::StoreError;
use crate::domain::signing_key::{State, Times, stages};

/// A key, without its private half.
#[derive(Clone, Debug, Serialize)]
pub struct Key {
    /// Its name: its RFC 7638 thumbprint.
    pub kid: String,
    /// Its size; not known of a key that an older version made.
    pub bits: Option<i32>,
    /// What it was good for when it was read.
    pub state: State,
    /// When it was made.
    #[serde(serialize_with = "crate::domain::time::rfc3339")]
    pub created_at: DateTime<Utc>,
    /// When it begins to sign.
    #[serde(serialize_with = "crate::domain::time::rfc3339")]
    pub signs_from: DateTime<Utc>,
    /// Until when it verifies; none while nothing follows it.
    #[serde(serialize_with = "crate::domain::time::rfc3339_or_null")]
    pub verifies_until: Option<DateTime<Utc>>,
    /// When its private half was last sealed.
    #[serde(skip)]
    pub sealed_at: DateTime<Utc>,
    /// The database's time when it was read.
    #[serde(skip)]
    pub read_at: DateTime<Utc>,
}

/// A key's private half as it is stored.
#[derive(Clone)]
pub struct SealedKey {
    /// The key's name.
    pub kid: String,
    /// Its private half, sealed.
    pub private_key: Vec<u8>,
}

/// Keeps every other change of keys waiting until this transaction ends. Readers are not kept.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn lock(transaction: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query!("lock table signing_keys in share row exclusive mode").execute(transaction).await?;
    Ok(())
}

/// Every key there is or was, in the order in which they sign.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn all(db: impl PgExecutor<'_>) -> Result<Vec<Key>, StoreError> {
    let rows = sqlx::query!(
        r#"
        select kid, bits, created_at, sealed_at, signs_from, retired_at, statement_timestamp() as "read_at!"
        from signing_keys order by signs_from, kid
        "#
    )
    .fetch_all(db)
    .await?;
    let Some(read_at) = rows.first().map(|row| row.read_at) else { return Ok(Vec::new()) };
    let times: Vec<Times> =
        rows.iter().map(|row| Times { signs_from: row.signs_from, retired_at: row.retired_at }).collect();
    let keys = rows.into_iter().zip(stages(&times, read_at)).map(|(row, stage)| Key {
        kid: row.kid,
        bits: row.bits,
        state: stage.state,
        created_at: row.created_at,
        signs_from: row.signs_from,
        verifies_until: stage.verifies_until,
        sealed_at: row.sealed_at,
        read_at,
    });
    Ok(keys.collect())
}

/// The sealed private halves of these keys, where they have not been erased.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn sealed(db: impl PgExecutor<'_>, kids: &[String]) -> Result<Vec<SealedKey>, StoreError> {
    let keys = sqlx::query_as!(
        SealedKey,
        r#"
        select kid, private_key as "private_key!" from signing_keys
        where kid = any($1) and private_key is not null order by signs_from, kid
        "#,
        kids
    );
    Ok(keys.fetch_all(db).await?)
}

/// Adds a key that signs from so many seconds on. With `first`, servers of the version before find it too.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn insert(
    db: impl PgExecutor<'_>,
    key: &SealedKey,
    bits: u32,
    lead: u32,
    first: bool,
) -> Result<(), StoreError> {
    sqlx::query!(
        r#"
        insert into signing_keys (kid, private_key, bits, signs_from, signing)
        values ($1, $2, $3, statement_timestamp() + make_interval(secs => $4), $5)
        "#,
        key.kid,
        key.private_key,
        i32::try_from(bits).unwrap_or_default(),
        f64::from(lead),
        first,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Ends keys at a moment, for good.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn retire(db: impl PgExecutor<'_>, kids: &[String], at: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query!(
        r#"
        update signing_keys set retired_at = $2, private_key = null, signing = false
        where kid = any($1) and retired_at is null
        "#,
        kids,
        at
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Erases the private halves of keys that are over.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn erase(db: impl PgExecutor<'_>, kids: &[String]) -> Result<(), StoreError> {
    sqlx::query!(
        r#"
        update signing_keys set private_key = null, signing = false
        where kid = any($1) and private_key is not null
        "#,
        kids
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Replaces a key's sealed private half.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn reseal(db: impl PgExecutor<'_>, key: &SealedKey) -> Result<(), StoreError> {
    sqlx::query!(
        "update signing_keys set private_key = $2, sealed_at = clock_timestamp() where kid = $1",
        key.kid,
        key.private_key
    )
    .execute(db)
    .await?;
    Ok(())
}
