//! Token introspection (RFC 7662): what a token is, as the database has it at this moment.

use secrecy::{ExposeSecret as _, SecretString};

use super::{authenticate::OauthClient, error::TokenError};
use crate::{
    crypto::{jwt::Claims, secret},
    state::AppState,
    store::{self, refresh_token::Live},
};

/// A token that is good.
pub enum Active {
    /// An access token.
    Access {
        /// What it says.
        claims: Claims,
        /// The user's name, where there is a user.
        username: Option<String>,
    },
    /// A refresh token.
    Refresh(Live),
}

/// What a token is. None where it is good for nothing or belongs to another partner: which of these, nobody is told
/// (RFC 7662 §2.2). A token of the partner's other OAuth clients is told of, since it is a resource server that asks.
///
/// # Errors
/// [`TokenError`] when the database cannot be asked.
pub async fn introspect(
    app: &AppState,
    token: &SecretString,
    client: &OauthClient,
) -> Result<Option<Active>, TokenError> {
    let token = token.expose_secret();
    let Ok(claims) = app.jwts.claims(token, &app.clock) else {
        let live = store::refresh_token::live(&app.db, client.partner, &secret::hash(token)).await?;
        return Ok(live.map(Active::Refresh));
    };
    let Some(identity) = claims.identity().ok().filter(|identity| identity.partner == client.partner) else {
        return Ok(None);
    };
    let standing = store::token_family::standing(&app.db, &identity).await?;
    Ok(standing.map(|standing| Active::Access { claims, username: standing.username }))
}
