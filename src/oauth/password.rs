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
        jwt::SignError,
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
    let verified = verify(app, request, client, username, password, asked).await;
    if let Some(attempt) = attempt {
        attempt.end(&verified).await?;
    }
    let (user, identity, signed) = verified?;

    let scope = grant::not_empty(identity.scope)?;
    request.attempt().learn(|known| known.sid = Some(identity.sid));
    let (access_token, expires_in) = (signed?, app.policy.access_token_ttl);
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

/// A user whose password it is, whom the token speaks for, and the token.
type Verified = (Credentials, Identity, Result<SecretString, SignError>);

/// The user, where the password is theirs. A password is hashed even where there is no such user, so that both take the
/// same time.
async fn verify(
    app: &AppState,
    request: &TokenRequest<'_>,
    client: &OauthClient,
    username: &str,
    password: SecretString,
    asked: Option<ScopeSet>,
) -> Result<Verified, TokenError> {
    let found = match Username::parse(username) {
        Ok(username) => store::user::credentials(&app.db, client.partner, &username).await?,
        Err(_) => None,
    };
    request.attempt().learn(|known| known.user = found.as_ref().map(|user| UserId(user.id)));
    let Some(user) = found else {
        app.hasher.verify(password, NOBODY.to_owned()).await?;
        return Err(Refusal::user("unknown user").into());
    };
    let identity = match ScopeSet::parse(&user.scope) {
        _ if !user.enabled => Err(Refusal::user("user disabled").into()),
        Err(error) => Err(TokenError::Foreign(error.to_string())),
        Ok(user_scope) => Ok(Identity {
            partner: client.partner,
            oauth_client: client.id,
            user: Some(UserId(user.id)),
            sid: Uuid::now_v7(),
            scope: asked.unwrap_or(client.scope).intersection(user_scope),
        }),
    };
    // Nothing is signed in vain: the time that takes would tell that the password was right.
    let sign = {
        let app = app.clone();
        move || identity.map(|identity| (identity, app.jwts.sign(&identity, app.policy.access_token_ttl, &app.clock)))
    };
    let signed = app.hasher.verify_and(password.clone(), user.password_hash.clone(), sign).await?;
    let (identity, signed) = signed.ok_or(Refusal::user("wrong password"))??;
    if password::is_outdated(&user.password_hash) {
        upgrade(app, client.partner, &user, password).await;
    }
    Ok((user, identity, signed))
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
