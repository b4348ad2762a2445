//! What is over is removed: in the background, a few rows at a time, over connections that no request waits for.
//!
//! Servers on one database do not wait for each other: each passes over the rows that another is at.

use std::{pin::Pin, time::Duration};

use sqlx::PgPool;
use tokio::time::{sleep, timeout};

use crate::{
    crypto::secret::random_bytes,
    state::AppState,
    store::{self, StoreError},
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

/// What removes up to so many rows of a kind that are over, and says how many it did.
type Prune = for<'a> fn(&'a PgPool, i64) -> Pin<Box<dyn Future<Output = Result<u64, StoreError>> + Send + 'a>>;

/// Every kind of row that is ever over.
const KINDS: [(&str, Prune); 4] = [
    ("failed attempts", |db, limit| Box::pin(store::attempt::prune(db, limit))),
    ("refresh tokens", |db, limit| Box::pin(store::refresh_token::prune(db, limit))),
    ("token families", |db, limit| Box::pin(store::token_family::prune(db, limit))),
    ("idempotent replies", |db, limit| Box::pin(store::idempotency::prune(db, limit))),
];

/// Removes what is over, for ever; a failure is logged once, until it is over.
pub async fn run(app: AppState) {
    let mut failing = false;
    let mut pause = FIRST.mul_f64(chance());
    loop {
        sleep(pause).await;
        pause = PERIOD.mul_f64(0.5 + chance());
        let round = round(&app).await;
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
            let batch = timeout(DEADLINE, prune(&app.monitor.pool(), BATCH.into())).await;
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

/// A random part of one, so that servers that start together do not work together.
fn chance() -> f64 {
    f64::from(u16::from_be_bytes(random_bytes::<2>())) / f64::from(u16::MAX)
}
