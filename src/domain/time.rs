//! Time stamps as every reply prints them: RFC 3339 in UTC, with microseconds and `Z`.

use chrono::{DateTime, Utc};
use serde::Serializer;

/// Serializes a time stamp.
///
/// # Errors
/// The serializer's own.
pub fn rfc3339<S: Serializer>(at: &DateTime<Utc>, out: S) -> Result<S::Ok, S::Error> {
    out.collect_str(&at.format("%Y-%m-%dT%H:%M:%S%.6fZ"))
}

/// Serializes a time stamp, or null.
///
/// # Errors
/// The serializer's own.
pub fn rfc3339_or_null<S: Serializer>(at: &Option<DateTime<Utc>>, out: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => rfc3339(at, out),
        None => out.serialize_none(),
    }
}
