//! The database as a server sees it: away at times, slow at times, and back without a restart.

use std::{
    fmt,
    pin::{Pin, pin},
    sync::Arc,
    time::Duration,
};

use futures_util::{Stream, TryFutureExt as _, TryStreamExt as _, future::join_all, stream};
use sqlx::{
    Either, Execute, Executor, PgPool, Postgres, SqlStr,
    postgres::{PgArguments, PgConnectOptions, PgQueryResult, PgRow, PgStatement, PgTypeInfo},
    query::Query,
};
use tokio::time::timeout;

use super::{
    lease::{Kept, Lease, Transaction},
    pool::{ACQUIRE_TIMEOUT, Sessions, serving_pool},
    pulse::{PATIENCE, Pulse, silent},
    retry::Retries,
    share::Share,
};
use crate::{metrics::database::Pool, traces::work::Work};

/// How often who waits for a connection of its own share looks whether another has one left.
const LOOK_ELSEWHERE: Duration = Duration::from_millis(25);
/// How long what still uses the database may go on once all that is waited for has ended.
const CLOSING: Duration = Duration::from_secs(1);

/// Connections for a server's requests. Clones share them.
///
/// Each worker of a server has a share of its own, as a connection is woken by the thread that opened it: on another,
/// each reply of the database would go from one core to the next.
///
/// Used as an executor, it carries out one statement, and does so again where that is harmless: see [`Retries`].
/// Transactions are repeated by whoever knows what is in them.
#[derive(Clone)]
pub struct Db {
    all: Arc<All>,
    /// Whose share this is.
    worker: usize,
}

struct All {
    shares: Vec<Share>,
    pulse: Pulse,
    metrics: Pool,
}

impl Db {
    /// At most `max` connections, opened as they are needed; those that share a pulse are to the same database.
    #[must_use]
    pub fn new(options: &PgConnectOptions, max: u32, sessions: Sessions, pulse: &Pulse, metrics: Pool) -> Self {
        Self::shared(options, &[max], sessions, pulse, metrics)
    }

    /// The same, with so many connections for each worker. What is returned is the first one's.
    #[must_use]
    pub fn shared(
        options: &PgConnectOptions,
        shares: &[u32],
        sessions: Sessions,
        pulse: &Pulse,
        metrics: Pool,
    ) -> Self {
        let share = |&max: &u32| {
            let options = options.clone();
            Share::new(move || Kept::new(serving_pool(options.clone(), max, sessions), max))
        };
        Self::over(shares.iter().map(share).collect(), pulse, metrics)
    }

    /// The connections of an operator's pool, for what works on a server's. While this is there, it may keep some of them.
    #[must_use]
    pub fn borrowed(pool: &PgPool) -> Self {
        let (pool, max) = (pool.clone(), pool.options().get_max_connections());
        Self::over(vec![Share::new(move || Kept::new(pool.clone(), max))], &Pulse::default(), Pool::default())
    }

    fn over(shares: Vec<Share>, pulse: &Pulse, metrics: Pool) -> Self {
        Self { all: Arc::new(All { shares, pulse: pulse.clone(), metrics }), worker: 0 }
    }

    /// Each worker's share.
    pub fn shares(&self) -> impl Iterator<Item = Self> {
        (0..self.all.shares.len()).map(|worker| Self { all: Arc::clone(&self.all), worker })
    }

    fn kept(&self) -> Arc<Kept> {
        self.all.shares[self.worker].kept()
    }

    /// A connection of this share; where it has had none left for a while, one that another has left.
    async fn take(&self) -> sqlx::Result<Lease> {
        let own = self.kept();
        let mut turn = pin!(own.turn());
        loop {
            if let Ok(turn) = timeout(LOOK_ELSEWHERE, &mut turn).await {
                return Arc::clone(&own).take(turn?).await;
            }
            let left = |share: &Share| {
                let other = share.kept();
                other.turn_at_once().map(|turn| other.lend(turn))
            };
            if let Some(lent) = self.all.shares.iter().find_map(left) {
                return lent.await;
            }
        }
    }

    /// This share's pool as it is now, to look at: who takes a connection out of it may find it exhausted, as it seems.
    #[must_use]
    pub fn pool(&self) -> PgPool {
        self.kept().pool().clone()
    }

    /// How many connections there are, of all shares, how many of them nobody has, and how many there may be.
    #[must_use]
    pub fn size(&self) -> (u32, usize, u32) {
        self.all.shares.iter().map(Share::kept).fold((0, 0, 0), |(open, idle, max), kept| {
            let pool = kept.pool();
            (open + pool.size(), idle + pool.num_idle() + kept.len(), max + pool.options().get_max_connections())
        })
    }

    /// Whether the database answers.
    #[must_use]
    pub fn pulse(&self) -> &Pulse {
        &self.all.pulse
    }

    /// What is counted of these connections.
    #[must_use]
    pub fn metrics(&self) -> &Pool {
        &self.all.metrics
    }

    /// Measures how many connections there are.
    pub fn measure(&self) {
        let (open, idle, max) = self.size();
        self.metrics().size(open, idle, max);
    }

    /// Lets the pools have what was not needed for long.
    pub fn tidy(&self) {
        for share in &self.all.shares {
            share.kept().tidy();
        }
    }

    /// Lets go of all connections, once the database has been silent: on those, a host that vanished may never be heard of
    /// again, not even by an error.
    pub fn renew(&self) {
        for share in &self.all.shares {
            let old = share.renew();
            tokio::spawn(async move { old.close().await });
        }
    }

    /// Closes all connections. What still uses one, an import in one transaction say, has a moment; then it is cut off, and
    /// the database takes back what is not committed.
    pub async fn close(&self) {
        let kept: Vec<_> = self.all.shares.iter().map(Share::kept).collect();
        if timeout(CLOSING, join_all(kept.iter().map(|kept| kept.close()))).await.is_err() {
            tracing::warn!("work that did not end in time was cut off");
        }
    }

    /// A connection, for more than one statement.
    ///
    /// # Errors
    /// The database's own.
    pub async fn acquire(&self) -> sqlx::Result<Lease> {
        let take = async { timeout(ACQUIRE_TIMEOUT, self.take()).await.unwrap_or(Err(sqlx::Error::PoolTimedOut)) };
        self.timed(take).await
    }

    /// A wait for a connection, on record.
    async fn timed<T>(&self, wait: impl Future<Output = sqlx::Result<T>>) -> sqlx::Result<T> {
        let waiting = self.metrics().wait();
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
        self.pulse().beat();
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
        let mut retries = Retries::of_statement(sql.as_str(), &self.metrics().retries);
        let work = Work::statement(sql.as_str());
        loop {
            let statement = statement(sql.clone(), arguments.clone(), persistent);
            let ask = async {
                let mut connection = self.acquire().await?;
                let done = connection.fetch_many(statement).try_collect().await?;
                connection.put_back();
                Ok(done)
            };
            let done = self.pulse().unless_silent(PATIENCE, ask).await;
            let done = done.unwrap_or_else(|| Err(silent()));
            match done {
                Err(error) if retries.again(&error).await => {}
                done => {
                    if matches!(done, Ok(_) | Err(sqlx::Error::Database(_))) {
                        self.pulse().beat();
                    }
                    retries.trace(&work, done.as_ref().err().map(|error| error as _));
                    return done;
                }
            }
        }
    }
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
