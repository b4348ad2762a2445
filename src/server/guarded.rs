//! A connection's bytes with deadlines, between the socket and hyper.

use std::{
    io,
    mem::MaybeUninit,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::OwnedSemaphorePermit,
    time::{Instant, Sleep, sleep},
};

use super::{
    bounds::Bounds,
    connection::Connection,
    framing::{Progress, Requests},
};
use crate::http::arrival::{Refusal, staggered};

/// How long, and how much, is read on from a caller that was refused, so that it sees why.
const LINGER: Duration = Duration::from_secs(2);
const LINGER_BYTES: usize = 4 * 1024 * 1024;
/// Bytes that are read at once.
const CHUNK: usize = 8 * 1024;
/// Bytes of a head that any connection may hold; for more there is a common store.
const OWN_HEAD: usize = 16 * 1024;
/// What hyper sees in the place of a head that was refused. The edge knows it by its number.
const STAND_IN: &[u8] = b"GET / HTTP/1.1\r\nHost: refused\r\nConnection: close\r\n\r\n";

/// What is waited for: the deadline begins anew with each.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wait {
    /// For nothing of the caller's: it has not been answered to the last byte.
    Answer,
    First,
    Idle(u64),
    Head(u64),
}

/// See the module.
pub(super) struct Guarded<S> {
    stream: S,
    bounds: Arc<Bounds>,
    connection: Arc<Connection>,
    requests: Requests,
    /// What was read and not passed on: of it, the first `passed` bytes may be, and `given` were.
    bytes: Vec<u8>,
    given: usize,
    passed: usize,
    large: Option<OwnedSemaphorePermit>,
    /// Nothing more is read.
    ended: bool,
    wait: Wait,
    deadline: Pin<Box<Sleep>>,
    writing: Option<Pin<Box<Sleep>>>,
    lingering: Option<(Pin<Box<Sleep>>, usize)>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Guarded<S> {
    pub(super) fn new(stream: S, bounds: Arc<Bounds>, connection: Arc<Connection>) -> Self {
        let deadline = Box::pin(sleep(bounds.deadlines.head));
        Self {
            stream,
            bounds,
            connection,
            requests: Requests::default(),
            bytes: Vec::new(),
            given: 0,
            passed: 0,
            large: None,
            ended: false,
            wait: Wait::Answer, // so that the first poll sets a deadline
            deadline,
            writing: None,
            lingering: None,
        }
    }

    /// Gives hyper what may be passed on; false where there is nothing.
    fn give(&mut self, out: &mut ReadBuf<'_>) -> bool {
        let count = out.remaining().min(self.passed - self.given);
        out.put_slice(&self.bytes[self.given..self.given + count]);
        self.given += count;
        if self.given == self.passed {
            self.bytes.drain(..self.passed);
            (self.given, self.passed) = (0, 0);
            if self.bytes.is_empty() {
                self.bytes = Vec::new(); // an idle connection holds no memory
            }
        }
        count > 0
    }

    fn refuse(&mut self, refusal: Refusal) {
        self.bytes.truncate(self.passed);
        self.bytes.extend_from_slice(STAND_IN);
        self.passed = self.bytes.len();
        self.large = None;
        self.connection.refuse(self.requests.heads + 1, refusal);
    }

    fn sort(&mut self) {
        match self.requests.advance(&mut self.bytes, &mut self.passed) {
            Progress::Fine => {}
            Progress::Refused(refusal) => self.refuse(refusal),
            Progress::Broken => {
                self.bytes.truncate(self.passed); // the handler sees a body that ends too early
                self.ended = true;
            }
        }
        if self.bytes.len() - self.passed <= OWN_HEAD {
            self.large = None;
        } else if self.large.is_none() {
            match self.bounds.large_head() {
                Some(permit) => self.large = Some(permit),
                None => self.refuse(Refusal::Overload("too many large requests arrive at once")),
            }
        }
    }

    /// Waits for the caller, but not for ever.
    fn poll_deadline(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if !self.requests.awaits_head() {
            return Poll::Pending; // the handler bounds the body
        }
        let wait = match (self.bytes.len() > self.passed, self.requests.heads) {
            _ if self.connection.is_busy() || self.writing.is_some() => Wait::Answer,
            (_, 0) => Wait::First,
            (true, heads) => Wait::Head(heads),
            (false, heads) => Wait::Idle(heads),
        };
        let limit = match wait {
            Wait::Answer => None,
            Wait::First | Wait::Head(_) => Some(self.bounds.deadlines.head),
            Wait::Idle(_) => Some(self.bounds.deadlines.idle),
        };
        // Of an empty line nothing is left, and its deadline goes on: else one after the other would be waited for anew.
        let was_empty = matches!((self.wait, wait), (Wait::Head(before), Wait::Idle(now)) if before == now);
        let is_new = !was_empty && std::mem::replace(&mut self.wait, wait) != wait;
        let Some(limit) = limit else { return Poll::Pending };
        if is_new {
            self.deadline.as_mut().reset(Instant::now() + staggered(limit));
        }
        self.deadline.as_mut().poll(context)
    }

    /// Reads on from a caller that was refused: closing on it would reset the connection, and it would never see why.
    fn poll_linger(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let (deadline, left) = self.lingering.get_or_insert_with(|| (Box::pin(sleep(LINGER)), LINGER_BYTES));
        let mut space = [MaybeUninit::uninit(); CHUNK];
        while *left > 0 && deadline.as_mut().poll(context).is_pending() {
            let mut chunk = ReadBuf::uninit(&mut space);
            let read = ready!(Pin::new(&mut self.stream).poll_read(context, &mut chunk));
            if read.is_err() || chunk.filled().is_empty() {
                break;
            }
            *left = left.saturating_sub(chunk.filled().len());
        }
        Poll::Ready(())
    }

    /// Bounds how long a write may make no headway.
    fn in_time<T>(&mut self, context: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.writing = None;
            return written;
        }
        let deadline = self.writing.get_or_insert_with(|| Box::pin(sleep(self.bounds.deadlines.write)));
        ready!(deadline.as_mut().poll(context));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the caller reads nothing")))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Guarded<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            if this.give(out) {
                return Poll::Ready(Ok(()));
            }
            if this.connection.is_refused() {
                return Poll::Pending; // hyper closes behind the reply; an end would make it drop that
            }
            if this.ended {
                return Poll::Ready(Ok(()));
            }
            let mut space = [MaybeUninit::uninit(); CHUNK];
            let mut chunk = ReadBuf::uninit(&mut space);
            match Pin::new(&mut this.stream).poll_read(context, &mut chunk)? {
                Poll::Ready(()) if chunk.filled().is_empty() => this.ended = true,
                Poll::Ready(()) => {
                    this.bytes.extend_from_slice(chunk.filled());
                    this.sort();
                }
                Poll::Pending => {
                    ready!(this.poll_deadline(context));
                    if this.bytes.is_empty() {
                        this.ended = true;
                    } else {
                        this.refuse(Refusal::TooSlow);
                    }
                }
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Guarded<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(context, bytes);
        this.in_time(context, written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write_vectored(context, slices);
        this.in_time(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.lingering.is_none() {
            ready!(Pin::new(&mut this.stream).poll_shutdown(context))?;
        }
        if this.connection.is_refused() {
            ready!(this.poll_linger(context));
        }
        Poll::Ready(Ok(()))
    }
}
