//! A partner: the tenant that owns OAuth clients, users and clients.

use uuid::Uuid;

use super::text;

/// Names a partner for ever, whatever its name becomes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct PartnerId(pub Uuid);

/// What a partner's clients are for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PartnerKind {
    /// People who make calls.
    Real,
    /// Trying things out: they are never billed, and removed at will.
    Test,
}

/// A name that an operator gives: 1–64 characters of one line, trimmed. Also an OAuth client's name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Name(String);

/// A name that is empty, too long, or not one line of plain text.
#[derive(Debug, thiserror::Error)]
#[error("a name is 1 to {max} characters without control characters", max = Name::MAX)]
pub struct BadName;

impl Name {
    /// Characters at most.
    pub const MAX: usize = 64;

    /// Trims and checks a name.
    ///
    /// # Errors
    /// [`BadName`] when it breaks the rule.
    pub fn parse(name: &str) -> Result<Self, BadName> {
        text::line(name, Self::MAX).map(Self).ok_or(BadName)
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
