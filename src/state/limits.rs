//! What one OAuth client, or one guesser, may have of this server: kept in memory, for this server alone.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, Once, PoisonError},
    thread::available_parallelism,
};

use chrono::{DateTime, Utc};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    clock::Clock,
    domain::{attempt::Key, oauth_client::OauthClientId},
};

/// All of them.
pub struct Limits {
    /// Requests with a bearer token.
    pub api: RateLimit,
    /// Requests for tokens.
    pub tokens: RateLimit,
    /// Logins of one username from one address, a few at a time. Each is counted as failed until it has succeeded, so
    /// many honest ones at the same moment would look like guesses.
    pub logins: Turns,
    /// Uses of one refresh token, one by one: those who wait do so here and not in the database, where each of them would
    /// keep a connection from everybody else. What this server cannot see, the lock in the database decides.
    pub refreshes: Turns,
    /// Signatures that are not made right behind a password's hash.
    pub signatures: Arc<Semaphore>,
    /// The warning that a proxy which is not trusted reports addresses: told once.
    pub unbelieved_proxy: Once,
}

impl Limits {
    /// `rate` requests a minute for each OAuth client, and as many for tokens; 0 for no limit.
    #[must_use]
    pub fn new(rate: u32) -> Self {
        Self {
            api: RateLimit::new(rate),
            tokens: RateLimit::new(rate),
            logins: Turns::new(LOGINS_AT_ONCE),
            refreshes: Turns::new(1),
            signatures: Arc::new(Semaphore::new(available_parallelism().map_or(1, usize::from))),
            unbelieved_proxy: Once::new(),
        }
    }
}

/// What a request costs, in the units of which a minute brings as many for each request of the limit: then a
/// microsecond brings a whole number of them, and nothing is rounded.
const COST: u64 = 60_000_000;

/// A bucket of requests for each OAuth client that has asked: full at first, and refilled evenly.
pub struct RateLimit {
    per_minute: u32,
    buckets: Mutex<HashMap<OauthClientId, Bucket>>,
}

struct Bucket {
    units: u64,
    at: DateTime<Utc>,
}

/// What is left after a request, for the headers of its reply.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Allowance {
    /// Requests a minute.
    pub limit: u32,
    /// Requests that could follow at once.
    pub remaining: u32,
    /// Whole seconds until there is another, where this one may not be served.
    pub retry_after: Option<u64>,
}

impl RateLimit {
    fn new(per_minute: u32) -> Self {
        Self { per_minute, buckets: Mutex::default() }
    }

    /// Takes one request from an OAuth client's bucket; nothing where there is no limit.
    pub fn take(&self, client: OauthClientId, clock: &Clock) -> Option<Allowance> {
        if self.per_minute == 0 {
            return None;
        }
        let limit = u64::from(self.per_minute);
        let (full, now) = (limit * COST, clock.now());
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.entry(client).or_insert(Bucket { units: full, at: now });
        // A clock that was put back refills nothing, and from there on as ever.
        let elapsed = (now - bucket.at).num_microseconds().and_then(|us| u64::try_from(us).ok()).unwrap_or_default();
        bucket.units = bucket.units.saturating_add(elapsed.saturating_mul(limit)).min(full);
        bucket.at = now;
        let lacking = COST.saturating_sub(bucket.units);
        if lacking == 0 {
            bucket.units -= COST;
        }
        Some(Allowance {
            limit: self.per_minute,
            remaining: u32::try_from(bucket.units / COST).unwrap_or(u32::MAX),
            retry_after: (lacking > 0).then(|| lacking.div_ceil(limit * 1_000_000)),
        })
    }
}

/// Logins of one kind at the same time: as many as a small machine has cores.
const LOGINS_AT_ONCE: usize = 2;

/// Lets those who have a key in common pass a few at a time; the others wait in line.
pub struct Turns {
    at_once: usize,
    lines: Mutex<HashMap<Key, Line>>,
}

/// Those who have their turn, and those who wait for it.
struct Line {
    turns: Arc<Semaphore>,
    people: usize,
}

/// A turn; the next in line has it once this is dropped.
pub struct Turn<'a> {
    _turn: Option<OwnedSemaphorePermit>,
    _place: Place<'a>,
}

/// A place in a line, which is gone with the last one who leaves it.
struct Place<'a> {
    turns: &'a Turns,
    key: Key,
}

impl Turns {
    fn new(at_once: usize) -> Self {
        Self { at_once, lines: Mutex::default() }
    }

    /// Waits in line.
    pub async fn wait(&self, key: Key) -> Turn<'_> {
        let (place, turns) = self.stand_in_line(key);
        Turn { _turn: turns.acquire_owned().await.ok(), _place: place }
    }

    fn stand_in_line(&self, key: Key) -> (Place<'_>, Arc<Semaphore>) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let line =
            lines.entry(key).or_insert_with(|| Line { turns: Arc::new(Semaphore::new(self.at_once)), people: 0 });
        line.people += 1;
        (Place { turns: self, key }, Arc::clone(&line.turns))
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut lines = self.turns.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(line) = lines.get_mut(&self.key) {
            line.people -= 1;
            if line.people == 0 {
                lines.remove(&self.key);
            }
        }
    }
}
