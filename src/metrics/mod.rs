//! What a server counts and measures, for those who run it. It is updated where the thing happens, by one call on a part
//! of [`Metrics`], and read by whoever asks for `/metrics`.
//!
//! Names are OpenTelemetry's where it has some. There are never more than [`SERIES`] series, whatever callers send: each
//! label's values are known beforehand, or have a bound beyond which what comes counts as the rest.

pub mod database;
pub mod hashing;
mod label;
mod process;
pub mod request;
pub mod token;

use std::{
    fmt,
    sync::{Arc, atomic::AtomicU64},
    time::Instant,
};

use prometheus_client::{
    encoding::prometheus_text,
    metrics::{gauge::Gauge, info::Info},
    registry::Registry,
};

use database::Database;
use hashing::Hashing;
use label::kind;
use process::Process;
use request::Requests;
use token::Tokens;

pub use label::Counts;

/// Series, at most.
pub const SERIES: usize = 2_000;
/// What [`Metrics::text`] is.
pub use prometheus_text::CONTENT_TYPE;

kind! {
    /// How a request stood that came with an `Idempotency-Key`.
    Idempotency, "outcome", {
        /// It was the first with its key.
        First = "first",
        /// It was told the reply of the first.
        Replayed = "replayed",
        /// The first was still running.
        InUse = "in use",
        /// The key was of another request.
        Reused = "reused",
        /// The client that it concerned was erased.
        Gone = "gone",
    }
}

/// A number of seconds, or another measure.
pub type Measure = Gauge<f64, AtomicU64>;

/// All of it. Clones share it.
#[derive(Clone, Debug)]
pub struct Metrics {
    /// Requests.
    pub requests: Requests,
    /// Tokens.
    pub tokens: Tokens,
    /// Requests that came with an `Idempotency-Key`.
    pub idempotency: Counts<Idempotency>,
    /// Passwords that wait.
    pub hashing: Hashing,
    /// The database.
    pub database: Database,
    /// Seconds since this server learnt what is disabled and revoked.
    pub revocation_lag: Measure,
    /// Seconds that the database's clock is ahead of this server's.
    pub clock_skew: Measure,
    /// Seconds that the key has signed for which signs now.
    pub signing_key_age: Measure,
    registry: Arc<Registry>,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// Those of a server that starts now.
    #[must_use]
    pub fn new() -> Self {
        let mut registry = Registry::default();
        let measure = |registry: &mut Registry, name, help| {
            let measure = Measure::default();
            registry.register(name, help, measure.clone());
            measure
        };
        let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("dna_build", "The program", build);
        registry.register_collector(Box::new(Process { start: Instant::now() }));
        let requests = Requests::new(&mut registry);
        Self {
            tokens: Tokens::new(&mut registry),
            idempotency: Counts::registered(
                &mut registry,
                "dna_idempotent_requests",
                "Requests with an Idempotency-Key, by how they stood",
            ),
            hashing: Hashing::new(&mut registry, requests.shed.clone()),
            database: Database::new(&mut registry),
            revocation_lag: measure(
                &mut registry,
                "dna_revocation_lag_seconds",
                "Time since it was learnt what is disabled and revoked",
            ),
            clock_skew: measure(
                &mut registry,
                "dna_clock_skew_seconds",
                "How far the database's clock is ahead of the server's",
            ),
            signing_key_age: measure(
                &mut registry,
                "dna_signing_key_age_seconds",
                "Time since the key that signs began to",
            ),
            requests,
            registry: Arc::new(registry),
        }
    }

    /// All of it in Prometheus' text format.
    ///
    /// # Errors
    /// None that is known.
    pub fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        prometheus_text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}
