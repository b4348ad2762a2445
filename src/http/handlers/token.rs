//! Issue tokens.

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};

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
        client_credentials::client_credentials,
        error::{Refusal, TokenError},
        password::password,
        refresh::refresh,
        request::{CREDENTIALS, TokenRequest},
    },
    state::AppState,
};

/// `POST /api/oauth/token`, or `GET` in the documented form: tokens for a password, for a refresh token, or for
/// the OAuth client itself.
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
    let source = Source::Request { address, id: &id };
    let decision = decide(&app, &request, &token, source).await;
    let tokens = audit::record(&app, source, &request, decision).await;
    Ok(with_principal(&request, tokens.map(|tokens| reply::tokens(&tokens, parameters.are_documented_form()))))
}

/// A reply, or a refusal, with the OAuth client that was named, for the log.
pub(super) fn with_principal(
    request: &TokenRequest<'_>,
    answer: Result<Response, impl Into<TokenFailure>>,
) -> Response {
    let mut response = answer.map_err(Into::into).into_response();
    if let Some(principal) = request.attempt().known().principal() {
        response.extensions_mut().insert(principal);
    }
    response
}

async fn decide(
    app: &AppState,
    request: &TokenRequest<'_>,
    token: &TokenForm,
    source: Source<'_>,
) -> Result<Tokens, TokenError> {
    let grant = request.grant_type(&token.form.seen)?;
    let client =
        authenticate(app, request, token.basic.as_ref().map_err(Refusal::clone)?.as_ref(), token.address).await?;
    if let Some(retry_after) = app.limits.tokens.take(client.id, &app.clock).and_then(|left| left.retry_after) {
        return Err(TokenError::Throttled { retry_after, reason: "too many requests for tokens" });
    }
    if token.form.parameters.in_url(&CREDENTIALS) {
        app.used_documented_form(client.partner, client.id);
    }
    match grant {
        GrantType::Password => password(app, request, &client, token.address).await,
        GrantType::RefreshToken => refresh(app, request, &client, source).await,
        GrantType::ClientCredentials => client_credentials(app, request, &client).await,
    }
}
