//! A path with a slash at its end is the path without it.

use axum::{
    extract::Request,
    http::{Uri, uri::PathAndQuery},
};

/// Takes the one slash away. Further slashes are another path: a proxy in front may guard `/api` by its name, and
/// whatever else would be read as it got past that guard.
#[must_use]
pub fn trim(mut request: Request) -> Request {
    if let Some(uri) = trimmed(request.uri()) {
        *request.uri_mut() = uri;
    }
    request
}

fn trimmed(uri: &Uri) -> Option<Uri> {
    let path = uri.path().strip_suffix('/').filter(|path| !path.is_empty() && !path.ends_with('/'))?;
    let path_and_query = match uri.query() {
        Some(query) => PathAndQuery::try_from(format!("{path}?{query}")),
        None => PathAndQuery::try_from(path),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(path_and_query.ok()?);
    Uri::from_parts(parts).ok()
}
