//! Every path and every layer on one screen.

use std::sync::Arc;

use axum::{
    Router,
    extract::Request,
    http::HeaderMap,
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse as _, Response},
    routing::{MethodRouter, any, get},
};
use tower::{Layer as _, util::MapRequestLayer};
use tower_http::catch_panic::CatchPanicLayer;

use super::{
    error::ApiError,
    handlers::{
        billing, client, client_bulk, client_change, client_export, client_list, docs, event, health, metadata, token,
        token_status,
    },
    middleware::{bearer, documented_form, drain, edge, negotiate, trailing_slash},
};
use crate::{portal, state::AppState};

/// The whole service. From outside in: unread bodies are drained, the edge bounds, answers for and logs every request,
/// a panic becomes a 500, a trailing slash goes, the path is matched; then an endpoint asks in this order whether the
/// method is allowed, whether JSON is accepted, and who calls.
pub fn router(app: AppState) -> Router {
    let paths = Router::new()
        .route("/healthz", only("GET, HEAD", any(health::alive)))
        .route("/readyz", only("GET, HEAD", any(health::ready)))
        .merge(oauth(&app))
        .merge(residential(&app))
        .merge(portal(app.jwts.issuer()))
        .layer(from_fn(edge::name_route))
        .fallback(|| async { ApiError::NotFound })
        .with_state(app.clone());

    Router::new()
        .fallback_service(MapRequestLayer::new(trailing_slash::trim).layer(paths))
        .layer(CatchPanicLayer::custom(|_| ApiError::Internal("a handler panicked".into()).into_response()))
        .layer(from_fn_with_state(app, edge::edge))
        .layer(from_fn(drain::drain))
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
        .route(
            "/api/residential/client/import",
            only("POST", bearing(app, any(client_bulk::import)).layer(from_fn(negotiate::ndjson))),
        )
        .route(
            "/api/residential/client/export",
            only("GET", bearing(app, any(client_export::export)).layer(from_fn(negotiate::ndjson_or_csv))),
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
        .route(
            "/api/residential/billing",
            only("GET, HEAD", bearing(app, any(billing::billing)).layer(from_fn(negotiate::json_or_csv))),
        )
}

/// The developer portal, and the way to it.
fn portal(public_url: &str) -> Router<AppState> {
    let start = Router::new().route("/", only("GET, HEAD", any(docs::root)));
    portal::documents(public_url).into_iter().map(Arc::new).fold(start, |paths, document| {
        let path = document.path.clone();
        paths.route(&path, only("GET, HEAD", any(async move |headers: HeaderMap| docs::document(&document, &headers))))
    })
}

/// An endpoint that needs a bearer token.
fn guarded(app: &AppState, allow: &'static str, handler: MethodRouter<AppState>) -> MethodRouter<AppState> {
    open(allow, bearing(app, handler))
}

/// What needs a bearer token, whatever it replies with.
fn bearing(app: &AppState, handler: MethodRouter<AppState>) -> MethodRouter<AppState> {
    handler.layer(from_fn_with_state(app.clone(), bearer::bearer))
}

/// An endpoint that replies with JSON, whoever asks.
fn open(allow: &'static str, handler: MethodRouter<AppState>) -> MethodRouter<AppState> {
    only(allow, handler.layer(from_fn(negotiate::json)))
}

/// An endpoint of these methods.
fn only(allow: &'static str, handler: MethodRouter<AppState>) -> MethodRouter<AppState> {
    handler.layer(from_fn(
        move |request: Request, next: Next| -> std::pin::Pin<Box<dyn Future<Output = Response> + Send>> {
            Box::pin(negotiate::methods(allow, request, next))
        },
    ))
}
