//! What is over is removed, and clients are counted: in the background, a little at a time, over connections that no
//! request waits for.
//!
//! Servers on one database do not wait for each other: each passes over the rows that another is at.

use std::{pin::Pin, time::Duration};

use tokio::time::{sleep, timeout};

use crate::{
    crypto::secret::random_bytes,
    state::AppState,
    store::{self, StoreError, db::Db, retry::repeatable},
};

/// Rows that one statement removes, at most: so few that nothing waits for them.
const BATCH: u16 = 500;
/// Between two statements, so that they take a small part of the database's time however much there is to do.
const PAUSE: Duration = Duration::from_millis(100);
/// How long one statement may take: a host that vanished answers nothing, not even an error.
const DEADLINE: Duration = Duration::from_secs(10);
/// How long after the start the first round comes, at most.
const FIRST: Duration = Duration::from_secs(10);
/// From one round to the next: half of it at least, one and a half times it at most.
const PERIOD: Duration = Duration::from_mins(5);

/// The same of a statement that may have to count all of a partner's clients.
const COUNTING: Duration = Duration::from_mins(2);
/// From one look at what is to be counted to the next: half of it at least, one and a half times it at most.
const COUNT_PERIOD: Duration = Duration::from_secs(30);
/// Events of a partner that may be left to count: so few that whoever asks for its subresellers adds them in no time.
const LEFT: i64 = 1_000;

/// What removes up to so many rows of a kind that are over, and says how many it did.
type Prune = for<'a> fn(&'a Db, i64) -> Pin<Box<dyn Future<Output = Result<u64, StoreError>> + Send + 'a>>;

/// Every kind of row that is ever over, and the clients whose words are not what they should be.
const KINDS: [(&str, Prune); 5] = [
    ("failed attempts", |db, limit| Box::pin(store::attempt::prune(db, limit))),
    ("refresh tokens", |db, limit| Box::pin(store::refresh_token::prune(db, limit))),
    ("token families", |db, limit| Box::pin(store::token_family::prune(db, limit))),
    ("idempotent replies", |db, limit| Box::pin(store::idempotency::prune(db, limit))),
    ("stale words", |db, limit| {
        Box::pin(async move { store::client_words::refold(&mut *db.acquire().await?, limit).await })
    }),
];

/// Does all of it, for ever.
pub async fn run(app: AppState) {
    tokio::join!(remove(&app), count(&app));
}

/// Removes what is over, for ever; a failure is logged once, until it is over.
async fn remove(app: &AppState) {
    let mut failing = false;
    let mut pause = FIRST.mul_f64(chance());
    loop {
        sleep(pause).await;
        pause = PERIOD.mul_f64(0.5 + chance());
        let round = round(app).await;
        match (&round, failing) {
            (Err(why), false) => tracing::warn!(%why, "cannot remove what is over"),
            (Ok(()), true) => tracing::info!("removing what is over again"),
            _ => {}
        }
        failing = round.is_err();
    }
}

/// Removes all that is over now.
///
/// # Errors
/// What could not be removed, and why.
pub async fn round(app: &AppState) -> Result<(), String> {
    for (name, prune) in KINDS {
        let mut removed = 0;
        loop {
            let batch = repeatable(&app.monitor.metrics().retries, || prune(&app.monitor, BATCH.into()));
            let batch = timeout(DEADLINE, batch).await;
            let batch = batch.map_err(|_| format!("{name}: the database did not answer in time"))?;
            let batch = batch.map_err(|error| format!("{name}: {error}"))?;
            removed += batch;
            if batch < BATCH.into() {
                break;
            }
            sleep(PAUSE).await;
        }
        tracing::debug!(name, removed, "removed what is over");
    }
    Ok(())
}

/// Moves the counts of partners' clients on, for ever; a failure is logged once, until it is over.
async fn count(app: &AppState) {
    let mut failing = false;
    loop {
        sleep(COUNT_PERIOD.mul_f64(0.5 + chance())).await;
        let counted = counted(app, LEFT).await;
        match (&counted, failing) {
            (Err(why), false) => tracing::warn!(%why, "cannot count clients"),
            (Ok(()), true) => tracing::info!("counting clients again"),
            _ => {}
        }
        failing = counted.is_err();
    }
}

/// Counts clients until no partner has so many events left to count.
///
/// # Errors
/// Why they could not be counted.
pub async fn counted(app: &AppState, left: i64) -> Result<(), String> {
    loop {
        let refresh = async || store::client_counts::refresh(&mut *app.monitor.acquire().await?, left).await;
        let step = repeatable(&app.monitor.metrics().retries, refresh);
        let step = timeout(COUNTING, step).await;
        let step = step.map_err(|_| "the database did not answer in time".to_owned())?;
        if !step.map_err(|error| error.to_string())? {
            return Ok(());
        }
        sleep(PAUSE).await;
    }
}

/// A random part of one, so that servers that start together do not work together.
fn chance() -> f64 {
    f64::from(u16::from_be_bytes(random_bytes::<2>())) / f64::from(u16::MAX)
}
