//! Who makes a request, once a bearer token has told.

use uuid::Uuid;

use super::{oauth_client::OauthClientId, partner::PartnerId, scope::ScopeSet, user::UserId};

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
