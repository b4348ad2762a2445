//! What the two ends of a connection, its bytes and its requests, know of each other.

use std::{
    pin::Pin,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll},
};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};

use crate::http::arrival::Refusal;

/// See the module.
#[derive(Default)]
pub(super) struct Connection {
    /// The number of the head that was refused, which is the last, and why.
    refused: OnceLock<(u64, Refusal)>,
    /// Requests that hyper has handed on.
    served: AtomicU64,
    /// Of these, how many have not been answered yet.
    busy: AtomicUsize,
}

impl Connection {
    /// The head of that number, counted from one, is refused; no other follows.
    pub(super) fn refuse(&self, head: u64, refusal: Refusal) {
        let _ = self.refused.set((head, refusal));
    }

    pub(super) fn is_refused(&self) -> bool {
        self.refused.get().is_some()
    }

    pub(super) fn is_busy(&self) -> bool {
        self.busy.load(Relaxed) > 0
    }

    /// Another request begins: whether it stands for a head that was refused.
    pub(super) fn next(self: &Arc<Self>) -> (Option<Refusal>, Busy) {
        let number = self.served.fetch_add(1, Relaxed) + 1;
        self.busy.fetch_add(1, Relaxed);
        (self.refused.get().filter(|(head, _)| *head == number).map(|(_, refusal)| *refusal), Busy(Arc::clone(self)))
    }
}

/// A request that has not been answered to the last byte.
pub(super) struct Busy(Arc<Connection>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.busy.fetch_sub(1, Relaxed);
    }
}

/// A reply's body, which is being sent until it is dropped.
pub(super) struct Reply {
    pub(super) body: Body,
    pub(super) _busy: Busy,
}

impl HttpBody for Reply {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
