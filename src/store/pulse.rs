//! Whether the database answers anybody at all: what tells a slow one from a host that has vanished.

use std::{
    io,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::time::timeout;

/// How often somebody who waits looks whether the database was heard of.
const LOOK: Duration = Duration::from_millis(250);
/// After so many looks at nothing, the database is taken for dead: a second and a half. Looks are counted, not time: a
/// process that was held up itself has not listened. The background, which asks, must not be held up alone for so long.
pub const PATIENCE: u32 = 6;
/// The same for what has begun to reply, an import or an export: ten seconds. Nobody can try another server then, and a
/// machine at its limits may well need one.
pub const LONG_PATIENCE: u32 = 40;

/// Whether the database answers: the background asks it three times a second, and each answer to anybody counts.
#[derive(Clone, Debug, Default)]
pub struct Pulse(Arc<AtomicU64>);

impl Pulse {
    /// How often it has answered.
    #[must_use]
    pub fn beats(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// The database has answered somebody.
    pub fn beat(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// Waits for some work as long as the database answers anybody at all; none where it was silent for so many looks. So
    /// a slow statement has its time, and a dead host holds nobody.
    pub async fn unless_silent<T>(&self, looks: u32, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        let (mut heard, mut silent) = (self.beats(), 0);
        loop {
            if let Ok(done) = timeout(LOOK, &mut work).await {
                return Some(done);
            }
            let now = self.beats();
            silent = if now == heard { silent + 1 } else { 0 };
            heard = now;
            if silent == looks {
                return None;
            }
        }
    }
}

/// What is told of a database that answers nobody.
#[must_use]
pub fn silent() -> sqlx::Error {
    sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, "the database does not answer"))
}
