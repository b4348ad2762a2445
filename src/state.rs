//! What every request has at hand.

mod limits;
mod readiness;

use std::{
    collections::{HashMap, HashSet},
    ops::Deref,
    sync::{Arc, Mutex, PoisonError},
};

use ipnet::IpNet;
use tokio::sync::watch;
use uuid::Uuid;

use crate::{
    clock::Clock,
    crypto::{hasher::Hasher, jwt::Jwts},
    domain::{caller::Identity, oauth_client::OauthClientId, partner::PartnerId},
    metrics::Metrics,
    revoked::Revoked,
    store::{db::Db, documented_form::Uses, readings::Readings},
    traces::Traces,
};

pub use limits::{Allowance, Limits, RateLimit, Turn, Turns};
pub use readiness::Readiness;

/// The settings that requests depend on.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Seconds that an access token lives.
    pub access_token_ttl: u32,
    /// Seconds that a refresh token lives.
    pub refresh_token_ttl: u32,
    /// Seconds within which a used refresh token that comes back is taken for a lost reply.
    pub refresh_grace: u32,
    /// Whether the documented `GET` forms and credentials in URLs are served.
    pub documented_get: bool,
    /// The status of `validation_failed`: 422, 400 or 406.
    pub validation_status: u16,
    /// The end of every new client's domain.
    pub ns_domain_suffix: String,
    /// Proxies whose word on a caller's address is believed; they change while the server runs.
    pub trusted_proxies: Arc<watch::Sender<Vec<IpNet>>>,
    /// Whether attempts are refused where too many have failed.
    pub login_throttle: bool,
}

/// What one worker of a running server has at hand. Clones share it.
#[derive(Clone)]
pub struct AppState(Arc<WorkerState>);

/// What [`AppState`] leads to.
pub struct WorkerState {
    /// The database, for requests: this worker's share.
    pub db: Db,
    /// What reads clients, on this worker's share.
    pub readings: Readings,
    parts: Arc<Parts>,
}

/// What all workers share.
pub struct Parts {
    /// The database, for the background: requests cannot exhaust it.
    pub monitor: Db,
    /// Whether requests should come here.
    pub readiness: Readiness,
    /// Access tokens.
    pub jwts: Jwts,
    /// Passwords.
    pub hasher: Hasher,
    /// The time.
    pub clock: Clock,
    /// Settings.
    pub policy: Policy,
    /// The ids of what is disabled, at most a second old.
    pub disabled: watch::Sender<HashSet<Uuid>>,
    /// The logins that were revoked, at most a second old.
    pub revoked: Revoked,
    /// Uses of the documented forms that have not been written yet.
    pub documented_forms: DocumentedForms,
    /// What one OAuth client may have of this server.
    pub limits: Limits,
    /// What is counted, for operators.
    pub metrics: Metrics,
    /// What requests went through, for operators.
    pub traces: Traces,
}

impl AppState {
    /// The state of these parts, with a share of the database.
    #[must_use]
    pub fn new(db: Db, parts: Parts) -> Self {
        Self::of_worker(db, Arc::new(parts))
    }

    fn of_worker(db: Db, parts: Arc<Parts>) -> Self {
        Self(Arc::new(WorkerState { readings: Readings::new(db.clone()), db, parts }))
    }

    /// Each worker's: the same parts, with its share of the database.
    pub fn of_workers(&self) -> impl Iterator<Item = Self> {
        self.db.shares().map(|db| Self::of_worker(db, Arc::clone(&self.parts)))
    }

    /// Whether the login of a token was revoked, or its partner, its OAuth client or its user is disabled.
    #[must_use]
    pub fn is_revoked(&self, identity: &Identity) -> bool {
        let disabled = self.disabled.borrow();
        let parties = [Some(identity.partner.0), Some(identity.oauth_client.0), identity.user.map(|user| user.0)];
        parties.into_iter().flatten().any(|id| disabled.contains(&id)) || self.revoked.contains(identity.sid)
    }

    /// Counts a use of a documented form.
    pub fn used_documented_form(&self, partner: PartnerId, oauth_client: OauthClientId) {
        self.documented_forms.record(partner, oauth_client, &self.clock);
        self.metrics.tokens.documented_form(oauth_client);
    }

    /// What is measured, and what was counted, in Prometheus' text format.
    ///
    /// # Errors
    /// None that is known.
    pub fn measure(&self) -> Result<String, std::fmt::Error> {
        self.metrics.revocation_lag.set(self.revoked.age().as_secs_f64());
        self.db.measure();
        self.monitor.measure();
        self.metrics.text()
    }
}

impl Deref for AppState {
    type Target = WorkerState;

    fn deref(&self) -> &WorkerState {
        &self.0
    }
}

impl Deref for WorkerState {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.parts
    }
}

/// Counts of the documented forms' use, kept in memory until the background writes them, so that no request waits for a
/// row that all of an OAuth client's requests would change.
#[derive(Default)]
pub struct DocumentedForms(Mutex<HashMap<OauthClientId, Uses>>);

impl DocumentedForms {
    /// Counts one use.
    pub fn record(&self, partner: PartnerId, oauth_client: OauthClientId, clock: &Clock) {
        let last = clock.now();
        let mut uses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let uses = uses.entry(oauth_client).or_insert(Uses { partner, oauth_client, count: 0, last });
        uses.count += 1;
        uses.last = uses.last.max(last);
    }

    /// Takes what was counted.
    pub fn take(&self) -> Vec<Uses> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_values().collect()
    }

    /// Puts back what could not be written.
    pub fn put_back(&self, unwritten: Vec<Uses>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for uses in unwritten {
            let kept = all.entry(uses.oauth_client).or_insert(Uses { count: 0, ..uses });
            kept.count += uses.count;
            kept.last = kept.last.max(uses.last);
        }
    }
}
