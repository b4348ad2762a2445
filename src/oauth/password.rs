//! The resource owner password credentials grant (RFC 6749 §4.3): the way that the document describes.

use secrecy::SecretString;
use uuid::Uuid;

use super::{
    authenticate::OauthClient,
    error::{Refusal, TokenError},
    grant::{self, Tokens},
    request::TokenRequest,
    throttle,
};
use crate::{
    crypto::{
        password::{self, NOBODY},
        secret,
    },
    domain::{
        attempt::Address,
        caller::Identity,
        oauth_client::GrantType,
        partner::PartnerId,
        scope::ScopeSet,
        user::{UserId, Username},
    },
    state::AppState,
    store::{
        self,
        token_family::{FirstToken, Login},
        user::Credentials,
    },
};

/// Tokens for a username and a password.
///
/// # Errors
/// [`TokenError`]
pub async fn password(
    app: &AppState,
    request: &TokenRequest<'_>,
    client: &OauthClient,
    address: Address,
) -> Result<Tokens, TokenError> {
    let asked = grant::asked(request, client, GrantType::Password)?;
    let (Some(username), Some(password)) = (request.text("username")?, request.secret("password")?) else {
        return Err(
            Refusal::request("The username and password parameters are required.", "no username or password").into()
        );
    };
    let attempt = throttle::login(app, client, username, address).await?;
    let verified = verify(app, request, client, username, password).await;
    if let Some(attempt) = attempt {
        attempt.end(&verified).await?;
    }
    let user = verified?;

    let user_scope = ScopeSet::parse(&user.scope).map_err(|e| TokenError::Foreign(e.to_string()))?;
    let scope = grant::not_empty(asked.unwrap_or(client.scope).intersection(user_scope))?;
    let identity = Identity {
        partner: client.partner,
        oauth_client: client.id,
        user: Some(UserId(user.id)),
        sid: Uuid::now_v7(),
        scope,
    };
    request.attempt().learn(|known| known.sid = Some(identity.sid));
    let expires_in = app.policy.access_token_ttl;
    let access_token = app.jwts.sign(&identity, expires_in, &app.clock)?;
    let refresh_token = client.grant_types.contains(GrantType::RefreshToken).then(secret::generate);

    let login = Login { identity: &identity, tokens_revoked_at: client.tokens_revoked_at, access_ttl: expires_in };
    let hash = refresh_token.as_ref().map(|token| secret::hash(token.reveal()));
    let first = hash.as_ref().map(|hash| FirstToken { hash, ttl: app.policy.refresh_token_ttl });
    let (id, since) = (UserId(user.id), user.password_changed_at);
    if !store::token_family::begin_of_user(&app.db, login, id, since, first).await? {
        return Err(Refusal::user("user disabled, password reset or tokens ended meanwhile").into());
    }
    Ok(Tokens { access_token, expires_in, refresh_token, scope, asked })
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
    let matches = app.hasher.verify(password.clone(), stored).await?;
    match found {
        None => Err(Refusal::user("unknown user").into()),
        Some(_) if !matches => Err(Refusal::user("wrong password").into()),
        Some(user) if !user.enabled => Err(Refusal::user("user disabled").into()),
        Some(user) => {
            if password::is_outdated(&user.password_hash) {
                upgrade(app, client.partner, &user, password).await;
            }
            Ok(user)
        }
    }
}

/// Hashes a password anew that was hashed with other parameters than today's. A login does not fail over it: the next one
/// is as good.
async fn upgrade(app: &AppState, partner: PartnerId, user: &Credentials, password: SecretString) {
    let upgraded = async {
        let hash = app.hasher.hash(password).await?;
        store::user::upgrade_password_hash(&app.db, partner, UserId(user.id), &user.password_hash, &hash).await?;
        Ok::<_, TokenError>(())
    };
    if let Err(error) = upgraded.await {
        tracing::warn!(%error, "a password hash was not upgraded");
    }
}
