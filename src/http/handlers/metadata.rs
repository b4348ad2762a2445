//! What verifiers of tokens and OAuth libraries ask before anything else.

use axum::{extract::State, http::Uri, response::Response};

use crate::{http::reply, state::AppState};

const AUTHORIZATION_SERVER: &str = "/.well-known/oauth-authorization-server";

/// Where the metadata of that issuer is. With a path in the issuer, that follows the well-known one (RFC 8414 §3); the
/// other is there too, for a proxy that strips the issuer's path from a URL which has it in front.
#[must_use]
pub fn paths(issuer: &str) -> Vec<String> {
    let path = issuer.parse::<Uri>().map_or_else(|_| String::new(), |uri| uri.path().trim_end_matches('/').to_owned());
    let mut paths = vec![AUTHORIZATION_SERVER.to_owned()];
    if !path.is_empty() {
        paths.push(format!("{AUTHORIZATION_SERVER}{path}"));
    }
    paths
}

/// `GET /.well-known/oauth-authorization-server`: what this authorization server is (RFC 8414).
pub async fn authorization_server(State(app): State<AppState>) -> Response {
    reply::authorization_server(app.jwts.issuer())
}

/// `GET /.well-known/jwks.json`: the keys that verify access tokens, the next one among them (RFC 7517).
pub async fn jwks(State(app): State<AppState>) -> Response {
    reply::jwks(&app.jwts.keys().public())
}
