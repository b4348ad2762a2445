//! The guard of the protected routes: a bearer token (RFC 6750) becomes an [`Identity`] before any handler runs.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, Uri, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use percent_encoding::percent_decode_str;

use crate::{
    crypto::jwt::JwtError,
    domain::caller::Identity,
    http::error::ApiError,
    metrics::token::BadToken,
    oauth::request::CREDENTIALS,
    state::{Allowance, AppState},
};

const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");

/// Lets a request through whose token holds and was not revoked, and whose partner, OAuth client and user are enabled.
/// No database is asked.
/// What is left of the OAuth client's [`Allowance`] goes with it: it is refused for that after its scope was checked.
pub(super) async fn bearer(app: &AppState, mut request: Request, next: Next) -> Response {
    match identify(app, request.uri(), request.headers()) {
        Ok(identity) => {
            request.extensions_mut().insert(identity);
            let allowance = app.limits.api.take(identity.oauth_client, &app.clock);
            if let Some(allowance) = allowance {
                request.extensions_mut().insert(allowance);
            }
            let mut response = next.run(request).await;
            response.extensions_mut().insert(identity.principal());
            if let Some(Allowance { limit, remaining, .. }) = allowance {
                response.headers_mut().insert(LIMIT, limit.into());
                response.headers_mut().insert(REMAINING, remaining.into());
            }
            response
        }
        Err(refused) => {
            if let Some(reason) = reason(&refused) {
                app.metrics.tokens.bad.count(reason);
            }
            refused.into_response()
        }
    }
}

/// What is counted of a refusal; none where the token is not what it is about.
const fn reason(refused: &ApiError) -> Option<BadToken> {
    Some(match refused {
        ApiError::Unauthenticated => BadToken::Missing,
        ApiError::BadCredentials(_) | ApiError::InvalidToken(JwtError::Malformed) => BadToken::Malformed,
        ApiError::InvalidToken(JwtError::UnknownKey) => BadToken::UnknownKey,
        ApiError::InvalidToken(JwtError::Forged) => BadToken::Forged,
        ApiError::InvalidToken(JwtError::NotYet) => BadToken::NotYet,
        ApiError::InvalidToken(JwtError::Expired) => BadToken::Expired,
        ApiError::RevokedToken => BadToken::Revoked,
        _ => return None,
    })
}

fn identify(app: &AppState, uri: &Uri, headers: &HeaderMap) -> Result<Identity, ApiError> {
    if in_query(uri, &["access_token"]) {
        return Err(ApiError::BadCredentials("The access token belongs in the Authorization header alone."));
    }
    let token = token(headers)?;
    let identity = app.jwts.verify(token, &app.clock)?;
    if app.is_revoked(&identity) {
        app.jwts.forget(token);
        return Err(ApiError::RevokedToken);
    }
    if !app.policy.documented_get && in_query(uri, &CREDENTIALS) {
        return Err(ApiError::InvalidRequest("Credentials may not be sent in the URL.".into()));
    }
    Ok(identity)
}

/// The token of the one `Authorization` header; the scheme in any letter case (RFC 9110 §11.1).
///
/// # Errors
/// [`ApiError`] where there is none, or more than one header.
pub fn token(headers: &HeaderMap) -> Result<&str, ApiError> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next().ok_or(ApiError::Unauthenticated)?;
    if values.next().is_some() {
        return Err(ApiError::BadCredentials("There are two Authorization headers."));
    }
    let mut parts = value.as_bytes().trim_ascii().splitn(2, |byte| *byte == b' ');
    let (Some(scheme), Some(token)) = (parts.next(), parts.next()) else { return Err(ApiError::Unauthenticated) };
    if !scheme.eq_ignore_ascii_case(b"bearer") {
        return Err(ApiError::Unauthenticated);
    }
    // What is no text is a bearer token still, and a bad one.
    str::from_utf8(token.trim_ascii()).map_err(|_| JwtError::Malformed.into())
}

/// Whether the URL's query has a parameter of one of these names, read as leniently as any reader might.
pub(super) fn in_query(uri: &Uri, names: &[&str]) -> bool {
    let pairs = uri.query().unwrap_or_default().split('&');
    pairs.map(|pair| pair.split('=').next().unwrap_or_default()).any(|name| {
        let name = name.replace('+', " ");
        let name = percent_decode_str(&name).decode_utf8_lossy();
        names.contains(&name.as_ref())
    })
}
