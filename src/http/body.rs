//! Reading a request: the parameters of its URL and of its body, strictly, within a size and a time.

use std::{borrow::Cow, time::Duration};

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest as _, Multipart, Request},
    http::{HeaderMap, Method, Uri, header, request::Parts},
};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use percent_encoding::percent_decode_str;
use tokio::time::timeout;

use super::arrival::staggered;
use crate::domain::{
    import::Format,
    json,
    parameters::{Parameters, Value},
};

/// Bytes of a body, at most.
const LIMIT: usize = 64 * 1024;
/// How long a body may take to arrive, at least.
const DEADLINE: Duration = Duration::from_secs(10);

const URLENCODED: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";
const MULTIPART: &str = "multipart/form-data";
/// The types of body that are understood.
const UNDERSTOOD: [&str; 3] = [URLENCODED, JSON, MULTIPART];

/// Why a request's parameters cannot be had. The sentences keep to the characters of RFC 6749 §5.2.
#[derive(Debug)]
pub enum Unreadable {
    /// The body is over 64 KiB.
    TooLarge,
    /// The body took over ten seconds.
    TooSlow,
    /// A body of no type that is understood: what its header says.
    MediaType(String),
    /// It breaks the rules of what it says it is.
    Malformed(&'static str),
}

/// A request's parameters, and what a developer who misses one of them should know of the body.
pub struct Form {
    /// The parameters.
    pub parameters: Parameters,
    /// What the body is.
    pub seen: String,
}

/// Reads the parameters of a request.
///
/// # Errors
/// [`Unreadable`]
pub async fn form(request: Request) -> Result<Form, Unreadable> {
    let (parts, body) = request.into_parts();
    let bytes = read(body).await?;
    of_bytes(&parts, bytes).await
}

/// The parameters of a URL alone.
///
/// # Errors
/// [`Unreadable`]
pub fn of_url(uri: &Uri) -> Result<Parameters, Unreadable> {
    Ok(Parameters::new(urlencoded(uri.query().unwrap_or_default())?, Vec::new()))
}

/// What a file of rows says it is written in; none where it says nothing, or something else.
#[must_use]
pub fn format(headers: &HeaderMap) -> Option<Format> {
    let encoded = headers.get(header::CONTENT_ENCODING).is_some_and(|value| value != "identity");
    match essence(headers).as_str() {
        "application/x-ndjson" | "application/jsonl" if !encoded => Some(Format::Ndjson),
        "text/csv" if !encoded => Some(Format::Csv),
        _ => None,
    }
}

async fn of_bytes(parts: &Parts, bytes: Bytes) -> Result<Form, Unreadable> {
    let url = || urlencoded(parts.uri.query().unwrap_or_default());
    let declared = header_text(&parts.headers, header::CONTENT_TYPE.as_str());
    if bytes.is_empty() {
        let seen = "The request has no body and no such parameter in its URL.".to_owned();
        return Ok(Form { parameters: Parameters::new(url()?, Vec::new()), seen });
    }
    refuse_on_get(&parts.method)?;
    let encoding = header_text(&parts.headers, header::CONTENT_ENCODING.as_str());
    if !encoding.is_empty() && !encoding.eq_ignore_ascii_case("identity") {
        return Err(Unreadable::MediaType(format!("{declared} in {encoding}")));
    }
    let essence = essence(&parts.headers);
    let body = match essence.as_str() {
        URLENCODED => text(&bytes).and_then(urlencoded),
        JSON => json::object(&bytes).map_err(|_| Unreadable::Malformed("The request body is not a JSON object.")),
        MULTIPART => multipart(&parts.headers, bytes).await,
        _ => return Err(Unreadable::MediaType(if declared.is_empty() { "no content type".into() } else { declared })),
    };
    let seen = format!("The body was read as {essence} and has no such parameter.");
    Ok(Form { parameters: Parameters::new(url()?, body?), seen })
}

/// Reads the parameters of a request that used to have none: one that cannot be read has none. A `POST` whose body is of
/// no type that is understood is not waited for.
///
/// # Errors
/// [`Unreadable`] where a `GET` has a body.
pub async fn optional(request: Request) -> Result<Parameters, Unreadable> {
    let (parts, body) = request.into_parts();
    let bytes = if parts.method == Method::GET {
        let bytes = read(body).await?;
        if !bytes.is_empty() {
            refuse_on_get(&parts.method)?;
        }
        bytes
    } else if UNDERSTOOD.contains(&essence(&parts.headers).as_str()) {
        read(body).await.unwrap_or_default()
    } else {
        Bytes::new()
    };
    let read = of_bytes(&parts, bytes).await;
    Ok(read.map(|form| form.parameters).unwrap_or_default())
}

/// A `GET` may not have a body (RFC 9110 §9.3.1): some that stand in between would take it for the next request. Nor may
/// a `HEAD`.
fn refuse_on_get(method: &Method) -> Result<(), Unreadable> {
    if [Method::GET, Method::HEAD].contains(method) {
        return Err(Unreadable::Malformed("A GET request may not have a body."));
    }
    Ok(())
}

async fn read(body: Body) -> Result<Bytes, Unreadable> {
    match timeout(staggered(DEADLINE), Limited::new(body, LIMIT).collect()).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Unreadable::TooLarge),
        Ok(Err(_)) => Err(Unreadable::Malformed("The request body is incomplete.")),
        Err(_) => Err(Unreadable::TooSlow),
    }
}

fn header_text(headers: &HeaderMap, name: &str) -> String {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).unwrap_or_default()
}

/// What a body says it is, without its parameters.
fn essence(headers: &HeaderMap) -> String {
    let declared = header_text(headers, header::CONTENT_TYPE.as_str());
    declared.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn text(bytes: &[u8]) -> Result<&str, Unreadable> {
    std::str::from_utf8(bytes).map_err(|_| Unreadable::Malformed("The parameters are not UTF-8."))
}

/// Reads `application/x-www-form-urlencoded` strictly: what a lenient reader would guess at is refused.
fn urlencoded(pairs: &str) -> Result<Vec<(String, Value)>, Unreadable> {
    let pairs = pairs.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decode(name)?, Value::Text(decode(value)?)))
        })
        .collect()
}

fn decode(encoded: &str) -> Result<String, Unreadable> {
    let well_formed = |escape: &str| escape.len() >= 2 && escape.as_bytes()[..2].iter().all(u8::is_ascii_hexdigit);
    if !encoded.split('%').skip(1).all(well_formed) {
        return Err(Unreadable::Malformed("The parameters hold a broken percent-encoding."));
    }
    let spaced = encoded.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8();
    decoded.map(Cow::into_owned).map_err(|_| Unreadable::Malformed("The parameters are not UTF-8."))
}

async fn multipart(headers: &HeaderMap, bytes: Bytes) -> Result<Vec<(String, Value)>, Unreadable> {
    const BROKEN: Unreadable = Unreadable::Malformed("The multipart body is broken.");
    let mut request = Request::new(Body::from(bytes));
    headers.clone_into(request.headers_mut());
    let mut fields = Multipart::from_request(request, &()).await.map_err(|_| BROKEN)?;
    let mut found = Vec::new();
    while let Some(field) = fields.next_field().await.map_err(|_| BROKEN)? {
        let name = field.name().map(str::to_owned).ok_or(BROKEN)?;
        let is_file = field.file_name().is_some();
        let bytes = field.bytes().await.map_err(|_| BROKEN)?;
        let value = if is_file { Value::Structure } else { Value::Text(text(&bytes)?.to_owned()) };
        found.push((name, value));
    }
    Ok(found)
}
