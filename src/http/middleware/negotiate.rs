//! What callers accept.

use axum::http::{HeaderMap, header};

/// Whether a caller takes anything at all, errors in JSON included.
#[must_use]
pub const fn anything(_: &HeaderMap) -> bool {
    true
}

/// Whether a caller accepts JSON or CSV. What it is told of a mistake is JSON.
#[must_use]
pub fn json_or_csv(headers: &HeaderMap) -> bool {
    json(headers) || prefers_csv(headers)
}

/// Whether a caller accepts JSON, at once or line by line.
#[must_use]
pub fn ndjson(headers: &HeaderMap) -> bool {
    json(headers) || names(headers, is_ndjson)
}

/// Whether a caller accepts JSON, at once or line by line, or CSV.
#[must_use]
pub fn ndjson_or_csv(headers: &HeaderMap) -> bool {
    names(headers, is_csv) || ndjson(headers)
}

/// Whether a caller names CSV, and JSON not, line by line or otherwise: who takes both gets JSON.
#[must_use]
pub fn prefers_csv_to_ndjson(headers: &HeaderMap) -> bool {
    prefers_csv(headers) && !names(headers, is_ndjson)
}

/// Whether a caller names CSV, and JSON not: who takes both gets JSON.
#[must_use]
pub fn prefers_csv(headers: &HeaderMap) -> bool {
    !json(headers) && names(headers, is_csv)
}

fn names(headers: &HeaderMap, offers: fn(&str) -> bool) -> bool {
    ranges(headers).any(|range| is_offered(range, offers))
}

/// Whether a caller accepts JSON: RFC 9110 §12.5.1, as far as it matters to one who offers that alone. A missing or empty
/// header accepts all, and a range with `q=0` accepts nothing.
#[must_use]
pub fn json(headers: &HeaderMap) -> bool {
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
