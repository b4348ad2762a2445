//! The schema's version: which migrations this program has, and which the database has.

use std::time::Duration;

use sqlx::{
    ConnectOptions as _, Connection as _, Executor as _, PgConnection, PgExecutor,
    error::DatabaseError,
    migrate::{Migrate as _, MigrateError, Migration, Migrator},
    postgres::PgConnectOptions,
};
use tokio::time::{Instant, sleep};

use super::{StoreError, event};

/// The migrations, embedded. A database that is ahead of this program is served: a newer program has widened its
/// schema, and narrows it only when no older one is left.
static MIGRATOR: Migrator = {
    let mut migrator = sqlx::migrate!();
    migrator.ignore_missing = true;
    migrator
};

/// How long a migration waits for a table, while everybody else waits behind it.
const LOCK: &str = "set statement_timeout = 0; set lock_timeout = '200ms'";
/// One without a transaction waits for as long as it takes: it builds an index beside the traffic, which nobody waits
/// behind, and left half-way it would be there and of no use.
const NO_LOCK: &str = "set statement_timeout = 0; set lock_timeout = 0";
/// sqlx creates its table before each migration, unless it is there, which Postgres would tell each time.
const QUIET: &str = "set client_min_messages = warning";
/// Until a migration that did not get its table tries again: meanwhile those have their turn who waited behind it.
const PAUSE: Duration = Duration::from_millis(500);
/// How long it tries.
const PATIENCE: Duration = Duration::from_mins(1);

/// Why migrations could not be applied.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// The database could not be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A migration failed, or one that was applied is not the one that this program has.
    #[error("migrating the database failed: {0}")]
    Migrate(#[from] MigrateError),
    /// Somebody holds a table that a migration changes.
    #[error(
        "the migration {0:04} waited a minute for a table that another session holds: end that session (pg_stat_activity \
         has it), then run `dna-api migrate`"
    )]
    Locked(i64),
}

/// What this program has and the database lacks: version and description of each.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn pending(db: &mut PgConnection) -> Result<Vec<String>, StoreError> {
    let lacking = lacking(&MIGRATOR, db).await?;
    Ok(lacking.iter().map(|m| format!("{:04} {}", m.version, m.description)).collect())
}

async fn lacking<'m>(migrator: &'m Migrator, db: &mut PgConnection) -> Result<Vec<&'m Migration>, StoreError> {
    let known = sqlx::query_scalar!(r#"select to_regclass('_sqlx_migrations') is not null as "known!""#)
        .fetch_one(&mut *db)
        .await?;
    let applied = if known {
        sqlx::query_scalar!("select version from _sqlx_migrations where success").fetch_all(db).await?
    } else {
        Vec::new()
    };
    let is_lacking = |m: &&Migration| m.migration_type.is_up_migration() && !applied.contains(&m.version);
    Ok(migrator.iter().filter(is_lacking).collect())
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

/// What the name of a migration begins with that takes something away: `0015_contract_since_0013_…` may be met by programs
/// whose own newest migration is 0013 or later, which do not need it any more.
const CONTRACT: &str = "contract since ";

/// The migration of a newer program that took away what this one needs.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn narrowed(db: &mut PgConnection) -> Result<Option<String>, StoreError> {
    let newer = sqlx::query!(
        "select version, description from _sqlx_migrations where success and version > $1 order by version",
        newest()
    );
    let since = |description: &str| description.strip_prefix(CONTRACT)?.split(' ').next()?.parse::<i64>().ok();
    let takes_ours = |description: &str| since(description).is_some_and(|since| since > newest());
    let found = newer.fetch_all(db).await?.into_iter().find(|migration| takes_ours(&migration.description));
    Ok(found.map(|migration| format!("{:04} {}", migration.version, migration.description)))
}

/// Applies what is pending, one server at a time, and says what that was; notices where the data has moved to another
/// cluster. Needs a direct connection: it holds a session's advisory lock.
///
/// # Errors
/// [`MigrationError`] when the database is away or a migration fails; one that fails leaves nothing of itself.
pub async fn migrate(options: &PgConnectOptions) -> Result<Vec<String>, MigrationError> {
    apply(&MIGRATOR, options).await
}

/// The same with these migrations. Each is tried until it gets its tables at once: whatever it would wait for, all
/// traffic would wait behind it.
///
/// # Errors
/// [`MigrationError`]
pub async fn apply(migrator: &Migrator, options: &PgConnectOptions) -> Result<Vec<String>, MigrationError> {
    let mut connection = options.connect().await.map_err(StoreError::from)?;
    connection.execute(QUIET).await.map_err(StoreError::from)?;
    let mut lacking = lacking(migrator, &mut connection).await?;
    if !lacking.is_empty() {
        take_turn(&mut connection).await?;
        lacking = self::lacking(migrator, &mut connection).await?;
    }
    for migration in &lacking {
        let started = Instant::now();
        // Set each time: an old migration sets another one for its session.
        connection.execute(if migration.no_tx { NO_LOCK } else { LOCK }).await.map_err(StoreError::from)?;
        while let Err(error) = migrator.run_to(migration.version, &mut connection).await {
            if !gave_way(&error) {
                return Err(error.into());
            }
            if started.elapsed() > PATIENCE {
                return Err(MigrationError::Locked(migration.version));
            }
            tracing::info!(version = migration.version, %error, "a migration waits for a table that is in use");
            sleep(PAUSE).await;
        }
    }
    event::notice_cluster(&mut connection).await?;
    connection.close().await.map_err(StoreError::from)?;
    Ok(lacking.iter().map(|m| format!("{:04} {}", m.version, m.description)).collect())
}

/// Waits until no other server migrates, without a transaction in which an index that the other builds would wait for us.
/// The turn ends with the connection.
async fn take_turn(connection: &mut PgConnection) -> Result<(), MigrationError> {
    connection.execute(LOCK).await.map_err(StoreError::from)?;
    let mut told = false;
    while let Err(error) = connection.lock().await {
        if !gave_way(&error) {
            return Err(error.into());
        }
        if !std::mem::replace(&mut told, true) {
            tracing::info!("another server migrates: waiting until it is done");
        }
        sleep(PAUSE).await;
    }
    Ok(())
}

/// Whether a lock was not to be had, or two who waited for each other were parted.
fn gave_way(error: &MigrateError) -> bool {
    let (MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) = error else { return false };
    error.as_database_error().and_then(DatabaseError::code).is_some_and(|code| code == "55P03" || code == "40P01")
}
