//! The accept loop: connections within bounds and deadlines, until it is told to stop; then it lets them end.

mod bounds;
mod connection;
mod deadlines;
pub mod framing;
mod guarded;
mod head;
mod listener;
mod polls;
mod scrape;
mod service;
mod watchdog;
mod workers;

use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use hyper_util::server::graceful::GracefulShutdown;
use tokio::time::{sleep, timeout};

use listener::Stream;
use service::Answers;
use watchdog::Watchdog;

pub use bounds::Bounds;
pub use deadlines::Deadlines;
pub use listener::Listener;
pub use scrape::serve_metrics;
pub use workers::{Workers, runtime};

/// How long is waited between the last accepted connection and the end of idle ones: its request is on its way.
const SETTLE: Duration = Duration::from_millis(250);
/// The same for connections of a proxy's, which cannot repeat a POST that it sent as we closed: those that it uses once
/// more are closed by the reply, and the others by itself. Longer than the configurations in `deploy/` keep them.
const PROXY_SETTLE: Duration = Duration::from_secs(3);
/// How often it is looked whether connections, or threads, are left.
const LOOK: Duration = Duration::from_millis(20);
/// How long is waited after a connection that cannot be accepted.
const PAUSE: Duration = Duration::from_millis(50);

/// Serves until `shutdown`, then lets requests in flight end, within `drain` in all.
///
/// A balancer that asks for readiness is told that there is none, and has two of its intervals to hear it, half of
/// `drain` at most: meanwhile connections are accepted as before. Where nobody asks, or a service manager keeps the
/// socket, there is nothing to wait for. `behind_proxy` says, when it is time to stop, whether callers are proxies.
pub async fn serve(
    listener: Listener,
    workers: &Workers<impl Answers>,
    bounds: Arc<Bounds>,
    drain: Duration,
    behind_proxy: impl Fn() -> bool,
    shutdown: impl Future<Output = ()>,
) {
    let accepting = Accepting { listener: &listener, workers, bounds: &bounds, connections: GracefulShutdown::new() };
    accepting.until(shutdown).await;

    let end = Instant::now() + drain;
    bounds.drain();
    if !listener.is_inherited() {
        let heard = bounds.polls.two_intervals().min(drain / 2);
        accepting.until(sleep(heard)).await;
        accepting.rest().await;
    }
    let connections = accepting.connections;
    drop(listener);
    let settle = if behind_proxy() { PROXY_SETTLE } else { SETTLE };
    settle_down(&connections, settle.min(drain)).await;
    if timeout(end.saturating_duration_since(Instant::now()), connections.shutdown()).await.is_err() {
        tracing::warn!("some requests did not end within DNA_DRAIN_SECONDS");
    }
}

/// What connections come from, and where they go.
struct Accepting<'a, A> {
    listener: &'a Listener,
    workers: &'a Workers<A>,
    bounds: &'a Arc<Bounds>,
    connections: GracefulShutdown,
}

impl<A: Answers> Accepting<'_, A> {
    async fn until(&self, stop: impl Future<Output = ()>) {
        let mut stop = std::pin::pin!(stop);
        let mut watchdog = Watchdog::new();
        loop {
            tokio::select! {
                biased;
                () = &mut stop => break,
                () = watchdog.due() => Watchdog::feed(self.workers.all_run()),
                accepted = self.listener.accept() => if let Err(error) = self.take(accepted).await {
                    tracing::warn!(%error, "cannot accept a connection");
                    sleep(PAUSE).await; // out of file descriptors: some will close
                },
            }
        }
    }

    /// Accepts those who wait already: closing the socket would reset them.
    async fn rest(&self) {
        let end = Instant::now() + SETTLE;
        while Instant::now() < end
            && let Ok(accepted) = timeout(Duration::from_millis(1), self.listener.accept()).await
            && self.take(accepted).await.is_ok()
        {}
    }

    async fn take(&self, accepted: io::Result<Stream>) -> io::Result<()> {
        self.workers.take(accepted, self.bounds, &self.connections).await
    }
}

/// Waits until no connection is left, for so long at most.
async fn settle_down(connections: &GracefulShutdown, most: Duration) {
    let end = Instant::now() + most;
    while connections.count() > 0 && Instant::now() < end {
        sleep(LOOK).await;
    }
}
