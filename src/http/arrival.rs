//! What the accept loop tells of a request that it hands on, and how long what arrives may take.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use super::error::ApiError;

/// Why a request goes no further than the edge. The connection closes after the reply.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// Its head is not what RFC 9112 says, or another server could read it in another way: which rule it breaks.
    Malformed(&'static str),
    /// The head did not arrive in time.
    TooSlow,
    /// The URL is longer than any that is looked at.
    UriTooLong,
    /// Too many headers, or too many bytes of them.
    HeadTooLarge,
    /// This server has too much to do.
    Overload(&'static str),
}

/// The server is about to stop: who asks whether it is ready should look elsewhere.
#[derive(Clone, Copy, Debug)]
pub struct Draining;

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Malformed(rule) => Self::InvalidRequest(rule.into()),
            Refusal::TooSlow => Self::HeadTimeout,
            Refusal::UriTooLong => Self::UriTooLong,
            Refusal::HeadTooLarge => Self::HeadTooLarge,
            Refusal::Overload(what) => Self::Unavailable(what.into()),
        }
    }
}

/// A deadline for something that arrives, up to a fourteenth later for one than for another: of those that began at once,
/// and never end, not all are refused at once, while others wait.
pub fn staggered(deadline: Duration) -> Duration {
    static TURN: AtomicU32 = AtomicU32::new(0);
    deadline + deadline * (TURN.fetch_add(1, Ordering::Relaxed) % 8) / 100
}
