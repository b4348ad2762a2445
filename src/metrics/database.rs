//! Connections to the database, in OpenTelemetry's words, and what was done again.

use std::time::Instant;

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

use super::label::{Counts, Kind as _, kind};

/// Seconds: from a connection that was idle to the end of the wait.
const BUCKETS: [f64; 7] = [0.001, 0.005, 0.025, 0.1, 0.5, 1.0, 2.0];

kind! {
    /// A pool.
    PoolName, "db_client_connection_pool_name", {
        /// That of requests.
        Requests = "requests",
        /// That of the background.
        Background = "background",
    }
}

kind! {
    /// Why something was done again.
    Conflict, "sqlstate", {
        /// Transactions that cannot both have come first.
        Serialization = "40001",
        /// Transactions that waited for each other.
        Deadlock = "40P01",
        /// A connection that broke under a reading.
        Broken = "08006",
    }
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct InState {
    db_client_connection_pool_name: &'static str,
    db_client_connection_state: &'static str,
}

/// One pool's.
#[derive(Clone, Debug)]
pub struct Pool {
    wait: Histogram,
    pending: Gauge,
    timeouts: Counter,
    used: Gauge,
    idle: Gauge,
    max: Gauge,
    /// What was done again.
    pub retries: Counts<Conflict>,
}

/// Of nothing that is told of: an operator's command has a pool too.
impl Default for Pool {
    fn default() -> Self {
        Database::new(&mut Registry::default()).requests
    }
}

impl Pool {
    /// A wait for a connection begins.
    #[must_use]
    pub fn wait(&self) -> Waiting<'_> {
        self.pending.inc();
        Waiting { pool: self, start: Instant::now() }
    }

    /// How many connections there are now, how many of them are idle, and how many there may be.
    pub fn size(&self, open: u32, idle: usize, max: u32) {
        let idle = i64::try_from(idle).unwrap_or(i64::MAX);
        self.used.set((i64::from(open) - idle).max(0));
        self.idle.set(idle);
        self.max.set(max.into());
    }
}

/// A wait for a connection, over when this is dropped.
pub struct Waiting<'a> {
    pool: &'a Pool,
    start: Instant,
}

impl Waiting<'_> {
    /// It ended with a connection.
    pub fn succeeded(self) {
        self.pool.wait.observe(self.start.elapsed().as_secs_f64());
    }

    /// None was free in time.
    pub fn timed_out(self) {
        self.pool.timeouts.inc();
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.pool.pending.dec();
    }
}

/// Both pools'.
#[derive(Clone, Debug)]
pub struct Database {
    /// That of requests.
    pub requests: Pool,
    /// That of the background.
    pub background: Pool,
}

impl Database {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let wait: Family<PoolName, Histogram, fn() -> Histogram> =
            Family::new_with_constructor(|| Histogram::new(BUCKETS));
        let (pending, timeouts) = (Family::<PoolName, Gauge>::default(), Family::<PoolName, Counter>::default());
        let (count, max) = (Family::<InState, Gauge>::default(), Family::<PoolName, Gauge>::default());
        registry.register("db_client_connection_wait_time_seconds", "Time until a connection was there", wait.clone());
        registry.register("db_client_connection_pending_requests", "Waits for a connection", pending.clone());
        registry.register("db_client_connection_timeouts", "Waits that ended without a connection", timeouts.clone());
        registry.register("db_client_connection_count", "Open connections, by state", count.clone());
        registry.register("db_client_connection_max", "The most connections that may be open", max.clone());
        let retries = Counts::registered(registry, "dna_db_retries", "What was done again, by what was in its way");
        let of = |name: PoolName| {
            let state = |state| {
                let labels = InState { db_client_connection_pool_name: name.word(), db_client_connection_state: state };
                count.get_or_create_owned(&labels)
            };
            Pool {
                wait: wait.get_or_create_owned(&name),
                pending: pending.get_or_create_owned(&name),
                timeouts: timeouts.get_or_create_owned(&name),
                used: state("used"),
                idle: state("idle"),
                max: max.get_or_create_owned(&name),
                retries: retries.clone(),
            }
        };
        Self { requests: of(PoolName::Requests), background: of(PoolName::Background) }
    }
}
