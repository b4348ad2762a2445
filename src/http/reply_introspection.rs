//! What a token is, as a reply.

use axum::{http::StatusCode, response::Response};
use serde::Serialize;
use uuid::Uuid;

use super::reply::json;
use crate::oauth::introspect::Active;

/// The members of RFC 7662 §2.2, as far as they apply.
#[derive(Serialize, Default)]
struct IntrospectionBody<'a> {
    active: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iat: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<Uuid>,
}

/// What a token is; of one that is good for nothing, that alone. A refresh token has no `token_type`: it is not to be
/// presented as one of any.
#[must_use]
pub fn introspection(token: Option<&Active>, issuer: &str) -> Response {
    let body = match token {
        None => IntrospectionBody::default(),
        Some(Active::Access { claims, username }) => IntrospectionBody {
            active: true,
            scope: Some(&claims.scope),
            client_id: Some(claims.client_id),
            username: username.as_deref(),
            token_type: Some("Bearer"),
            exp: Some(claims.exp),
            iat: Some(claims.iat),
            nbf: Some(claims.nbf),
            sub: Some(claims.sub),
            aud: Some(&claims.aud),
            iss: Some(&claims.iss),
            jti: Some(claims.jti),
        },
        Some(Active::Refresh(token)) => IntrospectionBody {
            active: true,
            scope: Some(&token.scope),
            client_id: Some(token.oauth_client_id),
            username: Some(&token.username),
            exp: Some(token.expires_at.timestamp()),
            iat: Some(token.issued_at.timestamp()),
            sub: Some(token.user_id),
            iss: Some(issuer),
            ..IntrospectionBody::default()
        },
    };
    json(StatusCode::OK, &body)
}
