//! What a server does beside answering: it hears whether the database answers, learns what has been disabled and revoked,
//! and writes what has been counted.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::{
    state::AppState,
    store::{self, StoreError},
};

/// How often the database is asked: what is disabled and revoked must be refused within a second.
const PERIOD: Duration = Duration::from_millis(300);
/// How long one answer may take: a host that vanished gives none, not even an error.
const DEADLINE: Duration = Duration::from_millis(1_500);

/// Learns what is disabled and what was revoked.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked; what was known stays.
pub async fn learn(app: &AppState) -> Result<(), StoreError> {
    let since = app.revoked.since();
    let news = store::token_family::revoked_since(&app.monitor, since).await?;
    let ahead = (news.as_of - app.clock.now()).as_seconds_f64();
    app.metrics.clock_skew.set(ahead);
    learn_disabled(app).await?;
    app.revoked.learn(news, since.is_none());
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

/// Does all of it, for ever.
pub async fn run(app: AppState) {
    tokio::join!(listen(&app), keep_up(&app));
}

/// Hears whether the database answers, however busy it is: what is asked is of no table, so that no lock is in its way.
/// Where nobody else was answered either, all connections are given up.
async fn listen(app: &AppState) {
    let pulse = app.db.pulse();
    let mut ticks = interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let before = pulse.beats();
        let answer = async {
            let mut connection = app.monitor.acquire().await?;
            let writable = store::pool::is_writable(&mut connection).await?;
            connection.put_back();
            Ok::<_, sqlx::Error>(writable)
        };
        match timeout(DEADLINE, answer).await {
            Ok(Ok(_)) => pulse.beat(),
            Ok(Err(error)) => tracing::debug!(%error, "the database was asked in vain"),
            Err(_) if pulse.beats() == before => {
                app.db.renew();
                app.monitor.renew();
            }
            Err(_) => {}
        }
    }
}

/// Learns and writes; a failure is logged once, until it is over.
async fn keep_up(app: &AppState) {
    let mut ticks = interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut failing = false;
    loop {
        ticks.tick().await;
        let round = async {
            app.db.tidy();
            app.monitor.tidy();
            learn(app).await?;
            write_documented_forms(app).await
        };
        let failure = match timeout(DEADLINE, round).await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some("the database did not answer in time".to_owned()),
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
