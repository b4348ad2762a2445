use std::net::Ipv6Addr;

use axum::http::Uri;

/// The URL without its trailing slash. It becomes an issuer, which clients compare letter by letter, and stands between
/// `<` and `>` in headers: it is kept as written, and nothing in it may need an escape.
pub(super) fn parse(text: &str) -> Option<String> {
    let url = text.trim_end_matches('/');
    let uri: Uri = url.parse().ok()?;
    let authority = uri.authority()?;
    let host = authority.host();
    // Written out again from host and port alone, a user, a password or a strange port would be missing.
    let plain_authority = match authority.port_u16() {
        Some(port) => port != 0 && authority.as_str() == format!("{host}:{port}"),
        None => authority.as_str() == host,
    };
    let valid = (url.starts_with("http://") || url.starts_with("https://"))
        && plain_authority
        && is_host(host)
        && !url.contains(['?', '#'])
        && uri.path().chars().all(|c| c == '/' || is_unreserved(c));
    valid.then(|| url.to_owned())
}

fn is_host(host: &str) -> bool {
    match host.strip_prefix('[').and_then(|h| h.strip_suffix(']')) {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => host
            .split('.')
            .all(|label| !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')),
    }
}

fn is_unreserved(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~".contains(c)
}
