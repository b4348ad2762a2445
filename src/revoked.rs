//! The logins that were revoked, as far as a server knows: small enough to hold, and asked for each token.

use std::{
    collections::HashSet,
    sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::store::token_family::News;

/// How often all of them are asked for, not only what is new: the way out for whatever the news missed, and the end of
/// those whose tokens have expired.
const WHOLE: Duration = Duration::from_mins(1);

/// The logins whose tokens are refused.
pub struct Revoked(RwLock<Known>);

struct Known {
    sids: HashSet<Uuid>,
    /// The database's time of the last answer.
    as_of: Option<DateTime<Utc>>,
    /// When all of them were last told.
    whole_at: Instant,
    /// When anything was last told.
    learnt_at: Instant,
}

impl Default for Revoked {
    fn default() -> Self {
        let now = Instant::now();
        Self(RwLock::new(Known { sids: HashSet::new(), as_of: None, whole_at: now, learnt_at: now }))
    }
}

impl Revoked {
    /// Whether this login was.
    #[must_use]
    pub fn contains(&self, sid: Uuid) -> bool {
        self.read().sids.contains(&sid)
    }

    /// Adds what this server has revoked itself, so that it need not be told.
    pub fn add(&self, sid: Uuid) {
        self.write().sids.insert(sid);
    }

    /// The database's time of the last answer: what is to be asked for is what is newer. None where all is.
    #[must_use]
    pub fn since(&self) -> Option<DateTime<Utc>> {
        let known = self.read();
        known.as_of.filter(|_| known.whole_at.elapsed() < WHOLE)
    }

    /// Takes in an answer.
    pub fn learn(&self, news: News, whole: bool) {
        let mut known = self.write();
        let now = Instant::now();
        if whole {
            known.sids = news.sids.into_iter().collect();
            known.whole_at = now;
        } else {
            known.sids.extend(news.sids);
        }
        known.as_of = Some(news.as_of);
        known.learnt_at = now;
    }

    /// How old the last answer is.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.read().learnt_at.elapsed()
    }

    fn read(&self) -> RwLockReadGuard<'_, Known> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Known> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}
