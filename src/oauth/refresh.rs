//! The refresh grant (RFC 6749 §6) with rotation (RFC 9700 §4.14.2): each use of a token brings its successor, and a
//! token that comes back after its successor was used ends the login.

use secrecy::ExposeSecret as _;
use serde_json::json;

use super::{
    authenticate::OauthClient,
    error::{Refusal, TokenError},
    grant::{self, Tokens},
    request::TokenRequest,
};
use crate::{
    crypto::secret,
    domain::{
        audit::{Entry, Kind, Source},
        caller::Identity,
        oauth_client::GrantType,
        scope::ScopeSet,
        secret::{Secret, SecretHash},
        user::UserId,
    },
    metrics::token::Refresh as Outcome,
    state::AppState,
    store::{self, StoreError, lease::Transaction, refresh_token::Presented, retry::repeatable, token_family::Reason},
};

/// Why a token is refused that ends its login.
const STOLEN: &str = "used before: its login is revoked";

/// Tokens for a refresh token. A narrower scope narrows the access token alone; a refused one leaves the refresh token
/// as it was. `source` is for the audit log, where the token turns out to be stolen.
///
/// # Errors
/// [`TokenError`]
pub async fn refresh(
    app: &AppState,
    request: &TokenRequest<'_>,
    client: &OauthClient,
    source: Source<'_>,
) -> Result<Tokens, TokenError> {
    let asked = grant::asked(request, client, GrantType::RefreshToken)?;
    let Some(presented) = request.secret("refresh_token")? else {
        return Err(Refusal::request("The refresh_token parameter is required.", "no refresh_token").into());
    };
    let hash = secret::hash(presented.expose_secret());

    // Whoever else presents a token of this login waits from here on, for the same one at this server first.
    let turn = app.limits.refreshes.wait(hash.to_bytes()).await;
    let exchange = || exchange(app, request, client, &hash, asked, source);
    let exchanged = repeatable(&app.db.metrics().retries, exchange).await;
    app.metrics.tokens.refreshes.count(outcome(&exchanged));
    let (successor, token, scope) = exchanged?;
    drop(turn);
    let user = Some(UserId(token.user_id));
    let identity = Identity { partner: client.partner, oauth_client: client.id, user, sid: token.sid, scope };
    // Only now, so that nobody waits for it. Were it to fail, the reply would be one that was lost.
    let expires_in = app.policy.access_token_ttl.min(token.seconds_left.unsigned_abs());
    let access_token = grant::sign(app, identity, expires_in).await?;
    Ok(Tokens { access_token, expires_in, refresh_token: Some(successor), scope, asked })
}

/// What is counted of it.
fn outcome(exchanged: &Result<(Secret, Presented, ScopeSet), TokenError>) -> Outcome {
    match exchanged {
        Ok((_, token, _)) if token.is_used => Outcome::Repeated,
        Ok(_) => Outcome::Rotated,
        Err(TokenError::Refused(refusal)) if refusal.reason == STOLEN => Outcome::Stolen,
        Err(TokenError::Refused(_)) => Outcome::Refused,
        Err(_) => Outcome::Failed,
    }
}

/// The transaction in which a token is used, and its successor.
async fn exchange(
    app: &AppState,
    request: &TokenRequest<'_>,
    client: &OauthClient,
    hash: &SecretHash,
    asked: Option<ScopeSet>,
    source: Source<'_>,
) -> Result<(Secret, Presented, ScopeSet), TokenError> {
    let mut held = app.db.begin().await.map_err(StoreError::from)?;
    let sid = store::refresh_token::hold_family(&mut *held, client.partner, client.id, hash).await?;
    let sid = sid.ok_or(Refusal::refresh_token("unknown, or of another OAuth client"))?;
    request.attempt().learn(|known| known.sid = Some(sid));
    let found = store::refresh_token::presented(&mut *held, client.partner, hash, app.policy.refresh_grace).await?;
    let token = found.ok_or(Refusal::refresh_token("expired, replaced unused, or its login is over"))?;
    request.attempt().learn(|known| known.user = Some(UserId(token.user_id)));
    if token.is_used && !token.is_recoverable {
        return Err(reused(app, held, client, &token, source).await?.into());
    }

    let scope = scope(client, &token, asked)?;
    let successor = rotate(app, held, client, hash, &token).await?;
    Ok((successor, token, scope))
}

/// What the access token is to allow.
fn scope(client: &OauthClient, token: &Presented, asked: Option<ScopeSet>) -> Result<ScopeSet, TokenError> {
    let parse = |list: &str| ScopeSet::parse(list).map_err(|e| TokenError::Foreign(e.to_string()));
    let login = parse(&token.scope)?;
    if asked.is_some_and(|asked| !asked.is_subset(login)) {
        return Err(Refusal::scope("The requested scope exceeds what was granted.", "scope beyond the login's").into());
    }
    let allowed = client.scope.intersection(parse(&token.user_scope)?);
    Ok(grant::not_empty(asked.unwrap_or(login).intersection(allowed))?)
}

/// Uses the token. One whose reply was lost gets another successor, and the one that nobody has is good no longer.
async fn rotate(
    app: &AppState,
    mut held: Transaction,
    client: &OauthClient,
    hash: &SecretHash,
    token: &Presented,
) -> Result<Secret, TokenError> {
    let successor = secret::generate();
    let (replaced, ttl) = (token.successor_hash.as_deref(), app.policy.refresh_token_ttl);
    let next = secret::hash(successor.reveal());
    store::refresh_token::rotate(&mut *held, client.partner, hash, replaced, &next, ttl).await?;
    held.commit().await.map_err(StoreError::from)?;
    Ok(successor)
}

/// A used token that came back is either stolen or has been: its login ends, whoever of the two has it. One that was
/// used under the version before is refused and no more: what came of it is not known.
async fn reused(
    app: &AppState,
    mut held: Transaction,
    client: &OauthClient,
    token: &Presented,
    source: Source<'_>,
) -> Result<Refusal, TokenError> {
    if token.successor_hash.is_none() {
        return Ok(Refusal::refresh_token("used before"));
    }
    store::token_family::revoke(&mut *held, client.partner, token.sid, Reason::Reused).await?;
    let entry = Entry {
        kind: Kind::RefreshTokenReused,
        partner: Some(client.partner),
        oauth_client: Some(client.id),
        user: Some(UserId(token.user_id)),
        sid: Some(token.sid),
        source,
        detail: json!({}),
    };
    store::audit::record(&mut *held, &entry).await?;
    held.commit().await.map_err(StoreError::from)?;
    app.revoked.add(token.sid);
    Ok(Refusal::refresh_token(STOLEN))
}
