//! What a token allows: scopes (RFC 6749 §3.3) and sets of them.

use std::fmt;

/// One permission.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope {
    /// Create a client.
    Create,
    /// Activate a client.
    Activate,
    /// Suspend a client.
    Suspend,
    /// Read clients.
    Read,
    /// Change a client's data.
    Update,
    /// Cancel a client.
    Cancel,
}

impl Scope {
    /// Every scope there is, in the order in which a set prints them.
    pub const ALL: [Self; 6] = [Self::Create, Self::Activate, Self::Suspend, Self::Read, Self::Update, Self::Cancel];

    /// The scope-token, as in a token request.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "client:create",
            Self::Activate => "client:activate",
            Self::Suspend => "client:suspend",
            Self::Read => "client:read",
            Self::Update => "client:update",
            Self::Cancel => "client:cancel",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// A set of scopes; prints as the space-delimited list of RFC 6749 §3.3.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct ScopeSet(u8);

/// A scope-token that names no scope.
#[derive(Debug, thiserror::Error)]
#[error("there is no scope `{0}`: the scopes are {all}", all = ScopeSet::all())]
pub struct UnknownScope(String);

impl ScopeSet {
    /// The set of every scope.
    #[must_use]
    pub fn all() -> Self {
        Scope::ALL.into_iter().collect()
    }

    /// Reads a space-delimited list; an empty one is the empty set.
    ///
    /// # Errors
    /// [`UnknownScope`] with the first token that names none.
    pub fn parse(list: &str) -> Result<Self, UnknownScope> {
        list.split(' ')
            .filter(|token| !token.is_empty())
            .map(|token| {
                let named = Scope::ALL.into_iter().find(|scope| scope.as_str() == token);
                named.ok_or_else(|| UnknownScope(token.to_owned()))
            })
            .collect()
    }

    /// Whether `scope` is in the set.
    #[must_use]
    pub const fn contains(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// Whether every scope of this set is in `other`.
    #[must_use]
    pub const fn is_subset(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The scopes that both sets have.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The scopes, in the order of [`Scope::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.contains(*scope))
    }
}

impl FromIterator<Scope> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | scope.bit()))
    }
}

impl fmt::Display for ScopeSet {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tokens: Vec<&str> = self.iter().map(Scope::as_str).collect();
        out.write_str(&tokens.join(" "))
    }
}

impl fmt::Debug for ScopeSet {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}
