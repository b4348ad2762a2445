//! The schema's version: which migrations this program has, and which the database has.

use sqlx::{
    ConnectOptions as _, Connection as _, PgConnection, PgExecutor, migrate::Migrator, postgres::PgConnectOptions,
};

use super::{StoreError, event};

/// The migrations, embedded. A database that is ahead of this program is served: a newer program has widened its
/// schema, and narrows it only when no older one is left.
static MIGRATOR: Migrator = {
    let mut migrator = sqlx::migrate!();
    migrator.ignore_missing = true;
    migrator
};

/// Why migrations could not be applied.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// The database could not be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A migration failed, or one that was applied is not the one that this program has.
    #[error("migrating the database failed: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
}

/// What this program has and the database lacks: version and description of each.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn pending(db: &mut PgConnection) -> Result<Vec<String>, StoreError> {
    let known = sqlx::query_scalar!(r#"select to_regclass('_sqlx_migrations') is not null as "known!""#)
        .fetch_one(&mut *db)
        .await?;
    let applied = if known {
        sqlx::query_scalar!("select version from _sqlx_migrations where success").fetch_all(db).await?
    } else {
        Vec::new()
    };
    let lacking = MIGRATOR.iter().filter(|m| m.migration_type.is_up_migration() && !applied.contains(&m.version));
    Ok(lacking.map(|m| format!("{:04} {}", m.version, m.description)).collect())
}

/// The encoding of the database's text.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn encoding(db: &mut PgConnection) -> Result<String, StoreError> {
    Ok(sqlx::query_scalar!(r#"select current_setting('server_encoding') as "encoding!""#).fetch_one(db).await?)
}

/// The version that this program's newest migration brings.
#[must_use]
pub fn newest() -> i64 {
    MIGRATOR.iter().map(|migration| migration.version).max().unwrap_or_default()
}

/// Whether a newer program has migrated the database further than this one knows.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn is_ahead(db: impl PgExecutor<'_>) -> Result<bool, StoreError> {
    let ahead = sqlx::query_scalar!(
        r#"select exists (select from _sqlx_migrations where success and version > $1) as "ahead!""#,
        newest()
    );
    Ok(ahead.fetch_one(db).await?)
}

/// Applies what is pending, one server at a time, and says what that was; notices where the data has moved to another
/// cluster. Needs a direct connection: it holds a
/// session's advisory lock.
///
/// # Errors
/// [`MigrationError`] when the database is away or a migration fails; one that fails leaves nothing of itself.
pub async fn migrate(options: &PgConnectOptions) -> Result<Vec<String>, MigrationError> {
    let mut connection = options.connect().await.map_err(StoreError::from)?;
    let before = pending(&mut connection).await?;
    if !before.is_empty() {
        MIGRATOR.run(&mut connection).await?;
    }
    event::notice_cluster(&mut connection).await?;
    connection.close().await.map_err(StoreError::from)?;
    Ok(before)
}
