//! The database as a server sees it: away at times, slow at times, and back without a restart.

use std::{
    fmt, io,
    pin::{Pin, pin},
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::{Stream, TryFutureExt as _, TryStreamExt as _, stream};
use sqlx::{
    Either, Execute, Executor, PgPool, Postgres, SqlStr,
    postgres::{PgArguments, PgConnectOptions, PgQueryResult, PgRow, PgStatement, PgTypeInfo},
    query::Query,
};
use tokio::time::timeout;

use super::{
    lease::{Kept, Lease, Transaction},
    pool::{Sessions, serving_pool},
    retry::Retries,
};
use crate::{metrics::database::Pool, traces::work::Work};

/// How often somebody who waits looks whether the database was heard of.
const LOOK: Duration = Duration::from_millis(250);
/// After so many looks at nothing, the database is taken for dead: a second and a half. Looks are counted, not time: a
/// process that was held up itself has not listened.
pub const PATIENCE: u32 = 6;
/// The same for what has begun to reply, an import or an export: ten seconds. Nobody can try another server then, and a
/// machine at its limits may well need one.
pub const LONG_PATIENCE: u32 = 40;
/// How long what still uses the database may go on once all that is waited for has ended.
const CLOSING: Duration = Duration::from_secs(1);

/// Connections for a server's requests. Clones share them.
///
/// Used as an executor, it carries out one statement, and does so again where that is harmless: see [`Retries`].
/// Transactions are repeated by whoever knows what is in them.
#[derive(Clone)]
pub struct Db {
    kept: Arc<RwLock<Arc<Kept>>>,
    open: Arc<dyn Fn() -> Kept + Send + Sync>,
    pulse: Pulse,
    metrics: Pool,
}

/// Whether the database answers: the background asks it three times a second, and each answer to anybody counts.
#[derive(Clone, Debug, Default)]
pub struct Pulse(Arc<AtomicU64>);

impl Pulse {
    /// How often it has answered.
    #[must_use]
    pub fn beats(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// The database has answered somebody.
    pub fn beat(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// Waits for some work as long as the database answers anybody at all; none where it was silent for so many looks. So
    /// a slow statement has its time, and a dead host holds nobody.
    pub async fn unless_silent<T>(&self, looks: u32, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        let (mut heard, mut silent) = (self.beats(), 0);
        loop {
            if let Ok(done) = timeout(LOOK, &mut work).await {
                return Some(done);
            }
            let now = self.beats();
            silent = if now == heard { silent + 1 } else { 0 };
            heard = now;
            if silent == looks {
                return None;
            }
        }
    }
}

impl Db {
    /// At most `max` connections, opened as they are needed; those that share a pulse are to the same database.
    #[must_use]
    pub fn new(options: &PgConnectOptions, max: u32, sessions: Sessions, pulse: &Pulse, metrics: Pool) -> Self {
        let options = options.clone();
        Self::over(move || Kept::new(serving_pool(options.clone(), max, sessions), max), pulse, metrics)
    }

    /// The connections of an operator's pool, for what works on a server's. While this is there, it may keep some of them.
    #[must_use]
    pub fn borrowed(pool: &PgPool) -> Self {
        let (pool, max) = (pool.clone(), pool.options().get_max_connections());
        Self::over(move || Kept::new(pool.clone(), max), &Pulse::default(), Pool::default())
    }

    fn over(open: impl Fn() -> Kept + Send + Sync + 'static, pulse: &Pulse, metrics: Pool) -> Self {
        Self { kept: Arc::new(RwLock::new(Arc::new(open()))), open: Arc::new(open), pulse: pulse.clone(), metrics }
    }

    fn kept(&self) -> Arc<Kept> {
        Arc::clone(&self.kept.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The pool as it is now, to look at: who takes a connection out of it may find it exhausted, as it seems.
    #[must_use]
    pub fn pool(&self) -> PgPool {
        self.kept().pool().clone()
    }

    /// How many connections there are, and how many of them nobody has.
    #[must_use]
    pub fn size(&self) -> (u32, usize) {
        let kept = self.kept();
        (kept.pool().size(), kept.pool().num_idle() + kept.len())
    }

    /// Whether the database answers.
    #[must_use]
    pub const fn pulse(&self) -> &Pulse {
        &self.pulse
    }

    /// What is counted of these connections.
    #[must_use]
    pub const fn metrics(&self) -> &Pool {
        &self.metrics
    }

    /// Measures how many connections there are.
    pub fn measure(&self) {
        let (open, idle) = self.size();
        self.metrics.size(open, idle, self.kept().pool().options().get_max_connections());
    }

    /// Lets the pool have what was not needed for long.
    pub fn tidy(&self) {
        self.kept().tidy();
    }

    /// Lets go of all connections, once the database has been silent: on those, a host that vanished may never be heard of
    /// again, not even by an error.
    pub fn renew(&self) {
        let new = Arc::new((self.open)());
        let old = std::mem::replace(&mut *self.kept.write().unwrap_or_else(PoisonError::into_inner), new);
        tokio::spawn(async move { old.close().await });
    }

    /// Closes all connections. What still uses one, an import in one transaction say, has a moment; then it is cut off, and
    /// the database takes back what is not committed.
    pub async fn close(&self) {
        if timeout(CLOSING, self.kept().close()).await.is_err() {
            tracing::warn!("work that did not end in time was cut off");
        }
    }

    /// A connection, for more than one statement.
    ///
    /// # Errors
    /// The database's own.
    pub async fn acquire(&self) -> sqlx::Result<Lease> {
        self.timed(self.kept().take()).await
    }

    /// A wait for a connection, on record.
    async fn timed<T>(&self, wait: impl Future<Output = sqlx::Result<T>>) -> sqlx::Result<T> {
        let waiting = self.metrics.wait();
        let ended = wait.await;
        match &ended {
            Ok(_) => waiting.succeeded(),
            Err(sqlx::Error::PoolTimedOut) => waiting.timed_out(),
            Err(_) => {}
        }
        ended
    }

    /// A transaction.
    ///
    /// # Errors
    /// The database's own.
    pub async fn begin(&self) -> sqlx::Result<Transaction> {
        self.begin_with("begin").await
    }

    /// A transaction that begins with more statements than `begin`.
    ///
    /// # Errors
    /// The database's own.
    pub async fn begin_with(&self, statements: &'static str) -> sqlx::Result<Transaction> {
        let begun = self.acquire().await?.begin(statements).await?;
        self.pulse.beat();
        Ok(begun)
    }

    /// One statement, from the connection to the last row.
    async fn carry_out<'q>(
        &self,
        mut asked: impl Execute<'q, Postgres>,
    ) -> sqlx::Result<Vec<Either<PgQueryResult, PgRow>>> {
        let arguments = asked.take_arguments().map_err(sqlx::Error::Encode)?;
        let (persistent, sql) = (asked.persistent(), asked.sql());
        let Some(arguments) = arguments else {
            return sqlx::raw_sql(sql).fetch_many(&mut *self.acquire().await?).try_collect().await;
        };
        let mut retries = Retries::of_statement(sql.as_str(), &self.metrics.retries);
        let work = Work::statement(sql.as_str());
        loop {
            let statement = statement(sql.clone(), arguments.clone(), persistent);
            let ask = async {
                let mut connection = self.acquire().await?;
                let done = connection.fetch_many(statement).try_collect().await?;
                connection.put_back();
                Ok(done)
            };
            let done = self.pulse.unless_silent(PATIENCE, ask).await;
            let done = done.unwrap_or_else(|| Err(silent()));
            match done {
                Err(error) if retries.again(&error).await => {}
                done => {
                    if matches!(done, Ok(_) | Err(sqlx::Error::Database(_))) {
                        self.pulse.beat();
                    }
                    retries.trace(&work, done.as_ref().err().map(|error| error as _));
                    return done;
                }
            }
        }
    }
}

/// What is told of a database that answers nobody.
#[must_use]
pub fn silent() -> sqlx::Error {
    sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, "the database does not answer"))
}

fn statement(sql: SqlStr, arguments: PgArguments, persistent: bool) -> Query<'static, Postgres, PgArguments> {
    sqlx::query_with(sql, arguments).persistent(persistent)
}

impl fmt::Debug for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Db").finish_non_exhaustive()
    }
}

type Later<'e, T> = Pin<Box<dyn Future<Output = sqlx::Result<T>> + Send + 'e>>;
type Results<'e> = Pin<Box<dyn Stream<Item = sqlx::Result<Either<PgQueryResult, PgRow>>> + Send + 'e>>;

impl<'c> Executor<'c> for &'c Db {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> Results<'e>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let all = self.carry_out(query).map_ok(|results| stream::iter(results.into_iter().map(Ok)));
        Box::pin(all.try_flatten_stream())
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> Later<'e, Option<PgRow>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        Box::pin(self.carry_out(query).map_ok(|results| results.into_iter().find_map(Either::right)))
    }

    fn prepare_with<'e>(self, sql: SqlStr, parameters: &'e [PgTypeInfo]) -> Later<'e, PgStatement>
    where
        'c: 'e,
    {
        Box::pin(async move { self.acquire().await?.prepare_with(sql, parameters).await })
    }

    fn describe<'e>(self, sql: SqlStr) -> Later<'e, sqlx::Describe<Postgres>>
    where
        'c: 'e,
    {
        Box::pin(async move { self.acquire().await?.describe(sql).await })
    }
}
