//! Token revocation (RFC 7009): an OAuth client says that a login is over.

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use uuid::Uuid;

use super::{
    authenticate::OauthClient,
    error::{Code, Refusal, TokenError},
};
use crate::{
    crypto::secret,
    domain::{
        audit::{Entry, Kind, Source},
        oauth_client::OauthClientId,
        user::UserId,
    },
    state::AppState,
    store::{self, StoreError, retry::repeatable, token_family::Reason},
};

/// A token, and what is to end with it.
struct Found {
    kind: &'static str,
    sid: Uuid,
    oauth_client: OauthClientId,
    user: Option<UserId>,
}

/// Ends the login that a token descends from, whichever of the two kinds the token is (RFC 7009 §2.1 leaves it to us
/// whether the other tokens end too). A token that means nothing to us is no error (§2.2).
///
/// # Errors
/// [`TokenError::Refused`] where the token is of another OAuth client of the same partner. Another partner's means
/// nothing, so that nobody learns of it.
pub async fn revoke(
    app: &AppState,
    token: &SecretString,
    client: &OauthClient,
    source: Source<'_>,
) -> Result<(), TokenError> {
    const NOT_YOURS: Refusal =
        Refusal::new(Code::InvalidGrant, "The token was issued to another client.", "token of another OAuth client");
    let Some(found) = find(app, token, client).await? else { return Ok(()) };
    if found.oauth_client != client.id {
        return Err(NOT_YOURS.into());
    }
    repeatable(&app.db.metrics().retries, || end(app, &found, client, source)).await?;
    app.revoked.add(found.sid);
    Ok(())
}

async fn end(app: &AppState, found: &Found, client: &OauthClient, source: Source<'_>) -> Result<(), StoreError> {
    let mut transaction = app.db.begin().await?;
    if store::token_family::revoke(&mut *transaction, client.partner, found.sid, Reason::Asked).await? {
        let entry = Entry {
            kind: Kind::TokenRevoked,
            partner: Some(client.partner),
            oauth_client: Some(client.id),
            user: found.user,
            sid: Some(found.sid),
            source,
            detail: json!({"token": found.kind}),
        };
        store::audit::record(&mut *transaction, &entry).await?;
    }
    Ok(transaction.commit().await?)
}

async fn find(app: &AppState, token: &SecretString, client: &OauthClient) -> Result<Option<Found>, StoreError> {
    let token = token.expose_secret();
    if let Ok(identity) = app.jwts.verify(token, &app.clock) {
        let found =
            Found { kind: "access_token", sid: identity.sid, oauth_client: identity.oauth_client, user: identity.user };
        return Ok(Some(found).filter(|_| identity.partner == client.partner));
    }
    let owned = store::refresh_token::owner(&app.db, client.partner, &secret::hash(token)).await?;
    Ok(owned.map(|owned| Found {
        kind: "refresh_token",
        sid: owned.sid,
        oauth_client: OauthClientId(owned.oauth_client_id),
        user: Some(UserId(owned.user_id)),
    }))
}
