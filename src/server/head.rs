//! What a request's head must be before hyper sees it (RFC 9112): wherever two servers could disagree where one request
//! ends and the next begins, it is refused.

use std::mem;

use axum::http::Uri;
use memchr::memchr_iter;

use crate::http::arrival::Refusal;

/// Lines of headers, at most: as many as hyper takes.
const HEADERS: usize = 100;
/// Bytes of a URL that hyper would take, about: from 8 KiB on the edge refuses them in the same words.
const TARGET: usize = 60_000;

/// What follows a head.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Framing {
    /// So many bytes.
    Sized(u64),
    /// Chunks.
    Chunked,
}

/// What is known of a head so far.
#[derive(Default)]
struct Seen {
    hosts: usize,
    host: Vec<u8>,
    length: Option<u64>,
    chunked: bool,
}

const fn malformed<T>(rule: &'static str) -> Result<T, Refusal> {
    Err(Refusal::Malformed(rule))
}

/// Looks at the first bytes of what may become a request line: whoever speaks another protocol is not waited for.
pub(super) fn begins(bytes: &[u8]) -> Result<(), Refusal> {
    let method = bytes.iter().take(33).position(|byte| !is_token(*byte));
    match method {
        None if bytes.len() <= 32 => Ok(()),
        Some(end) if end > 0 && bytes[end] == b' ' => Ok(()),
        _ => malformed("The request line must be a method, a target and a version."),
    }
}

/// Checks one whole head, the empty line included, and says what follows it.
pub(super) fn check(head: &[u8]) -> Result<Framing, Refusal> {
    let mut from = 0;
    let ends = memchr_iter(b'\n', head).map(|end| &head[mem::replace(&mut from, end + 1)..=end]);
    let mut lines = ends.map(|line| line.strip_suffix(b"\r\n"));
    let (target, is_http_11) = request_line(lines.next().flatten().unwrap_or_default())?;
    let mut seen = Seen::default();
    let mut count = 0;
    for line in lines {
        let Some(line) = line else { return malformed("Each line of the head must end in CR LF.") };
        if line.is_empty() {
            break;
        }
        count += 1;
        if count > HEADERS {
            return Err(Refusal::HeadTooLarge);
        }
        header(line, is_http_11, &mut seen)?;
    }
    if seen.hosts > 1 || (seen.hosts == 0 && is_http_11) {
        return malformed("There must be one Host header.");
    }
    authority(target, &seen)?;
    match (seen.chunked, seen.length) {
        (true, Some(_)) => malformed("A request has a Content-Length or a Transfer-Encoding, not both."),
        (true, None) => Ok(Framing::Chunked),
        (false, length) => Ok(Framing::Sized(length.unwrap_or_default())),
    }
}

fn request_line(line: &[u8]) -> Result<(&[u8], bool), Refusal> {
    const RULE: &str = "The request line must be a method, a target and a version.";
    let mut words = line.split(|byte| *byte == b' ');
    let (Some(method), Some(target), Some(version), None) = (words.next(), words.next(), words.next(), words.next())
    else {
        return malformed(RULE);
    };
    if target.len() > TARGET {
        return Err(Refusal::UriTooLong);
    }
    if method.is_empty() || target.is_empty() || !method.iter().copied().all(is_token) || has_control(target) {
        return malformed(RULE);
    }
    // Of a fragment `Uri` does not look at the bytes, and hyper refuses them without a word.
    if Uri::try_from(target).is_err() || str::from_utf8(target).is_err() {
        return malformed("The target holds what no URL may.");
    }
    if method == b"CONNECT" {
        return malformed("CONNECT is for proxies.");
    }
    let is_form = target.starts_with(b"/") || scheme_end(target).is_some() || (target == b"*" && method == b"OPTIONS");
    match version {
        _ if !is_form => malformed("The target must be a path, or a URL of http or https."),
        b"HTTP/1.1" => Ok((target, true)),
        b"HTTP/1.0" => Ok((target, false)),
        _ => malformed("The version must be HTTP/1.1."),
    }
}

/// Where the authority begins in an absolute URL.
fn scheme_end(target: &[u8]) -> Option<usize> {
    let is = |scheme: &[u8]| target.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    [&b"http://"[..], b"https://"].into_iter().find(|scheme| is(scheme)).map(<[u8]>::len)
}

/// A URL for a target names the same host as the header (RFC 9112 §3.2.2): else it depends on the reader whose it is.
fn authority(target: &[u8], seen: &Seen) -> Result<(), Refusal> {
    let Some(start) = scheme_end(target) else { return Ok(()) };
    let rest = &target[start..];
    let end = rest.iter().position(|byte| b"/?#".contains(byte)).unwrap_or(rest.len());
    if end == 0 || (seen.hosts == 1 && !rest[..end].eq_ignore_ascii_case(&seen.host)) {
        return malformed("The host of the URL must be that of the Host header.");
    }
    Ok(())
}

fn header(line: &[u8], is_http_11: bool, seen: &mut Seen) -> Result<(), Refusal> {
    if line[0] == b' ' || line[0] == b'\t' {
        return malformed("A header may not go on in the next line.");
    }
    let colon = line.iter().position(|byte| !is_token(*byte)).unwrap_or(line.len());
    if colon == 0 || line.get(colon) != Some(&b':') {
        return malformed("Each header must be a name, a colon and a value.");
    }
    let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
    if has_control(&line[colon + 1..]) {
        return malformed("A header may not hold control characters.");
    }
    match name.len() {
        4 if name.eq_ignore_ascii_case(b"host") => {
            if value.iter().any(|byte| b" \t,/?#@\\".contains(byte)) {
                return malformed("The Host header must be a host.");
            }
            seen.hosts += 1;
            value.clone_into(&mut seen.host);
        }
        14 if name.eq_ignore_ascii_case(b"content-length") => {
            let digits = (1..=18).contains(&value.len()) && value.iter().all(u8::is_ascii_digit);
            let length = std::str::from_utf8(value).ok().filter(|_| digits).and_then(|text| text.parse().ok());
            if length.is_none() || seen.length.is_some() {
                return malformed("There may be one Content-Length, a whole number.");
            }
            seen.length = length;
        }
        17 if name.eq_ignore_ascii_case(b"transfer-encoding") => {
            if !is_http_11 || seen.chunked || !value.eq_ignore_ascii_case(b"chunked") {
                return malformed("The only Transfer-Encoding is chunked.");
            }
            seen.chunked = true;
        }
        _ => {}
    }
    Ok(())
}

/// RFC 9110 §5.6.2.
const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~'
        )
}

/// Without a way out at the first, so that the compiler can compare many at once.
fn has_control(bytes: &[u8]) -> bool {
    bytes.iter().fold(false, |found, byte| found | is_control(*byte))
}

/// A tab is none.
const fn is_control(byte: u8) -> bool {
    (byte < b' ' && byte != b'\t') || byte == 0x7f
}
