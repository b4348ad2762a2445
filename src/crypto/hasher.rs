//! The gate before argon2: as many hashing threads as cores, each with its own memory, behind a bounded queue. Hashing
//! never runs on the async threads, and never more at once than the cores.

use std::{
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread,
};

use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::oneshot;

use super::password::{BadHash, Workspace};
use crate::{
    metrics::hashing::{Hashing, Queued},
    traces::work::Work,
};

/// Callers that may wait for one thread: about a second of work.
const QUEUE_PER_THREAD: usize = 32;

/// Why nothing was hashed.
#[derive(Debug, thiserror::Error)]
pub enum HasherError {
    /// Too many callers wait already: try again in a second.
    #[error("the queue for password hashing is full")]
    Busy,
    /// The stored hash cannot be used.
    #[error(transparent)]
    BadHash(#[from] BadHash),
}

enum Job {
    Hash(SecretString, oneshot::Sender<Result<String, BadHash>>),
    Verify(SecretString, String, oneshot::Sender<Result<bool, BadHash>>),
}

impl Job {
    /// Whether somebody still waits for it.
    fn is_wanted(&self) -> bool {
        match self {
            Self::Hash(_, reply) => !reply.is_closed(),
            Self::Verify(_, _, reply) => !reply.is_closed(),
        }
    }
}

/// Hashes and verifies passwords; its clones share the threads, which end with the last of them.
#[derive(Clone)]
pub struct Hasher {
    jobs: SyncSender<(Job, Queued)>,
    metrics: Hashing,
}

impl Hasher {
    /// Starts the threads: one a core.
    ///
    /// # Panics
    /// Where the system starts no thread.
    #[must_use]
    pub fn start(metrics: Hashing) -> Self {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let (jobs, queue) = sync_channel(QUEUE_PER_THREAD * threads);
        let queue = Arc::new(Mutex::new(queue));
        for _ in 0..threads {
            let queue = Arc::clone(&queue);
            thread::Builder::new().name("argon2".into()).spawn(move || work(&queue)).expect("a thread to hash on");
        }
        Self { jobs, metrics }
    }

    /// The hash of a new password, as a PHC string.
    ///
    /// # Errors
    /// [`HasherError::Busy`] when the queue is full.
    pub async fn hash(&self, password: SecretString) -> Result<String, HasherError> {
        let (reply, done) = oneshot::channel();
        let _hashing = self.submit(Job::Hash(password, reply))?;
        Ok(done.await.map_err(|_| HasherError::Busy)??)
    }

    /// Whether `password` has the hash `stored`.
    ///
    /// # Errors
    /// [`HasherError::Busy`] when the queue is full, [`HasherError::BadHash`] when `stored` is no argon2id hash.
    pub async fn verify(&self, password: SecretString, stored: String) -> Result<bool, HasherError> {
        let (reply, done) = oneshot::channel();
        let _hashing = self.submit(Job::Verify(password, stored, reply))?;
        Ok(done.await.map_err(|_| HasherError::Busy)??)
    }

    fn submit(&self, job: Job) -> Result<Work, HasherError> {
        let hashing = Work::hashing();
        let queued = (job, self.metrics.join());
        match self.jobs.try_send(queued) {
            Ok(()) => Ok(hashing),
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                self.metrics.refused();
                hashing.failed("busy");
                Err(HasherError::Busy)
            }
        }
    }
}

/// Takes jobs until the last [`Hasher`] is gone. Who hung up while waiting is not worked for.
fn work(queue: &Mutex<Receiver<(Job, Queued)>>) {
    let mut workspace = Workspace::default();
    loop {
        let next = queue.lock().map(|queue| queue.recv());
        let Ok(Ok((job, queued))) = next else { return };
        if !job.is_wanted() {
            continue;
        }
        queued.begins();
        match job {
            Job::Hash(password, reply) => drop(reply.send(workspace.hash(password.expose_secret()))),
            Job::Verify(password, stored, reply) => {
                drop(reply.send(workspace.verify(password.expose_secret(), &stored)));
            }
        }
    }
}
