//! What is done again, and after how long.

use std::{
    error::Error,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::time::sleep;
use uuid::Uuid;

use crate::{
    metrics::{Counts, database::Conflict},
    traces::work::Work,
};

/// How long something that gives way is done again, from the first time it had to: as long as it would wait for a lock.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often at least, though one time may take longer than that.
const RETRIES: u32 = 5;
/// How long before the first time, at most; twice as long each time, until it has grown to the other.
const PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(320);

/// How often something was done again already.
///
/// Only what is known not to have happened is: the database rolled it back in favour of somebody else (40001, 40P01). A
/// connection that broke tells nothing of the statement that was on it, so of what that ends only a reading is repeated,
/// once. A write whose fate is unknown never is: its caller is told so, and has `Idempotency-Key`.
#[derive(Debug)]
pub struct Retries<'m> {
    done: u32,
    until: Option<Instant>,
    reads: bool,
    counts: &'m Counts<Conflict>,
}

impl<'m> Retries<'m> {
    /// Those of a transaction, which is repeated as a whole.
    #[must_use]
    pub const fn of_transaction(counts: &'m Counts<Conflict>) -> Self {
        Self { done: 0, until: None, reads: false, counts }
    }

    /// Those of one statement that is a transaction of its own.
    #[must_use]
    pub fn of_statement(sql: &str, counts: &'m Counts<Conflict>) -> Self {
        Self { done: 0, until: None, reads: sql.trim_start().starts_with("select"), counts }
    }

    /// Tells the trace how it ended, if it was worth a word: it was repeated, or it failed.
    pub fn trace(&self, work: &Work, error: Option<&(dyn Error + 'static)>) {
        if self.done > 0 {
            work.tried(self.done + 1);
        }
        if let Some(error) = error {
            failed(work, error);
        }
    }

    /// Whether it is to be done again after this error. If so, this has waited long enough.
    pub fn again(&mut self, error: &(dyn Error + 'static)) -> impl Future<Output = bool> + Send + use<> {
        let pause = self.pause(error);
        async move {
            if let Some(pause) = pause {
                sleep(pause).await;
            }
            pause.is_some()
        }
    }

    fn pause(&mut self, error: &(dyn Error + 'static)) -> Option<Duration> {
        let error = cause(error)?;
        let conflict = conflict(error)?;
        let now = Instant::now();
        let until = *self.until.get_or_insert(now + PATIENCE);
        let again = match conflict {
            Conflict::Broken => self.reads && self.done == 0,
            Conflict::Serialization | Conflict::Deadlock => self.done < RETRIES || now < until,
        };
        if !again {
            return None;
        }
        tracing::debug!(%error, retry = self.done + 1, "trying again");
        let pause = PAUSE.saturating_mul(2_u32.saturating_pow(self.done)).min(LONGEST_PAUSE);
        self.done += 1;
        self.counts.count(conflict);
        Some(pause.mul_f64(chance()))
    }
}

/// Tells the trace of what failed.
pub(super) fn failed(work: &Work, error: &(dyn Error + 'static)) {
    match cause(error) {
        Some(sqlx::Error::RowNotFound) | None => {}
        Some(error) => match sqlstate(error) {
            Some(state) => work.failed_with(&state),
            None => work.failed(kind(error)),
        },
    }
}

/// Carries something out that is rolled back where it fails, and again where the database made it give way.
///
/// # Errors
/// That of the last time.
pub async fn repeatable<T, E: Error + 'static, F: Future<Output = Result<T, E>>>(
    counts: &Counts<Conflict>,
    work: impl Fn() -> F,
) -> Result<T, E> {
    let mut retries = Retries::of_transaction(counts);
    let transaction = Work::transaction();
    loop {
        match transaction.within(work()).await {
            Err(error) if retries.again(&error).await => {}
            done => {
                retries.trace(&transaction, done.as_ref().err().map(|error| error as &(dyn Error + 'static)));
                return done;
            }
        }
    }
}

/// The database's own error, however it is wrapped.
fn cause<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e sqlx::Error> {
    let shared = || error.downcast_ref::<Arc<sqlx::Error>>().map(Arc::as_ref);
    error.downcast_ref().or_else(shared).or_else(|| cause(error.source()?))
}

/// What of that which is done again was in the way: the database chose this transaction as the one to give way, or its
/// connection ended.
fn conflict(error: &sqlx::Error) -> Option<Conflict> {
    match sqlstate(error).as_deref() {
        Some("40001") => Some(Conflict::Serialization),
        Some("40P01") => Some(Conflict::Deadlock),
        _ => is_broken(error).then_some(Conflict::Broken),
    }
}

/// Whether the connection ended under it.
fn is_broken(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(error) => error.kind() != std::io::ErrorKind::TimedOut,
        _ => sqlstate(error).is_some_and(|code| code.starts_with("57P0") || code.starts_with("08")),
    }
}

fn sqlstate(error: &sqlx::Error) -> Option<String> {
    error.as_database_error()?.code().map(std::borrow::Cow::into_owned)
}

/// A word for an error that is not of the database itself.
const fn kind(error: &sqlx::Error) -> &'static str {
    match error {
        sqlx::Error::Io(_) => "connection",
        sqlx::Error::PoolTimedOut => "no connection was free",
        _ => "other",
    }
}

/// A random part of one, so that those that met do not meet again.
fn chance() -> f64 {
    let [.., last] = *Uuid::new_v4().as_bytes();
    f64::from(last) / f64::from(u8::MAX)
}
