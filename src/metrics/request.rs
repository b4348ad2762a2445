//! Requests, and what was too much.

use std::time::{Duration, Instant};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

use super::label::{Bounded, Counts, kind};

/// Seconds: from a reply of memory's to one that waited for all that it may wait for.
const BUCKETS: [f64; 10] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
/// Kinds of refusals (4xx) that are told apart. Anybody can bring them about, so they have a share of their own.
const REFUSALS: usize = 48;
/// Kinds of other replies that are told apart.
const REPLIES: usize = 72;
/// What OpenTelemetry calls a method that is not one of the known.
const OTHER_METHOD: &str = "_OTHER";

/// A kind of request and reply, in OpenTelemetry's words.
#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
#[expect(clippy::struct_field_names, reason = "these are the labels")]
struct Reply {
    http_request_method: &'static str,
    http_route: String,
    http_response_status_code: u16,
}

kind! {
    /// Why work was refused that a server with more to spare would have done.
    Shed, "reason", {
        /// Connections.
        Connections = "connections",
        /// Requests in flight.
        Requests = "requests",
        /// Large heads that arrive at once.
        LargeHeads = "large heads",
        /// Passwords that wait to be hashed.
        Hashing = "password hashing",
    }
}

/// Requests as the edge sees them.
#[derive(Clone, Debug)]
pub struct Requests {
    refusals: Bounded<Reply, Histogram>,
    replies: Bounded<Reply, Histogram>,
    active: Gauge,
    open: Gauge,
    accepted: Counter,
    abandoned: Counter,
    /// What was too much.
    pub shed: Counts<Shed>,
}

impl Requests {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let family: Family<Reply, Histogram, fn() -> Histogram> =
            Family::new_with_constructor(|| Histogram::new(BUCKETS));
        let (active, abandoned) = (Gauge::default(), Counter::default());
        let (open, accepted) = (Gauge::default(), Counter::default());
        registry.register(
            "http_server_request_duration_seconds",
            "Time from a request's head to its reply's",
            family.clone(),
        );
        registry.register("dna_connections_open", "Open connections", open.clone());
        registry.register("dna_connections", "Connections since the start", accepted.clone());
        registry.register("http_server_active_requests", "Requests that are being answered", active.clone());
        registry.register(
            "dna_http_abandoned_requests",
            "Requests whose caller hung up before the reply",
            abandoned.clone(),
        );
        Self {
            refusals: Bounded::new(family.clone(), REFUSALS),
            replies: Bounded::new(family, REPLIES),
            active,
            open,
            accepted,
            abandoned,
            shed: Counts::registered(registry, "dna_shed", "Work refused because there was too much of it, by what"),
        }
    }

    /// A connection begins.
    #[must_use]
    pub fn connected(&self) -> Open {
        self.accepted.inc();
        self.open.inc();
        Open(self.open.clone())
    }

    /// A request begins.
    #[must_use]
    pub fn begin(&self) -> Active<'_> {
        self.active.inc();
        Active { requests: self, start: Instant::now(), is_answered: false }
    }

    fn answered(&self, method: &'static str, route: &str, status: u16, took: Duration) {
        // What a route does not know is no method of its, whatever its name.
        let method = if status == 405 || method == "other" { OTHER_METHOD } else { method };
        // The portal's documents are many, and one is as good as another.
        let route = if route.starts_with("/docs") { "/docs" } else { route };
        let labels =
            Reply { http_request_method: method, http_route: route.to_owned(), http_response_status_code: status };
        let rest = || Reply {
            http_request_method: OTHER_METHOD,
            http_route: "other".to_owned(),
            http_response_status_code: status / 100 * 100,
        };
        let share = if status / 100 == 4 { &self.refusals } else { &self.replies };
        share.of(&labels, rest).observe(took.as_secs_f64());
    }
}

/// A connection, until this is dropped.
pub struct Open(Gauge);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// A request that is being answered. Its caller hung up where this is dropped before it was.
pub struct Active<'a> {
    requests: &'a Requests,
    start: Instant,
    is_answered: bool,
}

impl Active<'_> {
    /// It is answered: with that status, by that route. Gives how long that took.
    #[must_use]
    pub fn answered(mut self, method: &'static str, route: &str, status: u16) -> Duration {
        self.is_answered = true;
        let took = self.start.elapsed();
        self.requests.answered(method, route, status, took);
        took
    }
}

impl Drop for Active<'_> {
    fn drop(&mut self) {
        self.requests.active.dec();
        if !self.is_answered {
            self.requests.abandoned.inc();
        }
    }
}
