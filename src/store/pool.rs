//! Connections to the database, and what makes it safe to let go of one at any moment.

use std::{io, time::Duration};

use sqlx::{
    Executor as _, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::time::timeout;

/// How long a request waits for a connection before it is told that the database is away.
pub(super) const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);
/// A connection that was idle for longer may lead to a server that has been demoted since. Less than the background's
/// pause, or it would go on learning from such a server for ever.
pub(super) const SUSPICIOUS_IDLE: Duration = Duration::from_millis(200);
/// How long a connection that comes back may take to be rid of what was left on it; then it is closed. A statement whose
/// caller has gone may still be running, on a host that has vanished perhaps.
const RELEASE_TIMEOUT: Duration = Duration::from_secs(1);
/// What a server's sessions are limited to, by the database itself: what we gave up on does not commit much later, and
/// what a server that vanished had locked is free again. Imports and exports are many short statements.
const LIMITS: &str = "set statement_timeout = '5s'; set idle_in_transaction_session_timeout = '10s'";
/// A statement ends when nobody is there to hear of it. Some systems cannot tell, and refuse this.
const NOTICE_HANG_UPS: &str = "set client_connection_check_interval = '1s'";

/// What is at the other end of a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sessions {
    /// A session of ours for as long as the connection lasts.
    Own,
    /// A session for each transaction, from a pooler: nothing may be set in it. What [`Sessions::Own`] is limited to
    /// is for the role's own settings.
    Shared,
}

/// A server's pool of at most `max` connections, each limited by the database.
#[must_use]
pub fn serving_pool(options: PgConnectOptions, max: u32, sessions: Sessions) -> PgPool {
    let mut pool = safe_to_let_go(max);
    if sessions == Sessions::Own {
        pool = pool.after_connect(|connection, _| {
            Box::pin(async move {
                connection.execute(LIMITS).await?;
                if let Err(error) = connection.execute(NOTICE_HANG_UPS).await {
                    tracing::debug!(%error, "the database does not look whether a caller is still there");
                }
                Ok(())
            })
        });
    }
    pool.connect_lazy_with(options)
}

/// An operator's pool of at most `max` connections. A command may take as long as it takes.
#[must_use]
pub fn pool(options: PgConnectOptions, max: u32) -> PgPool {
    safe_to_let_go(max).connect_lazy_with(options)
}

/// At most `max` connections, opened as they are needed.
///
/// A caller that hangs up drops its request's future wherever that stands, so a transaction may be open on the
/// connection that goes back to the pool; what the next request writes would be acknowledged and never committed
/// (sqlx issues 4385 and 4393). So each connection is rolled back as it comes back.
fn safe_to_let_go(max: u32) -> PgPoolOptions {
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
                let clean = timeout(RELEASE_TIMEOUT, connection.execute("begin; rollback")).await;
                clean.map_err(|_| sqlx::Error::Io(io::ErrorKind::TimedOut.into()))??;
                Ok(true)
            })
        })
}

/// Whether the server at the other end takes changes: a standby does not, nor one that an operator made read-only.
///
/// # Errors
/// The database's own.
pub async fn is_writable(connection: &mut PgConnection) -> sqlx::Result<bool> {
    let writable = sqlx::query_scalar!(r#"select current_setting('transaction_read_only') = 'off' as "writable!""#);
    writable.fetch_one(connection).await
}
