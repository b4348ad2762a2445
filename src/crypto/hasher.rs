//! The gate before argon2: as many hashing threads as cores, each with its own memory, behind a bounded queue. Hashing
//! never runs on the async threads, and never more at once than the cores.

use std::{
    panic::{self, AssertUnwindSafe},
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread,
};

use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::oneshot;

use super::{
    password::{HashError, Workspace},
    time_slice,
};
use crate::{
    metrics::hashing::{Hashing, Queued},
    traces::work::Work,
};

/// Callers that may wait for one thread: about a second of work where a hash takes 15 ms, as with AVX2; half of that with
/// AVX-512.
const QUEUE_PER_THREAD: usize = 64;

/// Why nothing was hashed.
#[derive(Debug, thiserror::Error)]
pub enum HasherError {
    /// Too many callers wait already: try again in a second.
    #[error("the queue for password hashing is full")]
    Busy,
    /// The stored hash cannot be used, or there is no memory.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// A defect of what was done on the hashing thread, which goes on with what is next.
    #[error("a hashing thread panicked")]
    Panicked,
}

/// What a thread does for somebody.
trait Job: Send {
    /// Whether somebody still waits for it.
    fn is_wanted(&self) -> bool;

    fn carry_out(self: Box<Self>, workspace: &mut Workspace);
}

/// Some work, and who waits for what comes of it.
struct Task<F, T> {
    work: F,
    reply: oneshot::Sender<T>,
}

impl<F: FnOnce(&mut Workspace) -> T + Send, T: Send> Job for Task<F, T> {
    fn is_wanted(&self) -> bool {
        !self.reply.is_closed()
    }

    fn carry_out(self: Box<Self>, workspace: &mut Workspace) {
        drop(self.reply.send((self.work)(workspace)));
    }
}

/// Hashes and verifies passwords; its clones share the threads, which end with the last of them.
#[derive(Clone)]
pub struct Hasher {
    jobs: SyncSender<(Box<dyn Job>, Queued)>,
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
    /// [`HasherError`], of which [`HasherError::Busy`] is the one to expect: the queue is full.
    pub async fn hash(&self, password: SecretString) -> Result<String, HasherError> {
        Ok(self.submit(move |workspace| workspace.hash(password.expose_secret())).await??)
    }

    /// Whether `password` has the hash `stored`.
    ///
    /// # Errors
    /// [`HasherError`]: [`HashError::Unusable`] when `stored` is no argon2id hash.
    pub async fn verify(&self, password: SecretString, stored: String) -> Result<bool, HasherError> {
        Ok(self.verify_and(password, stored, || ()).await?.is_some())
    }

    /// What `then` makes where `password` has the hash `stored`, on the same thread: signing takes milliseconds too.
    ///
    /// # Errors
    /// As [`Self::verify`].
    pub async fn verify_and<T: Send + 'static>(
        &self,
        password: SecretString,
        stored: String,
        then: impl FnOnce() -> T + Send + 'static,
    ) -> Result<Option<T>, HasherError> {
        let verify =
            move |workspace: &mut Workspace| Ok(workspace.verify(password.expose_secret(), &stored)?.then(then));
        self.submit(verify).await?
    }

    async fn submit<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Workspace) -> T + Send + 'static,
    ) -> Result<T, HasherError> {
        let (reply, done) = oneshot::channel();
        let job: Box<dyn Job> = Box::new(Task { work, reply });
        let hashing = Work::hashing();
        if let Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) =
            self.jobs.try_send((job, self.metrics.join()))
        {
            self.metrics.refused();
            hashing.failed("busy");
            return Err(HasherError::Busy);
        }
        done.await.map_err(|_| {
            hashing.failed("panic");
            HasherError::Panicked
        })
    }
}

/// Takes jobs until the last [`Hasher`] is gone. Who hung up while waiting is not worked for.
fn work(queue: &Mutex<Receiver<(Box<dyn Job>, Queued)>>) {
    time_slice::lengthen();
    let mut workspace = Workspace::default();
    loop {
        let next = queue.lock().map(|queue| queue.recv());
        let Ok(Ok((job, queued))) = next else { return };
        if !job.is_wanted() {
            continue;
        }
        queued.begins();
        // Who waits learns of a panic by the reply that does not come; those behind it need the thread.
        if panic::catch_unwind(AssertUnwindSafe(|| job.carry_out(&mut workspace))).is_err() {
            workspace = Workspace::default();
        }
    }
}
