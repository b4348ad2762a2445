//! The shapes of what is consolidated: as JSON, and as CSV (RFC 4180).

use std::fmt::Write as _;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use chrono::NaiveDate;
use serde::Serialize;

use super::{reply::json, reply_list::linked};
use crate::domain::billing::{BillableClient, Subreseller};

/// The parameters of a list, as they came.
type Given = [(&'static str, String)];

#[derive(Serialize)]
struct SubresellerList<'a> {
    result: &'static str,
    subresellers: Vec<SubresellerBody<'a>>,
    next: Option<&'a str>,
}

#[derive(Serialize)]
struct SubresellerBody<'a> {
    subreseller_id: &'a str,
    clients: Counts,
}

#[derive(Serialize)]
struct Counts {
    pending: i64,
    active: i64,
    suspended: i64,
    cancelled: i64,
    total: i64,
}

impl<'a> From<&'a Subreseller> for SubresellerBody<'a> {
    fn from(subreseller: &'a Subreseller) -> Self {
        let Subreseller { id, pending, active, suspended, cancelled } = subreseller;
        let (pending, active, suspended, cancelled) = (*pending, *active, *suspended, *cancelled);
        let total = pending + active + suspended + cancelled;
        Self { subreseller_id: id, clients: Counts { pending, active, suspended, cancelled, total } }
    }
}

/// A page of subresellers.
#[must_use]
pub fn subresellers(subresellers: &[Subreseller], next: Option<&str>, given: &Given) -> Response {
    let subresellers = subresellers.iter().map(SubresellerBody::from).collect();
    let response = json(StatusCode::OK, &SubresellerList { result: "OK", subresellers, next });
    linked(response, next, "/api/residential/subreseller", given)
}

#[derive(Serialize)]
struct Billing<'a> {
    result: &'static str,
    month: &'a str,
    complete: bool,
    subresellers: Vec<Group<'a>>,
    next: Option<&'a str>,
}

#[derive(Serialize)]
struct Group<'a> {
    subreseller_id: Option<&'a str>,
    days: i64,
    clients: Vec<Line<'a>>,
}

#[derive(Serialize)]
struct Line<'a> {
    id: i64,
    ns_domain: &'a str,
    customer_id: Option<&'a str>,
    days: i64,
    from: String,
    to: String,
}

impl<'a> From<&'a BillableClient> for Line<'a> {
    fn from(client: &'a BillableClient) -> Self {
        let BillableClient { id, ns_domain, customer_id, days, from, to, .. } = client;
        Self { id: *id, ns_domain, customer_id: customer_id.as_deref(), days: *days, from: day(*from), to: day(*to) }
    }
}

fn day(day: NaiveDate) -> String {
    day.format("%Y-%m-%d").to_string()
}

fn group(clients: &[BillableClient]) -> Group<'_> {
    Group {
        subreseller_id: clients.first().and_then(|client| client.subreseller_id.as_deref()),
        days: clients.iter().map(|client| client.days).sum(),
        clients: clients.iter().map(Line::from).collect(),
    }
}

/// A page of a month's clients, by subreseller. `complete` is whether the month is over.
#[must_use]
pub fn billing(month: &str, complete: bool, clients: &[BillableClient], next: Option<&str>, given: &Given) -> Response {
    let groups = clients.chunk_by(|a, b| a.subreseller_id == b.subreseller_id);
    let body = Billing { result: "OK", month, complete, subresellers: groups.map(group).collect(), next };
    linked(json(StatusCode::OK, &body), next, "/api/residential/billing", given)
}

/// The same, a line a client.
#[must_use]
pub fn csv(clients: &[BillableClient], next: Option<&str>, given: &Given) -> Response {
    let mut text = "subreseller_id,id,ns_domain,customer_id,days,from,to\r\n".to_owned();
    for client in clients {
        let BillableClient { id, ns_domain, days, from, to, .. } = client;
        let subreseller = field(client.subreseller_id.as_deref().unwrap_or_default());
        let customer = field(client.customer_id.as_deref().unwrap_or_default());
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{subreseller},{id},{ns_domain},{customer},{days},{},{}\r\n", day(*from), day(*to));
    }
    let content_type = HeaderValue::from_static("text/csv; charset=utf-8; header=present");
    let response = (StatusCode::OK, [(header::CONTENT_TYPE, content_type)], text).into_response();
    linked(response, next, "/api/residential/billing", given)
}

/// A field that holds a partner's own text: quoted, so that it may hold anything.
fn field(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("\"{}\"", text.replace('"', "\"\"")) }
}
