//! What stands between this program and its database: nothing, a pooler, or one that mixes sessions up.

use std::time::Duration;

use sqlx::{ConnectOptions as _, Connection as _, Executor as _, PgConnection, Row as _, postgres::PgConnectOptions};
use tokio::time::timeout;

use super::{StoreError, pool::Sessions};

/// How often two connections are looked at together.
const ROUNDS: i64 = 4;
/// How long one of them may take to answer while the other has a transaction open.
const ANSWER: Duration = Duration::from_secs(1);

/// Why a database cannot be served through what leads to it.
#[derive(Debug, thiserror::Error)]
pub enum PoolerError {
    /// The database could not be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// One connection's prepared statements were carried out on another's session.
    #[error(
        "the pooler in front of the database hands its sessions on after each transaction and mixes prepared statements \
         up: use PgBouncer 1.21 or later with max_prepared_statements = 200, or pool_mode = session"
    )]
    MixedUp,
}

/// Finds out whether each connection has a session of its own. Where it has not, proves that prepared statements are kept
/// apart all the same.
///
/// # Errors
/// [`PoolerError`]
pub async fn sessions(options: &PgConnectOptions) -> Result<Sessions, PoolerError> {
    let mut one = options.connect().await.map_err(StoreError::from)?;
    let mut two = options.connect().await.map_err(StoreError::from)?;
    let shared = are_shared(&mut one, &mut two).await.map_err(StoreError::from)?;
    if shared {
        // A session that was waited for is still to come: two connections that nobody waits for are asked.
        (one, two) =
            (options.connect().await.map_err(StoreError::from)?, options.connect().await.map_err(StoreError::from)?);
        if !matches!(timeout(ANSWER * 5, are_kept_apart(&mut one, &mut two)).await, Ok(Ok(true))) {
            return Err(PoolerError::MixedUp);
        }
    }
    for connection in [one, two] {
        connection.close().await.map_err(StoreError::from)?;
    }
    Ok(if shared { Sessions::Shared } else { Sessions::Own })
}

/// Whether the database itself ends what takes too long. In a session of a pooler's that is the role's setting.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn is_limited(db: &mut PgConnection) -> Result<bool, StoreError> {
    let limited = sqlx::query_scalar!(r#"select current_setting('statement_timeout') <> '0' as "limited!""#);
    Ok(limited.fetch_one(db).await?)
}

/// Whether a connection meets another session than before while a second one holds a session in a transaction. Asked in the
/// simple protocol, which needs no prepared statement.
async fn are_shared(one: &mut PgConnection, two: &mut PgConnection) -> sqlx::Result<bool> {
    let mut shared = false;
    let first = session(one).await?;
    for _ in 0..ROUNDS {
        two.execute("begin").await?;
        let held = session(two).await?;
        let Ok(now) = timeout(ANSWER, session(one)).await else { return Ok(true) };
        shared |= now? != first || held == first;
        two.execute("rollback").await?;
    }
    Ok(shared)
}

async fn session(connection: &mut PgConnection) -> sqlx::Result<i32> {
    connection.fetch_one("select pg_backend_pid()").await?.try_get(0)
}

/// Whether each of two connections, which both give their first prepared statement the same name, is answered its own.
async fn are_kept_apart(one: &mut PgConnection, two: &mut PgConnection) -> sqlx::Result<bool> {
    let mut apart = true;
    for round in 0..ROUNDS {
        // Each on a session of its own, then each on whichever comes: that where the other one was last.
        two.execute("begin").await?;
        apart &= answers(one, two, round).await?;
        two.execute("commit").await?;
        apart &= answers(one, two, round).await?;
        std::mem::swap(one, two);
    }
    Ok(apart)
}

async fn answers(one: &mut PgConnection, two: &mut PgConnection, round: i64) -> sqlx::Result<bool> {
    let sum = sqlx::query_scalar!(r#"select $1::int8 + 1 as "sum!""#, round).fetch_one(one).await?;
    let difference = sqlx::query_scalar!(r#"select $1::int8 - 1 as "difference!""#, round).fetch_one(two).await?;
    Ok(sum == round + 1 && difference == round - 1)
}
