//! How much this server takes on at once, and that it is about to stop: what all of its connections share.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll},
};

use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{deadlines::Deadlines, polls::Polls};
use crate::metrics::request::{Requests, Shed};

/// Connections, where the operator names no number and the limit on open files allows it.
const CONNECTIONS: usize = 20_000;
/// Files that are none of a caller's: the database's connections, the log, the listener.
const OTHER_FILES: usize = 256;
/// Heads of more than 16 KiB that arrive at once: 128 MiB of them.
const LARGE_HEADS: usize = 1024;
/// For each request that is worked on, how many may wait for their bodies.
const WAITING: usize = 8;
/// Connections at once that are told that there are too many.
const TURNED_AWAY: usize = 256;

/// See the module.
pub struct Bounds {
    pub(super) connections: Arc<Semaphore>,
    pub(super) turned_away: Arc<Semaphore>,
    large_heads: Arc<Semaphore>,
    requests: usize,
    working: AtomicUsize,
    waiting: AtomicUsize,
    draining: AtomicBool,
    pub(super) deadlines: Deadlines,
    pub(super) polls: Polls,
    pub(super) metrics: Requests,
}

impl Bounds {
    /// So many connections, or as many as the limit on open files leaves, and so many requests.
    #[must_use]
    pub fn new(connections: Option<usize>, requests: usize, deadlines: Deadlines, metrics: Requests) -> Arc<Self> {
        let files = usize::try_from(raise_open_files()).unwrap_or(usize::MAX);
        let possible = files.saturating_sub(OTHER_FILES).max(files / 2).max(1);
        let wanted = connections.unwrap_or(CONNECTIONS);
        if connections.is_some() && wanted > possible {
            tracing::warn!(wanted, possible, "the limit on open files allows fewer than DNA_MAX_CONNECTIONS: raise it");
        }
        Arc::new(Self {
            connections: Arc::new(Semaphore::new(wanted.min(possible))),
            turned_away: Arc::new(Semaphore::new(TURNED_AWAY)),
            large_heads: Arc::new(Semaphore::new(LARGE_HEADS)),
            requests,
            working: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
            draining: AtomicBool::new(false),
            deadlines,
            polls: Polls::default(),
            metrics,
        })
    }

    pub(super) fn large_head(&self) -> Option<OwnedSemaphorePermit> {
        let room = Arc::clone(&self.large_heads).try_acquire_owned().ok();
        if room.is_none() {
            self.metrics.shed.count(Shed::LargeHeads);
        }
        room
    }

    /// From now on each reply closes its connection, and this server says that it is not ready.
    pub(super) fn drain(&self) {
        self.draining.store(true, Relaxed);
    }

    pub(super) fn is_draining(&self) -> bool {
        self.draining.load(Relaxed)
    }

    /// Lets a request in; none where there are too many.
    pub(super) fn enter(self: &Arc<Self>) -> Option<Arc<Entry>> {
        let is_full =
            self.working.load(Relaxed) >= self.requests || self.waiting.load(Relaxed) >= self.requests * WAITING;
        if is_full {
            self.metrics.shed.count(Shed::Requests);
        }
        (!is_full).then(|| {
            self.working.fetch_add(1, Relaxed);
            Arc::new(Entry { bounds: Arc::clone(self), waits: AtomicBool::new(false) })
        })
    }
}

/// The limit on open files, raised to what is allowed to this account.
fn raise_open_files() -> u64 {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return 1024 };
    if soft < hard && setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_ok() {
        return hard;
    }
    soft
}

/// A request that was let in. While it waits for its body, it is no work.
pub(super) struct Entry {
    bounds: Arc<Bounds>,
    waits: AtomicBool,
}

impl Entry {
    fn wait(&self, waits: bool) {
        let (working, waiting) = (&self.bounds.working, &self.bounds.waiting);
        if self.waits.swap(waits, Relaxed) == waits {
            return;
        }
        let (from, to) = if waits { (working, waiting) } else { (waiting, working) };
        from.fetch_sub(1, Relaxed);
        to.fetch_add(1, Relaxed);
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.wait(false);
        self.bounds.working.fetch_sub(1, Relaxed);
    }
}

/// A request's body, which tells when it is waited for.
pub(super) struct Awaited {
    pub(super) body: Incoming,
    pub(super) entry: Option<Arc<Entry>>,
}

impl Body for Awaited {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        if let Some(entry) = &self.entry {
            entry.wait(frame.is_pending());
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Awaited {
    fn drop(&mut self) {
        if let Some(entry) = &self.entry {
            entry.wait(false);
        }
    }
}
