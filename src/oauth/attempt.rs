//! What a token request has shown of itself by the time that it is decided, however that goes.

use std::sync::{Mutex, PoisonError};

use uuid::Uuid;

use crate::domain::{
    caller::Principal,
    oauth_client::{GrantType, OauthClientId},
    partner::PartnerId,
    scope::ScopeSet,
    user::UserId,
};

/// What is known so far; who is named has not proved it yet.
#[derive(Clone, Copy, Default, Debug)]
pub struct Known {
    /// The grant that is asked for.
    pub grant: Option<GrantType>,
    /// The scopes that are asked for, where any were named and they exist.
    pub asked: Option<ScopeSet>,
    /// Whether credentials of an OAuth client came with it, good or bad.
    pub has_credentials: bool,
    /// The OAuth client, as it was named: there may be none of that id.
    pub oauth_client: Option<OauthClientId>,
    /// The partner of that OAuth client.
    pub partner: Option<PartnerId>,
    /// The user of that partner's who was named, by username or by a refresh token.
    pub user: Option<UserId>,
    /// The login that a token descends from.
    pub sid: Option<Uuid>,
}

impl Known {
    /// The OAuth client that was named, where there is one of that id.
    #[must_use]
    pub fn principal(&self) -> Option<Principal> {
        Some(Principal { partner: self.partner?, oauth_client: self.oauth_client? })
    }
}

/// What is known of a request, learnt step by step along its way. It is kept beside the request, so that a step that
/// refuses need not hand back what it found.
#[derive(Default)]
pub struct Attempt(Mutex<Known>);

impl Attempt {
    /// Adds to what is known.
    pub fn learn(&self, what: impl FnOnce(&mut Known)) {
        what(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// What is known by now.
    pub fn known(&self) -> Known {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
