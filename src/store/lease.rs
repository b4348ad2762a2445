//! Connections that are known to be in order when they come back, and so are handed on without asking the database.
//!
//! sqlx's pool asks each connection that returns for a sign of life, and our hook rolls it back: two round trips for each
//! statement. Whoever has seen the end of what it asked says so ([`Lease::put_back`]), and neither is needed. Whatever is
//! let go of in any other way, a future that was dropped above all, goes back the long way.

use std::{
    collections::VecDeque,
    ops::{Deref, DerefMut},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use sqlx::{
    Connection as _, PgConnection, PgPool, Postgres, SqlStr, pool::PoolConnection, postgres::PgTransactionManager,
};
use sqlx_core::transaction::TransactionManager as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::pool::{SUSPICIOUS_IDLE, is_writable};

/// How long a connection may be idle, and how long it may be kept from the pool in all: that closes what is old or was
/// not needed for long.
const KEPT: Duration = Duration::from_secs(10);
const KEPT_IN_ALL: Duration = Duration::from_mins(1);

/// Connections of a pool, kept between one who puts them back and the next who wants one. Nobody else takes any out of
/// that pool, or it would seem to be exhausted while they are kept here.
pub(super) struct Kept {
    pool: PgPool,
    turns: Arc<Semaphore>,
    idle: Mutex<Option<VecDeque<Idle>>>,
}

/// That somebody may have one of them.
pub(super) type Turn = OwnedSemaphorePermit;

struct Idle {
    connection: PoolConnection<Postgres>,
    taken: Instant,
    since: Instant,
}

impl Kept {
    /// Those of this pool, which has `max`.
    pub(super) fn new(pool: PgPool, max: u32) -> Self {
        let max = usize::try_from(max).unwrap_or(Semaphore::MAX_PERMITS);
        Self { pool, turns: Arc::new(Semaphore::new(max)), idle: Mutex::new(Some(VecDeque::new())) }
    }

    /// The pool, to look at.
    pub(super) const fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// How many are here.
    pub(super) fn len(&self) -> usize {
        self.idle().as_ref().map_or(0, VecDeque::len)
    }

    /// A turn to have a connection, once whoever came before has had one.
    ///
    /// # Errors
    /// [`sqlx::Error::PoolClosed`]
    pub(super) async fn turn(&self) -> sqlx::Result<Turn> {
        Arc::clone(&self.turns).acquire_owned().await.map_err(|_| sqlx::Error::PoolClosed)
    }

    /// The same, where nobody has to be waited for.
    pub(super) fn turn_at_once(&self) -> Option<Turn> {
        Arc::clone(&self.turns).try_acquire_owned().ok()
    }

    /// A connection: the one that was used last, so that what is not needed grows old.
    ///
    /// # Errors
    /// The database's own.
    pub(super) async fn take(self: Arc<Self>, turn: Turn) -> sqlx::Result<Lease> {
        let (connection, taken) = match self.next().await {
            Some(kept) => kept,
            None => (Box::pin(self.pool.acquire()).await?, Instant::now()),
        };
        Ok(Lease { connection, taken, turn, kept: Some(self) })
    }

    /// The same for somebody of another share. One that is opened for them is not kept afterwards: it would wake their
    /// thread for ever.
    ///
    /// # Errors
    /// The database's own.
    pub(super) async fn lend(self: Arc<Self>, turn: Turn) -> sqlx::Result<Lease> {
        if let Some((connection, taken)) = self.next().await {
            return Ok(Lease { connection, taken, turn, kept: Some(self) });
        }
        let mut connection = Box::pin(self.pool.acquire()).await?;
        connection.close_on_drop();
        Ok(Lease { connection, taken: Instant::now(), turn, kept: None })
    }

    /// One that is kept and still leads to a server that takes changes.
    async fn next(&self) -> Option<(PoolConnection<Postgres>, Instant)> {
        while let Some(mut idle) = self.newest() {
            if idle.since.elapsed() < SUSPICIOUS_IDLE || matches!(is_writable(&mut idle.connection).await, Ok(true)) {
                return Some((idle.connection, idle.taken));
            }
            idle.connection.close_on_drop();
        }
        None
    }

    fn newest(&self) -> Option<Idle> {
        self.idle().as_mut()?.pop_back()
    }

    fn keep(&self, connection: PoolConnection<Postgres>, taken: Instant) {
        if taken.elapsed() < KEPT_IN_ALL
            && let Some(idle) = self.idle().as_mut()
        {
            idle.push_back(Idle { connection, taken, since: Instant::now() });
        }
    }

    /// Gives what was not needed for long back to the pool.
    pub(super) fn tidy(&self) {
        let mut old = Vec::new();
        if let Some(idle) = self.idle().as_mut() {
            while idle.front().is_some_and(|first| first.since.elapsed() > KEPT) {
                old.extend(idle.pop_front());
            }
        }
        drop(old);
    }

    /// Gives everything back, and keeps nothing more. Who waits is told that the pool is closed.
    pub(super) async fn close(&self) {
        drop(self.idle().take());
        self.turns.close();
        self.pool.close().await;
    }

    fn idle(&self) -> MutexGuard<'_, Option<VecDeque<Idle>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection that somebody has. Dropped, it is rolled back, and closed where that takes too long.
pub struct Lease {
    connection: PoolConnection<Postgres>,
    taken: Instant,
    turn: Turn,
    /// Where it is kept afterwards, if it is.
    kept: Option<Arc<Kept>>,
}

impl Lease {
    /// Hands the connection on as it is. For who has seen the end of all that was asked on it, and has no transaction
    /// open: never for who was told of an error. What sqlx knows of it is looked at all the same.
    pub fn put_back(self) {
        let Self { connection, taken, turn, kept } = self;
        if let Some(kept) = kept
            && is_at_rest(&connection)
        {
            kept.keep(connection, taken);
        }
        drop(turn); // only now, so that who has the next turn finds it
    }

    /// Begins a transaction by these statements, `begin` among them.
    ///
    /// # Errors
    /// The database's own.
    pub(super) async fn begin(mut self, statements: &'static str) -> sqlx::Result<Transaction> {
        PgTransactionManager::begin(&mut self, Some(SqlStr::from_static(statements))).await?;
        Ok(Transaction(Some(self)))
    }
}

impl Deref for Lease {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.connection
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}

/// A transaction, which is rolled back where it is dropped before it is committed.
pub struct Transaction(Option<Lease>);

impl Transaction {
    /// Commits it.
    ///
    /// # Errors
    /// The database's own: then nobody knows whether it did.
    pub async fn commit(mut self) -> sqlx::Result<()> {
        PgTransactionManager::commit(&mut self).await?;
        self.put_back();
        Ok(())
    }

    /// Takes it back.
    ///
    /// # Errors
    /// The database's own.
    pub async fn rollback(mut self) -> sqlx::Result<()> {
        PgTransactionManager::rollback(&mut self).await?;
        self.put_back();
        Ok(())
    }

    fn put_back(&mut self) {
        if let Some(lease) = self.0.take() {
            lease.put_back();
        }
    }
}

impl Deref for Transaction {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        self.0.as_ref().expect(OPEN)
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut PgConnection {
        self.0.as_mut().expect(OPEN)
    }
}

/// Only its end takes the connection away, and that consumes it.
const OPEN: &str = "a transaction that is open";

impl Drop for Transaction {
    fn drop(&mut self) {
        if let Some(lease) = &mut self.0 {
            // Before the connection's own rollback, which a transaction that has failed would refuse.
            PgTransactionManager::start_rollback(lease);
        }
    }
}

/// Whether no transaction is open, nor the end of one still to be sent.
fn is_at_rest(connection: &PgConnection) -> bool {
    PgTransactionManager::get_transaction_depth(connection) == 0 && !connection.should_flush()
}
