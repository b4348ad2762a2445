//! A user: the person or robot whose username and password a partner's program sends.

use uuid::Uuid;

use super::text;

/// Names a user for ever: a token's `sub`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct UserId(pub Uuid);

/// A username: 1–128 characters of one line, trimmed; unique among all partners, whatever the letter case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Username(String);

/// A username that is empty, too long, or not one line of plain text.
#[derive(Debug, thiserror::Error)]
#[error("a username is 1 to {max} characters without control characters", max = Username::MAX)]
pub struct BadUsername;

impl Username {
    /// Characters at most.
    pub const MAX: usize = 128;

    /// Trims and checks a username.
    ///
    /// # Errors
    /// [`BadUsername`] when it breaks the rule: there can be no such user.
    pub fn parse(username: &str) -> Result<Self, BadUsername> {
        text::line(username, Self::MAX).map(Self).ok_or(BadUsername)
    }

    /// The username.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The username without its letter case: two that differ in nothing else are the same.
    #[must_use]
    pub fn folded(&self) -> String {
        // Upper case first: `ß` and `SS`, `ς` and `Σ` are the same only then.
        self.0.to_uppercase().to_lowercase()
    }
}
