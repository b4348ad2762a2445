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

/// Refuses a caller that accepts neither JSON nor CSV. What it is told of that is JSON.
pub async fn json_or_csv(request: Request, next: Next) -> Response {
    if !accepts_json(request.headers()) && !prefers_csv(request.headers()) {
        return ApiError::NotAcceptable.into_response();
    }
    next.run(request).await
}

/// Refuses a caller that accepts neither JSON nor JSON line by line.
pub async fn ndjson(request: Request, next: Next) -> Response {
    if !accepts_json(request.headers()) && !names(request.headers(), is_ndjson) {
        return ApiError::NotAcceptable.into_response();
    }
    next.run(request).await
}

/// Refuses a caller that accepts neither JSON, nor that line by line, nor CSV.
pub async fn ndjson_or_csv(request: Request, next: Next) -> Response {
    if names(request.headers(), is_csv) {
        return next.run(request).await;
    }
    ndjson(request, next).await
}

/// Whether a caller names CSV, and JSON not, line by line or otherwise: who takes both gets JSON.
#[must_use]
pub fn prefers_csv_to_ndjson(headers: &HeaderMap) -> bool {
    prefers_csv(headers) && !names(headers, is_ndjson)
}

/// Whether a caller names CSV, and JSON not: who takes both gets JSON.
#[must_use]
pub fn prefers_csv(headers: &HeaderMap) -> bool {
    !accepts_json(headers) && names(headers, is_csv)
}

fn names(headers: &HeaderMap, offers: fn(&str) -> bool) -> bool {
    ranges(headers).any(|range| is_offered(range, offers))
}

/// RFC 9110 §12.5.1, as far as it matters to one who offers JSON alone: a missing or empty header accepts all, and a
/// range with `q=0` accepts nothing.
fn accepts_json(headers: &HeaderMap) -> bool {
    let mut ranges = ranges(headers).peekable();
    ranges.peek().is_none() || ranges.any(|range| is_offered(range, is_json))
}

fn ranges(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let values = headers.get_all(header::ACCEPT).iter();
    let ranges = values.flat_map(|value| value.to_str().unwrap_or_default().split(','));
    ranges.map(str::trim).filter(|range| !range.is_empty())
}

fn is_json(media_type: &str) -> bool {
    matches!(media_type, "*/*" | "application/*" | "application/json") || media_type.ends_with("+json")
}

fn is_ndjson(media_type: &str) -> bool {
    matches!(media_type, "application/x-ndjson" | "application/jsonl")
}

fn is_csv(media_type: &str) -> bool {
    matches!(media_type, "text/csv" | "text/*")
}

fn is_offered(range: &str, offers: impl Fn(&str) -> bool) -> bool {
    let mut parts = range.split(';').map(str::trim);
    let named = offers(&parts.next().unwrap_or_default().to_ascii_lowercase());
    let refused = parts.any(|parameter| {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        name.trim().eq_ignore_ascii_case("q") && value.trim().parse() == Ok(0.0_f32)
    });
    named && !refused
}
