//! What a server does beside answering: it learns what has been disabled and revoked, and writes what has been counted.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::{
    state::AppState,
    store::{self, StoreError},
};

/// How often the database is asked what is disabled and revoked: such tokens must be refused within a second.
const PERIOD: Duration = Duration::from_millis(300);
/// How long one round may take: a host that vanished answers nothing, not even an error.
const DEADLINE: Duration = Duration::from_millis(1_500);

/// Learns what is disabled and what was revoked.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked; what was known stays.
pub async fn learn(app: &AppState) -> Result<(), StoreError> {
    let since = app.revoked.since();
    let news = store::token_family::revoked_since(&app.monitor, since).await?;
    learn_disabled(app).await?;
    app.revoked.learn(news, since.is_none());
    app.db.pulse().beat();
    Ok(())
}

async fn learn_disabled(app: &AppState) -> Result<(), StoreError> {
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

/// Does both for ever; a failure is logged once, until it is over.
pub async fn run(app: AppState) {
    let mut ticks = interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut failing = false;
    loop {
        ticks.tick().await;
        let round = async {
            learn(&app).await?;
            write_documented_forms(&app).await
        };
        let failure = match timeout(DEADLINE, round).await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => {
                app.db.renew();
                app.monitor.renew();
                Some("the database did not answer in time".to_owned())
            }
        };
        match (&failure, failing) {
            (Some(why), false) => {
                tracing::warn!(%why, "cannot learn what is disabled and revoked: what is known stays in force");
            }
            (None, true) => tracing::info!("learning what is disabled and revoked again"),
            _ => {}
        }
        failing = failure.is_some();
    }
}
