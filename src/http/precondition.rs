//! Conditional requests (RFC 9110 §13): `ETag`, `If-Match`, `If-None-Match`.

use axum::http::{HeaderMap, HeaderName, header};
use chrono::{DateTime, Utc};

use super::error::ApiError;
use crate::domain::client::Client;

/// The strong entity tag of a client as it is: every change of it has a later time than the one before.
#[must_use]
pub fn etag(client: &Client) -> String {
    tag(client.updated_at)
}

fn tag(at: DateTime<Utc>) -> String {
    format!("\"{:x}\"", at.timestamp_micros())
}

/// Refuses a change of a client that is no longer as the caller saw it: `If-Match` names none of its tag.
///
/// # Errors
/// [`ApiError::PreconditionFailed`]
pub fn if_match(headers: &HeaderMap, client: &Client) -> Result<(), ApiError> {
    // A weak tag is none that this comparison knows (RFC 9110 §8.8.3.2).
    match names(headers, &header::IF_MATCH, &etag(client), "") {
        Some(false) => Err(ApiError::PreconditionFailed),
        Some(true) | None => Ok(()),
    }
}

/// Whether the caller has the client as it is: `If-None-Match` names its tag.
#[must_use]
pub fn not_modified(headers: &HeaderMap, client: &Client) -> bool {
    names(headers, &header::IF_NONE_MATCH, &etag(client), "W/") == Some(true)
}

/// Whether a header lists the tag, perhaps behind `mark`, or is `*`; none where there is no such header.
fn names(headers: &HeaderMap, name: &HeaderName, tag: &str, mark: &str) -> Option<bool> {
    let mut listed = headers.get_all(name).iter().peekable();
    listed.peek()?;
    // Our tags have no comma in them, so what a comma splits in two was none of them.
    let listed = listed.flat_map(|value| value.to_str().unwrap_or_default().split(','));
    let mut listed = listed.map(str::trim);
    Some(listed.any(|listed| listed == "*" || listed.strip_prefix(mark).unwrap_or(listed) == tag))
}
