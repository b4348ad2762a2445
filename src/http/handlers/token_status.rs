//! Revoke a token, and tell what one is.

use axum::{extract::State, response::Response};
use secrecy::SecretString;

use super::token::with_principal;
use crate::{
    domain::audit::Source,
    http::{
        extract::{CallerAddress, RequestId, TokenForm},
        reply, reply_introspection,
        token_error::TokenFailure,
    },
    oauth::{
        authenticate::{OauthClient, authenticate},
        error::Refusal,
        introspect::introspect,
        request::{CREDENTIALS, TokenRequest},
        revoke::revoke,
    },
    state::AppState,
};

/// `POST /api/oauth/revoke` (RFC 7009): end the login that a token descends from.
///
/// # Errors
/// [`TokenFailure`]
pub async fn revocation(
    State(app): State<AppState>,
    RequestId(id): RequestId,
    CallerAddress(address): CallerAddress,
    form: TokenForm,
) -> Result<Response, TokenFailure> {
    answer(&app, form, async |client, token| {
        revoke(&app, &token, &client, Source::Request { address, id: &id }).await?;
        Ok(reply::nothing())
    })
    .await
}

/// `POST /api/oauth/introspect` (RFC 7662): whether a token is good, and for what.
///
/// # Errors
/// [`TokenFailure`]
pub async fn introspection(State(app): State<AppState>, form: TokenForm) -> Result<Response, TokenFailure> {
    answer(&app, form, async |client, token| {
        let active = introspect(&app, &token, &client).await?;
        Ok(reply_introspection::introspection(active.as_ref(), app.jwts.issuer()))
    })
    .await
}

/// Answers an OAuth client that asks about a token. `token_type_hint` is not needed: a token tells itself what it is.
async fn answer(
    app: &AppState,
    form: TokenForm,
    about: impl AsyncFnOnce(OauthClient, SecretString) -> Result<Response, TokenFailure>,
) -> Result<Response, TokenFailure> {
    let parameters = &form.form.parameters;
    if parameters.in_url(&CREDENTIALS) || parameters.in_url(&["token", "token_type_hint", "client_id"]) {
        return Err(Refusal::request("The parameters belong in the request body.", "parameters in the URL").into());
    }
    let request = TokenRequest::new(parameters)?;
    let answered = async {
        let client = authenticate(app, &request, form.basic?.as_ref(), form.address).await?;
        let token = request.secret("token")?;
        let missing = Refusal::request("The token parameter is missing.", "no token").hint(&form.form.seen);
        about(client, token.ok_or(missing)?).await
    };
    Ok(with_principal(&request, answered.await))
}
