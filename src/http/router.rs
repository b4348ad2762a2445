//! Every path and every layer on one screen.

use std::{
    any::Any,
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::HeaderMap,
    middleware::from_fn_with_state,
    response::{IntoResponse as _, Response},
    routing::{MethodRouter, any, get},
};
use tower::{Layer as _, Service, ServiceExt as _, util::MapRequest};
use tower_http::catch_panic::{CatchPanic, CatchPanicLayer, ResponseForPanic};

use super::{
    error::ApiError,
    handlers::{
        billing, client, client_bulk, client_change, client_export, client_list, docs, event, health, metadata, token,
        token_status,
    },
    middleware::{
        documented_form, drain, edge,
        endpoint::{self, Endpoint},
        negotiate, trailing_slash,
    },
};
use crate::{portal::Document, state::AppState};

/// The whole service. From outside in: unread bodies are drained, the edge bounds, answers for and logs every request,
/// a panic becomes a 500, a trailing slash goes, the path is matched; then an [`Endpoint`] lets it through to its handler.
///
/// What every request passes is called, and not stacked as layers of a [`Router`]: each of those is copied, with all that
/// is inside it, for each request.
#[derive(Clone)]
pub struct Api {
    app: AppState,
    paths: Paths,
}

type Paths = CatchPanic<MapRequest<Router, fn(Request) -> Request>, Panicked>;

/// What is replied where a handler panicked.
#[derive(Clone)]
struct Panicked;

impl ResponseForPanic for Panicked {
    type ResponseBody = Body;

    fn response_for_panic(&mut self, _: Box<dyn Any + Send>) -> Response {
        ApiError::Internal("a handler panicked".into()).into_response()
    }
}

impl Api {
    /// With every path, these documents' among them.
    #[must_use]
    pub fn new(app: AppState, documents: &[Arc<Document>]) -> Self {
        let trimmed = MapRequest::new(paths(&app, documents), trailing_slash::trim as fn(Request) -> Request);
        let paths = CatchPanicLayer::custom(Panicked).layer(trimmed);
        Self { app, paths }
    }
}

impl Service<Request> for Api {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(())) // as the router always is
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let Self { app, paths } = self.clone();
        Box::pin(async move {
            let paths = async |request| paths.oneshot(request).await.into_response();
            Ok(drain::drain(request, |request| edge::edge(&app, request, paths)).await)
        })
    }
}

fn paths(app: &AppState, documents: &[Arc<Document>]) -> Router {
    Router::new()
        .route("/healthz", only("GET, HEAD", any(health::alive)))
        .route("/readyz", only("GET, HEAD", any(health::ready)))
        .merge(oauth(app))
        .merge(residential(app))
        .merge(portal(documents))
        .fallback(|| async { ApiError::NotFound })
        .with_state(app.clone())
}

/// The methods of what the document asks for by `GET`.
fn or_get(app: &AppState) -> &'static str {
    if app.policy.documented_get { "GET, POST" } else { "POST" }
}

/// Tokens, and what anyone may know of them.
fn oauth(app: &AppState) -> Router<AppState> {
    let token = || {
        open(or_get(app), any(token::token)).layer(from_fn_with_state(app.clone(), documented_form::credentials_in_url))
    };
    let described = metadata::paths(app.jwts.issuer());
    described
        .into_iter()
        .fold(Router::new(), |paths, path| paths.route(&path, open("GET, HEAD", any(metadata::authorization_server))))
        .route("/.well-known/jwks.json", open("GET, HEAD", any(metadata::jwks)))
        .route("/api/oauth/token", token())
        .route("/oauth/token", token())
        .route("/api/oauth/revoke", open("POST", any(token_status::revocation)))
        .route("/oauth/revoke", open("POST", any(token_status::revocation)))
        .route("/api/oauth/introspect", open("POST", any(token_status::introspection)))
        .route("/oauth/introspect", open("POST", any(token_status::introspection)))
}

/// Clients, and what is told of them.
fn residential(app: &AppState) -> Router<AppState> {
    let transition = |handler: MethodRouter<AppState>| {
        guarded(app, or_get(app), handler).layer(from_fn_with_state(app.clone(), documented_form::change_by_get))
    };
    Router::new()
        .route("/api/residential/client", guarded(app, "GET, HEAD, POST", get(client_list::list).post(client::create)))
        .route("/api/residential/client/import", bearing(app, "POST", negotiate::ndjson, any(client_bulk::import)))
        .route(
            "/api/residential/client/export",
            bearing(app, "GET", negotiate::ndjson_or_csv, any(client_export::export)),
        )
        .route(
            "/api/residential/client/{id}",
            guarded(
                app,
                "GET, HEAD, PATCH, POST",
                get(client_list::read).patch(client_change::change).post(client_change::change),
            ),
        )
        .route("/api/residential/client/{id}/activate", transition(any(client::activate)))
        .route("/api/residential/client/{id}/suspend", transition(any(client::suspend)))
        .route("/api/residential/client/{id}/cancel", guarded(app, "POST", any(client::cancel)))
        .route("/api/residential/client/{id}/events", guarded(app, "GET, HEAD", any(event::of_client)))
        .route("/api/residential/domain/{ns_domain}", guarded(app, "GET, HEAD", any(client_list::domain)))
        .route("/api/residential/event", guarded(app, "GET, HEAD", any(event::feed)))
        .route("/api/residential/subreseller", guarded(app, "GET, HEAD", any(billing::subresellers)))
        .route("/api/residential/billing", bearing(app, "GET, HEAD", negotiate::json_or_csv, any(billing::billing)))
}

/// The developer portal, and the way to it.
fn portal(documents: &[Arc<Document>]) -> Router<AppState> {
    let start = Router::new().route("/", only("GET, HEAD", any(docs::root)));
    documents.iter().fold(start, |paths, document| {
        let document = Arc::clone(document);
        paths.route(
            &document.path.clone(),
            only("GET, HEAD", any(async move |headers: HeaderMap| docs::document(&document, &headers))),
        )
    })
}

/// An endpoint that needs a bearer token, and replies with JSON.
fn guarded(app: &AppState, allow: &'static str, handler: MethodRouter<AppState>) -> MethodRouter<AppState> {
    bearing(app, allow, negotiate::json, handler)
}

/// An endpoint that needs a bearer token, whatever it replies with.
fn bearing(
    app: &AppState,
    allow: &'static str,
    offers: fn(&HeaderMap) -> bool,
    handler: MethodRouter<AppState>,
) -> MethodRouter<AppState> {
    endpoint(Endpoint { allow, offers, bearing: Some(app.clone()) }, handler)
}

/// An endpoint that replies with JSON, whoever asks.
fn open(allow: &'static str, handler: MethodRouter<AppState>) -> MethodRouter<AppState> {
    endpoint(Endpoint { allow, offers: negotiate::json, bearing: None }, handler)
}

/// An endpoint of these methods, which replies with what it has.
fn only(allow: &'static str, handler: MethodRouter<AppState>) -> MethodRouter<AppState> {
    endpoint(Endpoint { allow, offers: negotiate::anything, bearing: None }, handler)
}

fn endpoint(endpoint: Endpoint, handler: MethodRouter<AppState>) -> MethodRouter<AppState> {
    handler.layer(from_fn_with_state(Arc::new(endpoint), endpoint::endpoint))
}
