//! The developer portal: public, revalidated or kept for ever, and under a policy that lets it load nothing from
//! elsewhere.

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};

use crate::portal::{Caching, Document, Reach};

/// The page loads its own script, style and icon, and nothing else; it sends nothing.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'",
);

/// The console sends requests to this server; Swagger UI's style holds its pictures.
const CONSOLE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// `GET /docs` and what belongs to it.
pub fn document(document: &Document, headers: &HeaderMap) -> Response {
    let packed = document.packed();
    let caching = match document.caching {
        Caching::Forever => "public, max-age=31536000, immutable",
        Caching::Revalidated => "public, no-cache",
    };
    let policy = match document.reach {
        Reach::Files => POLICY,
        Reach::Api => CONSOLE_POLICY,
    };
    let listed = |name: HeaderName, wanted: &str| {
        let values = headers.get_all(name).into_iter();
        let mut listed = values.flat_map(|value| value.to_str().unwrap_or_default().split(',')).map(str::trim);
        listed.any(|one| one == wanted)
    };
    let compressed = accepts_gzip(headers);
    // The two encodings are two representations, each with a tag of its own (RFC 9110 §8.8.3.3).
    let etag = if compressed { packed.etag.replacen('"', "\"gz-", 1) } else { packed.etag.clone() };
    let known = listed(header::IF_NONE_MATCH, &etag) || listed(header::IF_NONE_MATCH, &format!("W/{etag}"));
    let body = if compressed { packed.gzip.clone() } else { packed.plain.clone() };
    let mut response = if known { StatusCode::NOT_MODIFIED.into_response() } else { body.into_response() };
    let set = response.headers_mut();
    if let Ok(etag) = HeaderValue::try_from(etag) {
        set.insert(header::ETAG, etag);
    }
    set.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    set.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    set.insert(header::CONTENT_SECURITY_POLICY, policy);
    if known {
        return response;
    }
    set.insert(header::CONTENT_TYPE, HeaderValue::from_static(document.content_type));
    if compressed {
        set.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

/// `GET /`: the way to the portal.
pub async fn root() -> Response {
    (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, HeaderValue::from_static("docs"))]).into_response()
}

/// Whether a caller takes gzip (RFC 9110 §12.5.3).
fn accepts_gzip(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT_ENCODING).into_iter();
    let mut codings = values.flat_map(|value| value.to_str().unwrap_or_default().split(','));
    codings.any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let refused = weight.trim().strip_prefix("q=").is_some_and(|weight| weight.trim().parse() == Ok(0.0_f32));
        name.trim().eq_ignore_ascii_case("gzip") && !refused
    })
}
