//! Who makes a request.

use uuid::Uuid;

use super::{oauth_client::OauthClientId, partner::PartnerId, scope::ScopeSet, user::UserId};

/// The OAuth client that a request is from, and whose it is: for the log and for what is counted, and not to decide by, since
/// whoever asks for a token is named here before it has proved who it is.
#[derive(Clone, Copy, Debug)]
pub struct Principal {
    /// The tenant.
    pub partner: PartnerId,
    /// The program.
    pub oauth_client: OauthClientId,
}

/// Whom a token was issued to, and what it allows.
#[derive(Clone, Copy, Debug)]
pub struct Identity {
    /// The tenant: every statement on a partner's data names it.
    pub partner: PartnerId,
    /// The program.
    pub oauth_client: OauthClientId,
    /// The person or robot; none where the OAuth client speaks for itself (RFC 6749 §4.4).
    pub user: Option<UserId>,
    /// The login that the token descends from, its family: the claim `sid`.
    pub sid: Uuid,
    /// What the token allows.
    pub scope: ScopeSet,
}

impl Identity {
    /// The OAuth client alone.
    #[must_use]
    pub const fn principal(&self) -> Principal {
        Principal { partner: self.partner, oauth_client: self.oauth_client }
    }
}
