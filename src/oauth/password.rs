//! The resource owner password credentials grant (RFC 6749 §4.3): the way that the document describes.

use secrecy::SecretString;
use uuid::Uuid;

use super::{
    authenticate::OauthClient,
    error::{Refusal, TokenError},
    grant::{self, Tokens},
    request::TokenRequest,
};
use crate::{
    crypto::{password::NOBODY, secret},
    domain::{
        caller::Identity,
        oauth_client::GrantType,
        scope::ScopeSet,
        user::{UserId, Username},
    },
    state::AppState,
    store::{self, user::Credentials},
};

/// Tokens for a username and a password.
///
/// # Errors
/// [`TokenError`]
pub async fn password(app: &AppState, request: &TokenRequest<'_>, client: &OauthClient) -> Result<Tokens, TokenError> {
    let asked = grant::asked(request, client, GrantType::Password)?;
    let (Some(username), Some(password)) = (request.text("username")?, request.secret("password")?) else {
        return Err(
            Refusal::request("The username and password parameters are required.", "no username or password").into()
        );
    };
    let user = verify(app, request, client, username, password).await?;

    let user_scope = ScopeSet::parse(&user.scope).map_err(|e| TokenError::Foreign(e.to_string()))?;
    let scope = grant::not_empty(asked.unwrap_or(client.scope).intersection(user_scope))?;
    let identity = Identity {
        partner: client.partner,
        oauth_client: client.id,
        user: UserId(user.id),
        sid: Uuid::now_v7(),
        scope,
    };
    request.attempt().learn(|known| known.sid = Some(identity.sid));
    let access_token = grant::access_token(app, &identity)?;
    let refresh_token = client.grant_types.contains(GrantType::RefreshToken).then(secret::generate);
    if let Some(token) = &refresh_token {
        let hash = secret::hash(token.reveal());
        let ttl = app.policy.refresh_token_ttl;
        if !store::refresh_token::insert(&app.db, &identity, user.password_changed_at, &hash, ttl).await? {
            return Err(Refusal::user("user disabled or password reset meanwhile").into());
        }
    }
    Ok(Tokens { access_token, expires_in: app.policy.access_token_ttl, refresh_token, scope, asked })
}

/// The user, where the password is theirs. A password is hashed even where there is no such user, so that both take the
/// same time.
async fn verify(
    app: &AppState,
    request: &TokenRequest<'_>,
    client: &OauthClient,
    username: &str,
    password: SecretString,
) -> Result<Credentials, TokenError> {
    let found = match Username::parse(username) {
        Ok(username) => store::user::credentials(&app.db, client.partner, &username).await?,
        Err(_) => None,
    };
    request.attempt().learn(|known| known.user = found.as_ref().map(|user| UserId(user.id)));
    let stored = found.as_ref().map_or(NOBODY, |user| &user.password_hash).to_owned();
    let matches = app.hasher.verify(password, stored).await?;
    match found {
        None => Err(Refusal::user("unknown user").into()),
        Some(_) if !matches => Err(Refusal::user("wrong password").into()),
        Some(user) if !user.enabled => Err(Refusal::user("user disabled").into()),
        Some(user) => Ok(user),
    }
}
