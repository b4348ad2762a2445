//! The shapes of lists: a page, and where the next one is.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use chrono::{DateTime, Utc};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use uuid::Uuid;

use super::reply::{WholeClient, json};
use crate::domain::{
    client::{BillingStatus, Client, ClientStatus, Status},
    event::{Event, State},
    time::rfc3339,
};

#[derive(Serialize)]
struct ClientPage<'a> {
    result: &'static str,
    clients: Vec<WholeClient<'a>>,
    next: Option<&'a str>,
}

/// A page of clients.
#[must_use]
pub fn clients(clients: &[Client], next: Option<&str>, given: &[(&'static str, String)]) -> Response {
    let clients = clients.iter().map(WholeClient::from).collect();
    let response = json(StatusCode::OK, &ClientPage { result: "OK", clients, next });
    linked(response, next, "/api/residential/client", given)
}

#[derive(Serialize)]
struct EventPage<'a> {
    result: &'static str,
    events: Vec<EventBody<'a>>,
    next: Option<&'a str>,
}

#[derive(Serialize)]
struct EventBody<'a> {
    id: Uuid,
    #[serde(rename = "type")]
    kind: &'static str,
    client: Name<'a>,
    from: Option<StateBody>,
    to: StateBody,
    changed: &'a [String],
    reason: Option<&'a str>,
    #[serde(serialize_with = "rfc3339")]
    at: DateTime<Utc>,
    by: Author<'a>,
    request_id: Option<&'a str>,
}

#[derive(Serialize)]
struct Name<'a> {
    id: i64,
    ns_domain: &'a str,
}

#[derive(Serialize)]
struct StateBody {
    status: &'static str,
    billing_status: Option<&'static str>,
}

#[derive(Serialize)]
struct Author<'a> {
    client_id: Option<Uuid>,
    user_id: Option<Uuid>,
    username: Option<&'a str>,
    operator: bool,
}

impl From<State> for StateBody {
    fn from(state: State) -> Self {
        Self { status: state.status.as_str(), billing_status: state.billing_status.map(BillingStatus::as_str) }
    }
}

impl<'a> From<&'a Event> for EventBody<'a> {
    fn from(event: &'a Event) -> Self {
        Self {
            id: event.id,
            kind: event.kind.as_str(),
            client: Name { id: event.client.id, ns_domain: &event.client.ns_domain },
            from: event.from.map(StateBody::from),
            to: event.to.into(),
            changed: &event.changed,
            reason: event.reason.as_deref(),
            at: event.at,
            by: Author {
                client_id: event.oauth_client,
                user_id: event.user,
                username: event.username.as_deref(),
                operator: event.oauth_client.is_none(),
            },
            request_id: event.request_id.as_deref(),
        }
    }
}

/// A page of events, of the list at that path.
#[must_use]
pub fn events(events: &[Event], next: Option<&str>, path: &str, given: &[(&'static str, String)]) -> Response {
    let bodies = events.iter().map(EventBody::from).collect();
    let response = json(StatusCode::OK, &EventPage { result: "OK", events: bodies, next });
    linked(response, next.filter(|_| !events.is_empty()), path, given)
}

/// Adds `Link: <…>; rel="next"` (RFC 8288): the parameters that chose this list, and the cursor.
pub(super) fn linked(
    mut response: Response,
    next: Option<&str>,
    path: &str,
    given: &[(&'static str, String)],
) -> Response {
    let Some(next) = next else { return response };
    let encoded = |value: &str| utf8_percent_encode(value, NON_ALPHANUMERIC).to_string();
    let given = given.iter().map(|(name, value)| format!("{name}={}&", encoded(value)));
    let link = format!(r#"<{path}?{}after={next}>; rel="next""#, given.collect::<String>());
    if let Ok(link) = HeaderValue::try_from(link) {
        response.headers_mut().insert(header::LINK, link);
    }
    response
}

#[derive(Serialize)]
struct Domain {
    result: &'static str,
    data: DomainStatus,
}

#[derive(Serialize)]
struct DomainStatus {
    status: &'static str,
    timestamp: i64,
}

/// Whether a client's domain makes and receives calls, and since when, in Unix seconds.
#[must_use]
pub fn domain(client: &ClientStatus) -> Response {
    let status = if client.status == Status::Active { "active" } else { "locked" };
    let data = DomainStatus { status, timestamp: client.status_changed_at.timestamp() };
    json(StatusCode::OK, &Domain { result: "OK", data })
}

/// A client whole, as an export tells it.
#[must_use]
pub fn whole(client: &Client) -> impl Serialize + '_ {
    WholeClient::from(client)
}

/// The columns of an export, in the order of the whole client.
pub const COLUMNS: [&str; 19] = [
    "id",
    "ns_domain",
    "status",
    "billing_status",
    "customer_id",
    "has_subreseller_id",
    "subreseller_id",
    "email",
    "first_name",
    "last_name",
    "address",
    "zipcode",
    "same_billing_address",
    "billing_address",
    "billing_zipcode",
    "start_billing_date",
    "created_at",
    "updated_at",
    "status_changed_at",
];

/// A client's cells in those columns: as they are, so that an import reads what an export wrote; null is empty.
///
/// # Errors
/// The serializer's own.
pub fn cells(client: &Client) -> serde_json::Result<Vec<String>> {
    let client = serde_json::to_value(WholeClient::from(client))?;
    let cell = |name: &str| match &client[name] {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    Ok(COLUMNS.into_iter().map(cell).collect())
}
