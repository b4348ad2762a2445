//! The queue before argon2.

use std::time::Instant;

use prometheus_client::{
    metrics::{gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

use super::{label::Counts, request::Shed};

/// Seconds: from none at all to what a full queue takes.
const BUCKETS: [f64; 7] = [0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0];

/// Passwords that wait to be hashed.
#[derive(Clone, Debug)]
pub struct Hashing {
    length: Gauge,
    wait: Histogram,
    shed: Counts<Shed>,
}

/// Of nothing that is told of.
impl Default for Hashing {
    fn default() -> Self {
        Self::new(&mut Registry::default(), Counts::default())
    }
}

impl Hashing {
    pub(super) fn new(registry: &mut Registry, shed: Counts<Shed>) -> Self {
        let hashing = Self { length: Gauge::default(), wait: Histogram::new(BUCKETS), shed };
        registry.register("dna_hashing_queue_length", "Passwords that wait to be hashed", hashing.length.clone());
        registry.register("dna_hashing_wait_seconds", "Time that they waited", hashing.wait.clone());
        hashing
    }

    /// The queue is full.
    pub fn refused(&self) {
        self.shed.count(Shed::Hashing);
    }

    /// One joins the queue.
    #[must_use]
    pub fn join(&self) -> Queued {
        self.length.inc();
        Queued { hashing: self.clone(), since: Instant::now() }
    }
}

/// A password in the queue, which it leaves when this is dropped.
pub struct Queued {
    hashing: Hashing,
    since: Instant,
}

impl Queued {
    /// It is its turn.
    pub fn begins(self) {
        self.hashing.wait.observe(self.since.elapsed().as_secs_f64());
    }
}

impl Drop for Queued {
    fn drop(&mut self) {
        self.hashing.length.dec();
    }
}
