//! The client credentials grant (RFC 6749 §4.4): an OAuth client that speaks for itself.

use uuid::Uuid;

use super::{
    authenticate::OauthClient,
    error::{Refusal, TokenError},
    grant::{self, Tokens},
    request::TokenRequest,
};
use crate::{
    domain::{caller::Identity, oauth_client::GrantType},
    state::AppState,
    store::{self, token_family::Login},
};

/// An access token for the OAuth client itself, and no refresh token (RFC 6749 §4.4.3): it can ask again.
///
/// # Errors
/// [`TokenError`]
pub async fn client_credentials(
    app: &AppState,
    request: &TokenRequest<'_>,
    client: &OauthClient,
) -> Result<Tokens, TokenError> {
    let asked = grant::asked(request, client, GrantType::ClientCredentials)?;
    let scope = asked.unwrap_or(client.scope);
    if scope.is_empty() {
        return Err(Refusal::scope("The client may have no scope.", "no scope left").into());
    }
    let identity =
        Identity { partner: client.partner, oauth_client: client.id, user: None, sid: Uuid::now_v7(), scope };
    request.attempt().learn(|known| known.sid = Some(identity.sid));
    let expires_in = app.policy.access_token_ttl;
    let access_token = grant::sign(app, identity, expires_in).await?;
    let tokens_revoked_at = client.tokens_revoked_at;
    let login = Login { identity: &identity, tokens_revoked_at, access_ttl: expires_in };
    if !store::token_family::begin_of_oauth_client(&app.db, login).await? {
        return Err(Refusal::client("tokens ended meanwhile").into());
    }
    Ok(Tokens { access_token, expires_in, refresh_token: None, scope, asked })
}
