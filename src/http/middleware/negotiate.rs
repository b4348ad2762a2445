//! What an endpoint offers: its methods, and JSON.

use axum::{
    extract::Request,
    http::{HeaderMap, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};

use crate::http::error::ApiError;

/// Refuses a method that is not in `allow`: `HEAD` and `OPTIONS` too, since a `HEAD` that reached the handler of `GET`
/// would activate a client.
pub async fn methods(allow: &'static str, request: Request, next: Next) -> Response {
    if !allow.split(", ").any(|method| method == request.method().as_str()) {
        return ApiError::MethodNotAllowed(allow).into_response();
    }
    next.run(request).await
}

/// Refuses a caller that accepts no JSON.
pub async fn json(request: Request, next: Next) -> Response {
    if !accepts_json(request.headers()) {
        return ApiError::NotAcceptable.into_response();
    }
    next.run(request).await
}

/// RFC 9110 §12.5.1, as far as it matters to one who offers JSON alone: a missing or empty header accepts all, and a
/// range with `q=0` accepts nothing.
fn accepts_json(headers: &HeaderMap) -> bool {
    let mut ranges = headers
        .get_all(header::ACCEPT)
        .iter()
        .flat_map(|value| value.to_str().unwrap_or_default().split(','))
        .map(str::trim)
        .filter(|range| !range.is_empty())
        .peekable();
    ranges.peek().is_none() || ranges.any(is_json)
}

fn is_json(range: &str) -> bool {
    let mut parts = range.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default().to_ascii_lowercase();
    let named =
        matches!(media_type.as_str(), "*/*" | "application/*" | "application/json") || media_type.ends_with("+json");
    let refused = parts.any(|parameter| {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        name.trim().eq_ignore_ascii_case("q") && value.trim().parse() == Ok(0.0_f32)
    });
    named && !refused
}
