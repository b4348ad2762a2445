//! `SIGHUP`: what can be set anew while the server runs.

use anyhow::{Context as _, Result};
use sd_notify::NotifyState;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::serve::tell;
use crate::{
    settings::{Settings, Vars},
    state::AppState,
    telemetry,
};

/// The settings that take effect without a restart.
const RELOADED: [&str; 2] = ["DNA_LOG", "DNA_TRUSTED_PROXIES"];

/// `SIGHUP`, and the settings that hold. Made before there is anything to reload: the signal ends whoever does not listen.
pub(super) struct Reload {
    hangups: Signal,
    vars: Vars,
}

impl Reload {
    pub(super) fn listen() -> Result<Self> {
        let hangups = signal(SignalKind::hangup()).context("cannot listen for signals")?;
        Ok(Self { hangups, vars: Vars::from_process()? })
    }

    /// Reads the settings again at each signal. The environment of a process never changes, so that is `.env`.
    pub(super) async fn run(mut self, app: AppState) {
        while self.hangups.recv().await.is_some() {
            let now = NotifyState::monotonic_usec_now().ok();
            tell(&[Some(NotifyState::Reloading), now].into_iter().flatten().collect::<Vec<_>>());
            if let Err(error) = self.reload(&app) {
                tracing::error!(%error, "the settings are as before");
            }
            tell(&[NotifyState::Ready]);
        }
    }

    fn reload(&mut self, app: &AppState) -> Result<()> {
        let vars = Vars::from_process()?;
        let settings = Settings::read(&vars)?;
        telemetry::reload(&settings.log);
        app.policy.trusted_proxies.send_replace(settings.trusted_proxies);
        let changed = self.vars.changed(&vars);
        let (new, old): (Vec<&str>, Vec<&str>) = changed.iter().partition(|name| RELOADED.contains(name));
        tracing::info!(changed = new.join(" "), "the settings were read again");
        if !old.is_empty() {
            // They stay as they were, so they are told again next time.
            tracing::warn!(changed = old.join(" "), "these settings take effect with a restart");
        }
        Ok(())
    }
}
