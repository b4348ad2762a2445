//! The outermost layer: it names the request, bounds it, writes its error, sets what every reply carries, and logs it.

use std::{net::IpAddr, sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::{MatchedPath, Request},
    http::{HeaderMap, HeaderName, HeaderValue, Method, header},
    response::{IntoResponse as _, Response},
};
use tokio::time::timeout;
use tracing::{Instrument as _, field::display};
use uuid::Uuid;

use super::client_address::{Peer, client_address, is_unbelieved};
use crate::{
    domain::{attempt::Address, caller::Principal, text},
    http::{
        arrival::Refusal,
        error::ApiError,
        extract::{CallerAddress, RequestId},
        token_error::Reason,
    },
    metrics::request::Active,
    state::AppState,
    store::pulse::PATIENCE,
    traces::request::{Answer, Parent, Request as Trace},
};

/// Bytes of a URL, at most.
const URI_LIMIT: usize = 8 * 1024;
/// How long a request may take, its body's ten seconds included: then the database is taken for unreachable.
const DEADLINE: Duration = Duration::from_secs(15);
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The route that a request matched: the one part of its path that is safe to log.
#[derive(Clone)]
pub(super) struct Route(pub(super) MatchedPath);

/// See the module.
pub async fn edge<F>(app: &AppState, mut request: Request, next: impl FnOnce(Request) -> F) -> Response
where
    F: Future<Output = Response>,
{
    let active = app.metrics.requests.begin();
    let id = request_id(request.headers());
    let method = method_name(request.method());
    let peer = request.extensions().get::<Peer>().copied().unwrap_or(Peer(None));
    let (from, shared) = {
        let trusted = app.policy.trusted_proxies.borrow();
        (client_address(peer, request.headers(), &trusted), is_unbelieved(peer, request.headers(), &trusted))
    };
    let trace = app.traces.begin(method, trace_parent(request.headers()));
    let (trace_id, span_id) = trace.ids().map(|(trace, span)| (display(trace), display(span))).unzip();
    let span = tracing::info_span!("request", id = %id, trace_id, span_id);
    if shared {
        warn_once(app, from);
    }
    request.extensions_mut().insert(RequestId(id.clone()));
    request.extensions_mut().insert(CallerAddress(from));
    request.extensions_mut().insert(Address { ip: from, shared });

    let refused = refuse(&request);
    let answer = async {
        if let Some(refused) = refused {
            return ([(header::CONNECTION, "close")], refused).into_response();
        }
        let unavailable = |why: &'static str| ApiError::Unavailable(why.into()).into_response();
        match timeout(DEADLINE, app.db.pulse().unless_silent(PATIENCE, next(request))).await {
            Ok(Some(response)) => response,
            Ok(None) => unavailable("the database does not answer"),
            Err(_) => unavailable("the request took too long"),
        }
    };
    let mut response = trace.within(answer.instrument(span.clone())).await;
    let error = response.extensions_mut().remove::<Arc<ApiError>>();
    if let Some(error) = &error {
        *response.body_mut() = Body::from(error.body(&id));
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response.headers_mut().remove(header::CONTENT_LENGTH);
    }
    set_headers(response.headers_mut(), &id);
    let done = Done { id: &id, method, response: &response, error: error.as_deref(), active, trace };
    span.in_scope(|| log(app, done, from));
    response
}

fn warn_once(app: &AppState, from: Option<IpAddr>) {
    app.limits.unbelieved_proxy.call_once(|| {
        let from = from.map(display);
        tracing::warn!(
            from,
            "X-Forwarded-For comes from an address that DNA_TRUSTED_PROXIES does not name: if that is your proxy, name it, \
             or all callers seem to have its address. Told once"
        );
    });
}

/// What no path has to look at: what the accept loop refused, and a URL that is too long.
fn refuse(request: &Request) -> Option<ApiError> {
    if let Some(refusal) = request.extensions().get::<Refusal>() {
        return Some((*refusal).into());
    }
    let is_long = request.uri().path_and_query().is_some_and(|uri| uri.as_str().len() > URI_LIMIT);
    is_long.then_some(ApiError::UriTooLong)
}

/// The caller's own id where it is harmless in a log, else a new one.
fn request_id(headers: &HeaderMap) -> String {
    let harmless = |id: &&str| {
        (8..=128).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
    };
    let inbound = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok()).filter(harmless);
    inbound.map_or_else(|| Uuid::now_v7().to_string(), str::to_owned)
}

/// What the caller says of its trace. Where it says so twice, that is malformed.
fn trace_parent(headers: &HeaderMap) -> Parent<'_> {
    let one = |name| {
        let mut values = headers.get_all(name).iter();
        let value = values.next().filter(|_| values.next().is_none())?;
        value.to_str().ok()
    };
    Parent { parent: one("traceparent"), state: one("tracestate") }
}

fn set_headers(headers: &mut HeaderMap, id: &str) {
    if let Ok(id) = HeaderValue::try_from(id) {
        headers.insert(REQUEST_ID, id);
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
}

/// The method as the log has it: a made-up one may hold anything.
fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        Method::TRACE => "TRACE",
        Method::CONNECT => "CONNECT",
        _ => "other",
    }
}

/// A request and its reply, when it is about to go.
struct Done<'a> {
    id: &'a str,
    method: &'static str,
    response: &'a Response,
    error: Option<&'a ApiError>,
    active: Active<'a>,
    trace: Trace,
}

/// One line a request: never its path, its query, a header or a body. What the line says is counted, and told its trace.
fn log(app: &AppState, Done { id, method, response, error, active, trace }: Done<'_>, from: Option<IpAddr>) {
    let extensions = response.extensions();
    let matched = extensions.get::<Route>().map(|route| route.0.as_str());
    let route = matched.unwrap_or("none");
    let status = response.status().as_u16();
    let ms = u64::try_from(active.answered(method, route, status).as_millis()).unwrap_or(u64::MAX);
    let principal = extensions.get::<Principal>();
    let (partner, oauth_client) = principal.map(|from| (from.partner.0, from.oauth_client.0)).unzip();
    let refusal = extensions.get::<Reason>().map(|reason| reason.0);
    if let Some(reason) = refusal {
        app.metrics.tokens.refused(reason);
    }
    let reason = refusal.or(error.map(ApiError::word));
    let scheme = if app.jwts.issuer().starts_with("https:") { "https" } else { "http" };
    trace.answered(&Answer { method, route: matched, status, scheme, id, partner, oauth_client, reason });
    let (from, partner, oauth_client) = (from.map(display), partner.map(display), oauth_client.map(display));
    match error.and_then(std::error::Error::source) {
        Some(cause) if status >= 500 => {
            tracing::error!(%method, route, status, ms, from, partner, oauth_client, reason, cause = %text::chain(cause));
        }
        _ => tracing::info!(%method, route, status, ms, from, partner, oauth_client, reason),
    }
}
