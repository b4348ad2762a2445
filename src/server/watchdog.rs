//! What a service manager hears of a server that is alive (systemd's `WatchdogSec=`).

use std::time::Duration;

use sd_notify::NotifyState;
use tokio::time::{Interval, MissedTickBehavior, interval};

/// Feeds the manager's watchdog at half its time. The accept loop asks for it, and each worker has a turn before: so none
/// of them has stopped.
pub(super) struct Watchdog(Option<Interval>);

impl Watchdog {
    pub(super) fn new() -> Self {
        let half = sd_notify::watchdog_enabled().map(|time| time / 2).filter(|half| *half > Duration::ZERO);
        Self(half.map(|half| {
            let mut interval = interval(half);
            interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
            interval
        }))
    }

    /// Waits until the next time; for ever where there is no watchdog.
    pub(super) async fn due(&mut self) {
        match &mut self.0 {
            Some(interval) => drop(interval.tick().await),
            None => std::future::pending().await,
        }
    }

    /// As soon as that says so.
    pub(super) fn feed(all_run: impl Future<Output = bool> + Send + 'static) {
        tokio::spawn(async {
            if !all_run.await {
                return tracing::error!("a thread that serves has ended: this is a defect");
            }
            if let Err(error) = sd_notify::notify(&[NotifyState::Watchdog]) {
                tracing::warn!(%error, "cannot tell the service manager that the server is alive");
            }
        });
    }
}
