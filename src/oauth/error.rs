//! Why no token is issued: RFC 6749 §5.2, and failures of ours.

use crate::{
    crypto::{hasher::HasherError, jwt::SignError},
    store::StoreError,
};

/// The `error` of RFC 6749 §5.2.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Code {
    /// A parameter is missing, repeated or unreadable.
    InvalidRequest,
    /// The OAuth client did not authenticate.
    InvalidClient,
    /// The password or the refresh token is wrong.
    InvalidGrant,
    /// The OAuth client may not use this grant.
    UnauthorizedClient,
    /// There is no such grant.
    UnsupportedGrantType,
    /// A scope is unknown, or more than may be had.
    InvalidScope,
}

impl Code {
    /// The word in a reply.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope => "invalid_scope",
        }
    }
}

/// A refusal: what the caller is told, and what the log is.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The kind.
    pub code: Code,
    /// A sentence for the caller's developer, in the characters that RFC 6749 §5.2 allows.
    pub description: &'static str,
    /// What was seen, where that helps: in the same characters.
    pub hint: Option<String>,
    /// The true reason, for the log alone.
    pub reason: &'static str,
}

impl Refusal {
    /// A refusal without a hint.
    #[must_use]
    pub const fn new(code: Code, description: &'static str, reason: &'static str) -> Self {
        Self { code, description, hint: None, reason }
    }

    /// The request cannot be understood.
    #[must_use]
    pub const fn request(description: &'static str, reason: &'static str) -> Self {
        Self::new(Code::InvalidRequest, description, reason)
    }

    /// The OAuth client did not authenticate.
    #[must_use]
    pub const fn client(reason: &'static str) -> Self {
        Self::new(Code::InvalidClient, "Client authentication failed.", reason)
    }

    /// Username and password do not belong together: one sentence, whichever is wrong.
    #[must_use]
    pub const fn user(reason: &'static str) -> Self {
        Self::new(Code::InvalidGrant, "The user credentials were incorrect.", reason)
    }

    /// The refresh token is not good, whatever the reason.
    #[must_use]
    pub const fn refresh_token(reason: &'static str) -> Self {
        Self::new(Code::InvalidGrant, "The refresh token is invalid.", reason)
    }

    /// The scope cannot be had.
    #[must_use]
    pub const fn scope(description: &'static str, reason: &'static str) -> Self {
        Self::new(Code::InvalidScope, description, reason)
    }

    /// Adds what was seen, cut and cleaned of characters that RFC 6749 §5.2 does not allow.
    #[must_use]
    pub fn hint(mut self, seen: &str) -> Self {
        let allowed = |c: char| matches!(c, ' '..='~') && c != '"' && c != '\\';
        let seen: String = seen.chars().filter(|c| allowed(*c)).take(200).collect();
        // Of a name in other letters nothing may be left, and RFC 6749 §5.2 knows no empty text.
        self.hint = Some(seen).filter(|seen| !seen.trim().is_empty());
        self
    }
}

/// Why no token is issued.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The caller is refused.
    #[error("{}", .0.description)]
    Refused(Refusal),
    /// Too much has failed before.
    #[error("too many attempts")]
    Throttled {
        /// Seconds after which the caller may try again.
        retry_after: u64,
        /// What failed, for the log alone.
        reason: &'static str,
    },
    /// A password was not hashed.
    #[error(transparent)]
    Hasher(#[from] HasherError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No token can be signed.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The database holds what this program never wrote.
    #[error("the database holds an unknown scope or grant: {0}")]
    Foreign(String),
}

impl From<Refusal> for TokenError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}
