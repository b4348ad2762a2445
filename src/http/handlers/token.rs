//! Issue tokens.

use axum::{extract::State, response::Response};

use crate::{
    domain::{audit::Source, oauth_client::GrantType},
    http::{
        extract::{CallerAddress, RequestId, TokenForm},
        reply,
        token_error::TokenFailure,
    },
    oauth::{
        Tokens, audit,
        authenticate::authenticate,
        error::{Refusal, TokenError},
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
pub async fn token(
    State(app): State<AppState>,
    CallerAddress(address): CallerAddress,
    RequestId(id): RequestId,
    token: TokenForm,
) -> Result<Response, TokenFailure> {
    let parameters = &token.form.parameters;
    if parameters.in_url(&CREDENTIALS) && !app.policy.documented_get {
        return Err(Refusal::request("Credentials may not be sent in the URL.", "credentials in the URL").into());
    }
    let request = TokenRequest::new(parameters)?;
    let decision = decide(&app, &request, &token).await;
    let tokens = audit::record(&app, Source::Request { address, id: &id }, &request, decision).await?;
    Ok(reply::tokens(&tokens, parameters.are_documented_form()))
}

async fn decide(app: &AppState, request: &TokenRequest<'_>, token: &TokenForm) -> Result<Tokens, TokenError> {
    let grant = request.grant_type(&token.form.seen)?;
    let client = authenticate(app, request, token.basic.as_ref().map_err(Refusal::clone)?.as_ref()).await?;
    if token.form.parameters.in_url(&CREDENTIALS) {
        app.documented_forms.record(client.partner, client.id, &app.clock);
    }
    match grant {
        GrantType::Password => password(app, request, &client).await,
        GrantType::RefreshToken => refresh(app, request, &client).await,
    }
}
