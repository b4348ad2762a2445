//! What the grants share: which scopes may be had, and the tokens themselves.

use std::sync::Arc;

use secrecy::SecretString;
use tokio::task::spawn_blocking;

use super::{
    authenticate::OauthClient,
    error::{Code, Refusal, TokenError},
    request::TokenRequest,
};
use crate::{
    crypto::jwt::SignError,
    domain::{caller::Identity, oauth_client::GrantType, scope::ScopeSet, secret::Secret},
    state::AppState,
};

/// What is issued (RFC 6749 §5.1).
pub struct Tokens {
    /// The access token, a JWT.
    pub access_token: SecretString,
    /// Seconds that it lives.
    pub expires_in: u32,
    /// The refresh token; none for an OAuth client that may not use it, or speaks for itself.
    pub refresh_token: Option<Secret>,
    /// What the access token allows.
    pub scope: ScopeSet,
    /// What was asked for, where anything was.
    pub asked: Option<ScopeSet>,
}

/// Signs an access token on a thread that serves nobody, since that takes milliseconds: of these, as many at once as there
/// are cores.
pub(super) async fn sign(app: &AppState, identity: Identity, ttl: u32) -> Result<SecretString, TokenError> {
    let turn = Arc::clone(&app.limits.signatures).acquire_owned().await;
    let app = app.clone();
    let sign = move || {
        let signed = app.jwts.sign(&identity, ttl, &app.clock);
        drop(turn); // not before, whoever hangs up
        signed
    };
    Ok(spawn_blocking(sign).await.unwrap_or(Err(SignError::Crypto))?)
}

/// The scopes that are asked for, once it is known that the OAuth client may ask in this way, and for these.
pub(super) fn asked(
    request: &TokenRequest<'_>,
    client: &OauthClient,
    grant: GrantType,
) -> Result<Option<ScopeSet>, TokenError> {
    const NOT_ALLOWED: Refusal = Refusal::new(
        Code::UnauthorizedClient,
        "The client may not use this authorization grant type.",
        "grant not allowed to the OAuth client",
    );
    if !client.grant_types.contains(grant) {
        return Err(NOT_ALLOWED.into());
    }
    let asked = request.scope()?;
    if asked.is_some_and(|asked| !asked.is_subset(client.scope)) {
        return Err(Refusal::scope(
            "The requested scope exceeds what the client may have.",
            "scope beyond the OAuth client's",
        )
        .into());
    }
    Ok(asked)
}

/// Refuses an empty grant: a token that allows nothing would only puzzle.
pub(super) fn not_empty(scope: ScopeSet) -> Result<ScopeSet, Refusal> {
    if scope.is_empty() {
        return Err(Refusal::scope("The user may have none of the requested scope.", "no scope left"));
    }
    Ok(scope)
}
