//! The Rust crate `oauth2`.

use oauth2::{
    AsyncHttpClient, AuthType, ClientId, ClientSecret, HttpRequest, HttpResponse, RefreshToken, RequestTokenError,
    ResourceOwnerPassword, ResourceOwnerUsername, Scope, TokenResponse as _, TokenUrl,
    basic::{BasicClient, BasicErrorResponseType, BasicTokenType},
};

use crate::support::{App, Caller};

/// Sends the crate's requests with the HTTP client that the other tests use.
async fn send(request: HttpRequest) -> Result<HttpResponse, reqwest::Error> {
    let reply = reqwest::Client::new().execute(request.try_into()?).await?;
    let mut response = HttpResponse::default();
    *response.status_mut() = reply.status();
    *response.headers_mut() = reply.headers().clone();
    *response.body_mut() = reply.bytes().await?.to_vec();
    Ok(response)
}

fn http() -> &'static impl for<'c> AsyncHttpClient<'c, Error = reqwest::Error> {
    &send
}

#[tokio::test]
async fn the_crate_logs_in_and_refreshes_with_either_authentication() {
    let app = App::start().await;
    let partner = app.partner("Acme & Söhne").await;
    for authentication in [AuthType::BasicAuth, AuthType::RequestBody] {
        let client = BasicClient::new(ClientId::new(partner.client_id.clone()))
            .set_client_secret(ClientSecret::new(partner.client_secret.clone()))
            .set_auth_type(authentication)
            .set_token_uri(TokenUrl::new(format!("{}/oauth/token", app.url)).expect("a URL"));
        let username = ResourceOwnerUsername::new(partner.username.clone());

        let password = ResourceOwnerPassword::new(partner.password.clone());
        let scope = Scope::new("client:create".to_owned());
        let first = client
            .exchange_password(&username, &password)
            .add_scope(scope)
            .request_async(http())
            .await
            .expect("tokens");
        assert_eq!(first.token_type(), &BasicTokenType::Bearer);
        assert_eq!(first.expires_in().expect("a time").as_secs(), 1200);
        let refresh_token = first.refresh_token().expect("a refresh token");
        let second = client.exchange_refresh_token(refresh_token).request_async(http()).await.expect("tokens");
        let caller = Caller { token: second.access_token().secret().clone(), refresh_token: String::new() };
        for secret in [first.access_token().secret(), refresh_token.secret(), &caller.token] {
            app.keep_secret(secret);
        }
        caller.new_client(&app).await;

        let wrong = client.exchange_refresh_token(&RefreshToken::new("wrong".to_owned())).request_async(http()).await;
        let Err(RequestTokenError::ServerResponse(refused)) = wrong else { panic!("{wrong:?}") };
        assert_eq!(refused.error(), &BasicErrorResponseType::InvalidGrant);
        assert_eq!(refused.error_description().map(String::as_str), Some("The refresh token is invalid."));
    }
}

#[tokio::test]
async fn the_crate_reads_a_refusal_of_its_credentials() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let client = BasicClient::new(ClientId::new(partner.client_id.clone()))
        .set_client_secret(ClientSecret::new("wrong".to_owned()))
        .set_token_uri(TokenUrl::new(format!("{}/api/oauth/token", app.url)).expect("a URL"));

    let username = ResourceOwnerUsername::new(partner.username.clone());
    let password = ResourceOwnerPassword::new(partner.password.clone());
    let refused = client.exchange_password(&username, &password).request_async(http()).await;

    let Err(RequestTokenError::ServerResponse(refused)) = refused else { panic!("{refused:?}") };
    assert_eq!(refused.error(), &BasicErrorResponseType::InvalidClient);
}
