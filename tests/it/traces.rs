//! What OpenTelemetry is told of requests.

mod collector;
mod leaks;
mod life;
mod propagation;
mod requests;

use collector::Collector;

use crate::support::{App, Caller, acme_with};

/// A server that is traced, and somebody who has logged in to it.
async fn traced() -> (Collector, App, Caller) {
    let collector = Collector::start().await;
    let (app, caller) = acme_with(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url)]).await;
    (collector, app, caller)
}
