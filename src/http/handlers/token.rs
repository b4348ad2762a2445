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
        authenticate::authenticate,
        client_credentials::client_credentials,
        error::Refusal,
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
    RequestId(id): RequestId,
    CallerAddress(address): CallerAddress,
    token: TokenForm,
) -> Result<Response, TokenFailure> {
    let parameters = &token.form.parameters;
    let in_url = parameters.in_url(&CREDENTIALS);
    if in_url && !app.policy.documented_get {
        return Err(Refusal::request("Credentials may not be sent in the URL.", "credentials in the URL").into());
    }
    let request = TokenRequest::new(parameters)?;
    let grant = request.grant_type(&token.form.seen)?;
    let client = authenticate(&app, &request, token.basic?.as_ref()).await?;
    if in_url {
        app.documented_forms.record(client.partner, client.id, &app.clock);
    }
    let tokens = match grant {
        GrantType::Password => password(&app, &request, &client).await?,
        GrantType::RefreshToken => refresh(&app, &request, &client, Source::Request { address, id: &id }).await?,
        GrantType::ClientCredentials => client_credentials(&app, &request, &client).await?,
    };
    Ok(reply::tokens(&tokens, parameters.are_documented_form()))
}
