//! Revoke a token, and tell what one is.

use axum::{extract::State, response::Response};
use secrecy::SecretString;

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
    let (client, token) = read(&app, form).await?;
    revoke(&app, &token, &client, Source::Request { address, id: &id }).await?;
    Ok(reply::nothing())
}

/// `POST /api/oauth/introspect` (RFC 7662): whether a token is good, and for what.
///
/// # Errors
/// [`TokenFailure`]
pub async fn introspection(State(app): State<AppState>, form: TokenForm) -> Result<Response, TokenFailure> {
    let (client, token) = read(&app, form).await?;
    let active = introspect(&app, &token, &client).await?;
    Ok(reply_introspection::introspection(active.as_ref(), app.jwts.issuer()))
}

/// Who asks, and of which token. `token_type_hint` is not needed: a token tells itself what it is.
async fn read(app: &AppState, form: TokenForm) -> Result<(OauthClient, SecretString), TokenFailure> {
    let parameters = &form.form.parameters;
    if parameters.in_url(&CREDENTIALS) || parameters.in_url(&["token", "token_type_hint", "client_id"]) {
        return Err(Refusal::request("The parameters belong in the request body.", "parameters in the URL").into());
    }
    let request = TokenRequest::new(parameters)?;
    let client = authenticate(app, &request, form.basic?.as_ref(), form.address).await?;
    let token = request.secret("token")?;
    let missing = Refusal::request("The token parameter is missing.", "no token").hint(&form.form.seen);
    Ok((client, token.ok_or(missing)?))
}
