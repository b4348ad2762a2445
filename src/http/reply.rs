//! The one place that knows the shapes of replies.

mod metadata;

pub use metadata::{authorization_server, jwks};

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use secrecy::ExposeSecret as _;
use serde::Serialize;

use super::precondition::etag;
use crate::{
    domain::{
        client::{Client, ClientStatus},
        secret::Secret,
        time::rfc3339,
    },
    oauth::Tokens,
};

/// Bytes that most replies find room in.
const MOST: usize = 1024;

/// A JSON reply.
pub fn json(status: StatusCode, body: &impl Serialize) -> Response {
    let mut bytes = Vec::with_capacity(MOST);
    match serde_json::to_writer(&mut bytes, body) {
        Ok(()) => {
            (status, [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], bytes).into_response()
        }
        Err(error) => super::error::ApiError::Internal(error.into()).into_response(),
    }
}

#[derive(Serialize)]
struct TokenBody<'a> {
    token_type: &'static str,
    expires_in: u32,
    access_token: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
}

/// Tokens: an object (RFC 6749 §5.1), or the documented array of one. `scope` is named where it is not what was asked
/// for; where nothing was asked for, in the standard form always and in the documented form, whose four members are
/// printed, never.
#[must_use]
pub fn tokens(tokens: &Tokens, documented: bool) -> Response {
    let differs = tokens.asked.map_or(!documented, |asked| asked != tokens.scope);
    let body = TokenBody {
        token_type: "Bearer",
        expires_in: tokens.expires_in,
        access_token: tokens.access_token.expose_secret(),
        refresh_token: tokens.refresh_token.as_ref().map(Secret::reveal),
        scope: differs.then(|| tokens.scope.to_string()),
    };
    if documented { json(StatusCode::OK, &[body]) } else { json(StatusCode::OK, &body) }
}

#[derive(Serialize)]
struct Nothing {}

/// That it was done, where there is nothing to tell.
#[must_use]
pub fn nothing() -> Response {
    json(StatusCode::OK, &Nothing {})
}

#[derive(Serialize)]
struct Answer<T> {
    result: &'static str,
    client: T,
}

#[derive(Serialize)]
struct DocumentedClient<'a> {
    id: i64,
    ns_domain: &'a str,
}

#[derive(Serialize)]
pub(super) struct WholeClient<'a> {
    id: i64,
    ns_domain: &'a str,
    status: &'static str,
    billing_status: &'static str,
    customer_id: Option<&'a str>,
    has_subreseller_id: bool,
    subreseller_id: Option<&'a str>,
    email: &'a str,
    first_name: &'a str,
    last_name: &'a str,
    address: &'a str,
    zipcode: &'a str,
    same_billing_address: bool,
    billing_address: &'a str,
    billing_zipcode: &'a str,
    start_billing_date: Option<String>,
    #[serde(serialize_with = "rfc3339")]
    created_at: DateTime<Utc>,
    #[serde(serialize_with = "rfc3339")]
    updated_at: DateTime<Utc>,
    #[serde(serialize_with = "rfc3339")]
    status_changed_at: DateTime<Utc>,
}

impl<'a> From<&'a Client> for WholeClient<'a> {
    fn from(client: &'a Client) -> Self {
        let data = &client.data;
        Self {
            id: client.id,
            ns_domain: &client.ns_domain,
            status: client.status.as_str(),
            billing_status: client.billing_status.as_str(),
            customer_id: data.customer_id.as_deref(),
            has_subreseller_id: data.subreseller_id.is_some(),
            subreseller_id: data.subreseller_id.as_deref(),
            email: &data.email,
            first_name: &data.first_name,
            last_name: &data.last_name,
            address: &data.address,
            zipcode: &data.zipcode,
            same_billing_address: data.billing.same_address,
            billing_address: &data.billing.address,
            billing_zipcode: &data.billing.zipcode,
            start_billing_date: data.start_billing_date.map(|date| date.format("%Y-%m-%d").to_string()),
            created_at: client.created_at,
            updated_at: client.updated_at,
            status_changed_at: client.status_changed_at,
        }
    }
}

/// A new client: the documented array of one with 200, or the whole client with 201 and its `Location`.
#[must_use]
pub fn created(client: &Client, documented: bool) -> Response {
    if documented {
        let client = DocumentedClient { id: client.id, ns_domain: &client.ns_domain };
        return json(StatusCode::OK, &[Answer { result: "OK", client }]);
    }
    let mut response = json(StatusCode::CREATED, &Answer { result: "OK", client: WholeClient::from(client) });
    if let Ok(location) = HeaderValue::try_from(format!("/api/residential/client/{}", client.id)) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// The whole client, with its entity tag.
#[must_use]
pub fn client(client: &Client) -> Response {
    let mut response = json(StatusCode::OK, &Answer { result: "OK", client: WholeClient::from(client) });
    tag(&mut response, client);
    response
}

/// 304: the caller has the client as it is.
#[must_use]
pub fn not_modified(client: &Client) -> Response {
    let mut response = StatusCode::NOT_MODIFIED.into_response();
    tag(&mut response, client);
    response
}

fn tag(response: &mut Response, client: &Client) {
    if let Ok(etag) = HeaderValue::try_from(etag(client)) {
        response.headers_mut().insert(header::ETAG, etag);
    }
}

#[derive(Serialize)]
struct Transitioned<'a> {
    result: &'static str,
    timestamp: i64,
    client: StatusOfClient<'a>,
}

#[derive(Serialize)]
struct StatusOfClient<'a> {
    id: i64,
    ns_domain: &'a str,
    status: &'static str,
}

/// A client's status, and since when, in Unix seconds.
#[must_use]
pub fn status(client: &ClientStatus) -> Response {
    let status = StatusOfClient { id: client.id, ns_domain: &client.ns_domain, status: client.status.as_str() };
    json(
        StatusCode::OK,
        &Transitioned { result: "OK", timestamp: client.status_changed_at.timestamp(), client: status },
    )
}

#[derive(Serialize)]
struct Health {
    status: &'static str,
}

/// That the server is alive, or ready.
#[must_use]
pub fn health(status: &'static str) -> Response {
    json(StatusCode::OK, &Health { status })
}
