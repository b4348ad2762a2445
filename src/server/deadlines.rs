//! How long callers may take.

use std::time::Duration;

/// How long a connection waits for its caller. A body has a deadline of its own, with who reads it.
#[derive(Clone, Copy, Debug)]
pub struct Deadlines {
    /// Until a request's head is there, from its first byte on; on a new connection, from its beginning.
    pub head: Duration,
    /// Until the next request begins.
    pub idle: Duration,
    /// Until some more of a reply is read.
    pub write: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            // Longer than the proxies in front keep a connection, which is a minute.
            idle: Duration::from_secs(75),
            write: Duration::from_secs(30),
        }
    }
}
