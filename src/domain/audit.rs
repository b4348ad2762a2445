//! What the audit log keeps: who did what, from where, to what, and by which request. Never a secret or a token.

use std::net::IpAddr;

use serde_json::Value;
use uuid::Uuid;

use super::{oauth_client::OauthClientId, partner::PartnerId, user::UserId};

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Tokens were issued.
    TokenIssued,
    /// A token request was refused; the detail has the true reason, which the caller is not told.
    TokenRefused,
    /// A refresh token that had been used came back, and its family was revoked.
    RefreshTokenReused,
    /// A token was revoked, at its OAuth client's wish.
    TokenRevoked,
    /// An operator ran a command that changed something.
    Operator,
}

impl Kind {
    /// Every kind there is.
    pub const ALL: [Self; 5] =
        [Self::TokenIssued, Self::TokenRefused, Self::RefreshTokenReused, Self::TokenRevoked, Self::Operator];

    /// The word for it, in the database and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TokenIssued => "token_issued",
            Self::TokenRefused => "token_refused",
            Self::RefreshTokenReused => "refresh_token_reused",
            Self::TokenRevoked => "token_revoked",
            Self::Operator => "operator",
        }
    }

    /// The kind of that word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// Who or what an entry came from.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    /// A request: the caller's address, where it is known, and the request's id.
    Request {
        /// The caller's address.
        address: Option<IpAddr>,
        /// The request's id.
        id: &'a str,
    },
    /// An operator's command, run by this account of the operating system.
    Operator {
        /// The account's name.
        account: &'a str,
    },
}

/// One entry.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// What happened.
    pub kind: Kind,
    /// Whose it is; none where no partner is known.
    pub partner: Option<PartnerId>,
    /// The program, where it is known.
    pub oauth_client: Option<OauthClientId>,
    /// The person or robot, where they are known.
    pub user: Option<UserId>,
    /// The login (token family), where there is one.
    pub sid: Option<Uuid>,
    /// Where it came from.
    pub source: Source<'a>,
    /// What else there is to know: a JSON object of a few members, without a secret.
    pub detail: Value,
}
