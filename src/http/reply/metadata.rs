//! What is public and may be kept: keys, and what the server is (RFC 7517, RFC 8414).

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use serde::Serialize;

use super::json;
use crate::{
    crypto::signing_key::Jwk,
    domain::{oauth_client::GrantType, scope::Scope, signing_key::PUBLIC_MAX_AGE},
};

/// How an OAuth client authenticates, on each endpoint alike.
const AUTH_METHODS: [&str; 2] = ["client_secret_basic", "client_secret_post"];

/// JSON that anybody may keep for a while.
fn public(body: &impl Serialize) -> Response {
    let mut response = json(StatusCode::OK, body);
    if let Ok(value) = HeaderValue::try_from(format!("public, max-age={PUBLIC_MAX_AGE}"))
        && response.status() == StatusCode::OK
    {
        response.headers_mut().insert(header::CACHE_CONTROL, value);
    }
    response
}

#[derive(Serialize)]
struct JwkSet<'a> {
    keys: &'a [Jwk],
}

/// A set of public keys (RFC 7517 §5).
#[must_use]
pub fn jwks(keys: &[Jwk]) -> Response {
    public(&JwkSet { keys })
}

#[derive(Serialize)]
struct AuthorizationServer<'a> {
    issuer: &'a str,
    token_endpoint: String,
    jwks_uri: String,
    scopes_supported: [&'static str; Scope::ALL.len()],
    response_types_supported: [&'static str; 0],
    grant_types_supported: [&'static str; GrantType::ALL.len()],
    token_endpoint_auth_methods_supported: [&'static str; 2],
    service_documentation: String,
    revocation_endpoint: String,
    revocation_endpoint_auth_methods_supported: [&'static str; 2],
    introspection_endpoint: String,
    introspection_endpoint_auth_methods_supported: [&'static str; 2],
}

/// What the server of that issuer is (RFC 8414 §2). There is no authorization endpoint, so no response type: the member
/// is required all the same.
#[must_use]
pub fn authorization_server(issuer: &str) -> Response {
    public(&AuthorizationServer {
        issuer,
        token_endpoint: format!("{issuer}/api/oauth/token"),
        jwks_uri: format!("{issuer}/.well-known/jwks.json"),
        scopes_supported: Scope::ALL.map(Scope::as_str),
        response_types_supported: [],
        grant_types_supported: GrantType::ALL.map(GrantType::as_str),
        token_endpoint_auth_methods_supported: AUTH_METHODS,
        service_documentation: format!("{issuer}/docs"),
        revocation_endpoint: format!("{issuer}/api/oauth/revoke"),
        revocation_endpoint_auth_methods_supported: AUTH_METHODS,
        introspection_endpoint: format!("{issuer}/api/oauth/introspect"),
        introspection_endpoint_auth_methods_supported: AUTH_METHODS,
    })
}
