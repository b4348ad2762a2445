//! What a server does beside answering: it learns what has been disabled, writes what has been counted, and removes what
//! has expired.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::{
    state::AppState,
    store::{self, StoreError},
};

/// How often the database is asked what is disabled: tokens of what is must be refused within a second.
const PERIOD: Duration = Duration::from_millis(300);
/// How often what has expired is looked for, and how much of it goes at once.
const PRUNING: (Duration, i64) = (Duration::from_secs(10), 1_000);
/// How long one round may take: a host that vanished answers nothing, not even an error.
const DEADLINE: Duration = Duration::from_secs(2);

/// Learns what is disabled.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked; what was known stays.
pub async fn learn_disabled(app: &AppState) -> Result<(), StoreError> {
    let disabled = store::disabled::all(&app.monitor).await?;
    app.disabled.send_if_modified(|known| {
        let changed = *known != disabled;
        *known = disabled;
        changed
    });
    Ok(())
}

/// Writes how often the documented forms were used.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked; the counts are kept for the next time.
pub async fn write_documented_forms(app: &AppState) -> Result<(), StoreError> {
    let uses = app.documented_forms.take();
    if uses.is_empty() {
        return Ok(());
    }
    let written = store::documented_form::add(&app.monitor, &uses).await;
    if written.is_err() {
        app.documented_forms.put_back(uses);
    }
    written
}

/// Does all of it for ever.
pub async fn run(app: AppState) {
    tokio::join!(learn_and_write(&app), prune_failed_attempts(&app));
}

/// Removes failed attempts that mean nothing any more.
async fn prune_failed_attempts(app: &AppState) {
    let mut ticks = interval(PRUNING.0);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = store::attempt::prune(&app.monitor, PRUNING.1).await {
            tracing::debug!(%error, "cannot remove expired attempts");
        }
    }
}

/// Learns and writes; a failure is logged once, until it is over.
async fn learn_and_write(app: &AppState) {
    let mut ticks = interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut failing = false;
    loop {
        ticks.tick().await;
        let round = async {
            learn_disabled(app).await?;
            write_documented_forms(app).await
        };
        let failure = match timeout(DEADLINE, round).await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some("the database did not answer in time".to_owned()),
        };
        match (&failure, failing) {
            (Some(why), false) => tracing::warn!(%why, "cannot learn what is disabled: what is known stays in force"),
            (None, true) => tracing::info!("learning what is disabled again"),
            _ => {}
        }
        failing = failure.is_some();
    }
}
