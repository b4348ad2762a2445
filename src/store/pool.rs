//! Connections to the database, and what makes it safe to let go of one at any moment.

use std::time::Duration;

use sqlx::{
    Executor as _, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

/// How long a request waits for a connection before it is told that the database is away.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);
/// A connection that was idle for longer may lead to a server that has been demoted since.
const SUSPICIOUS_IDLE: Duration = Duration::from_millis(500);

/// A pool of at most `max` connections, opened as they are needed.
///
/// A caller that hangs up drops its request's future wherever that stands, so a transaction may be open on the
/// connection that goes back to the pool; what the next request writes would be acknowledged and never committed
/// (sqlx issues 4385 and 4393). So each connection is rolled back as it comes back.
#[must_use]
pub fn pool(options: PgConnectOptions, max: u32) -> PgPool {
    PgPoolOptions::new()
        .max_connections(max)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .test_before_acquire(false) // in favour of what follows
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for < SUSPICIOUS_IDLE {
                    return Ok(true);
                }
                is_writable(connection).await
            })
        })
        .after_release(|connection, _| {
            Box::pin(async move {
                // Not `rollback` alone: with nothing to roll back, Postgres would log a warning each time.
                connection.execute("begin; rollback").await?;
                Ok(true)
            })
        })
        .connect_lazy_with(options)
}

/// Whether the server at the other end takes changes: a standby does not, nor one that an operator made read-only.
///
/// # Errors
/// The database's own.
pub async fn is_writable(connection: &mut PgConnection) -> sqlx::Result<bool> {
    let writable = sqlx::query_scalar!(r#"select current_setting('transaction_read_only') = 'off' as "writable!""#);
    writable.fetch_one(connection).await
}
