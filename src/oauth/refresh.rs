//! The refresh grant (RFC 6749 §6): each token is good for one use, which issues its successor.

use secrecy::ExposeSecret as _;

use super::{
    authenticate::OauthClient,
    error::{Refusal, TokenError},
    grant::{self, Tokens},
    request::TokenRequest,
};
use crate::{
    crypto::secret,
    domain::{caller::Identity, oauth_client::GrantType, scope::ScopeSet, user::UserId},
    state::AppState,
    store,
};

/// Tokens for a refresh token. A narrower scope narrows the access token alone; a refused one leaves the refresh token
/// as it was.
///
/// # Errors
/// [`TokenError`]
pub async fn refresh(app: &AppState, request: &TokenRequest<'_>, client: &OauthClient) -> Result<Tokens, TokenError> {
    let asked = grant::asked(request, client, GrantType::RefreshToken)?;
    let Some(presented) = request.secret("refresh_token")? else {
        return Err(Refusal::request("The refresh_token parameter is required.", "no refresh_token").into());
    };
    let hash = secret::hash(presented.expose_secret());
    let Some(live) = store::refresh_token::find(&app.db, client.partner, client.id, &hash).await? else {
        return Err(Refusal::refresh_token("unknown, used, expired, or of another OAuth client").into());
    };
    let user = UserId(live.user_id);
    request.attempt().learn(|known| (known.user, known.sid) = (Some(user), Some(live.sid)));

    let parse = |list: &str| ScopeSet::parse(list).map_err(|e| TokenError::Foreign(e.to_string()));
    let login = parse(&live.scope)?;
    if asked.is_some_and(|asked| !asked.is_subset(login)) {
        return Err(Refusal::scope("The requested scope exceeds what was granted.", "scope beyond the login's").into());
    }
    let allowed = client.scope.intersection(parse(&live.user_scope)?);
    let scope = grant::not_empty(asked.unwrap_or(login).intersection(allowed))?;

    let identity = Identity { partner: client.partner, oauth_client: client.id, user, sid: live.sid, scope };
    let access_token = grant::access_token(app, &identity)?;
    let successor = secret::generate();
    let successor_hash = secret::hash(successor.reveal());
    let ttl = app.policy.refresh_token_ttl;
    if !store::refresh_token::rotate(&app.db, client.partner, user, &hash, &successor_hash, ttl).await? {
        return Err(Refusal::refresh_token("used by a parallel request").into());
    }
    Ok(Tokens { access_token, expires_in: app.policy.access_token_ttl, refresh_token: Some(successor), scope, asked })
}
