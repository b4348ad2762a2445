//! Issue tokens.

use axum::{extract::State, response::Response};

use crate::{
    domain::oauth_client::GrantType,
    http::{
        extract::TokenForm,
        reply,
        token_error::{Reason, TokenFailure},
    },
    oauth::{
        authenticate::authenticate,
        error::Refusal,
        password::password,
        refresh::refresh,
        request::{CREDENTIALS, TokenRequest},
    },
    state::AppState,
};

/// `POST /api/oauth/token`, or `GET` in the documented form: tokens for a password or a refresh token.
///
/// # Errors
/// [`TokenFailure`]
pub async fn token(State(app): State<AppState>, token: TokenForm) -> Result<Response, TokenFailure> {
    let parameters = &token.form.parameters;
    let in_url = parameters.in_url(&CREDENTIALS);
    if in_url && !app.policy.documented_get {
        return Err(Refusal::request("Credentials may not be sent in the URL.", "credentials in the URL").into());
    }
    let request = TokenRequest::new(parameters)?;
    let grant = request.grant_type(&token.form.seen)?;
    let client = authenticate(&app, &request, token.basic?.as_ref(), token.address).await?;
    if let Some(retry_after) = app.limits.tokens.take(client.id, &app.clock).and_then(|left| left.retry_after) {
        return Err(TokenFailure::Throttled(retry_after, Reason("too many requests for tokens")));
    }
    if in_url {
        app.documented_forms.record(client.partner, client.id, &app.clock);
    }
    let tokens = match grant {
        GrantType::Password => password(&app, &request, &client, token.address).await?,
        GrantType::RefreshToken => refresh(&app, &request, &client).await?,
    };
    Ok(reply::tokens(&tokens, parameters.are_documented_form()))
}
