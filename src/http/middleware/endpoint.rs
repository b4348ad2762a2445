//! What an endpoint asks of a request before its handler has it: one layer, since each copies what is inside it.

use std::sync::Arc;

use axum::{
    extract::{MatchedPath, Request, State},
    http::HeaderMap,
    middleware::Next,
    response::{IntoResponse as _, Response},
};

use super::{bearer, edge::Route};
use crate::{http::error::ApiError, state::AppState};

/// In this order: whether the method is allowed, whether what it offers is accepted, and who calls.
pub struct Endpoint {
    /// Its methods, as the header `Allow` has them. `HEAD` and `OPTIONS` are allowed where they are named, since a `HEAD`
    /// that reached the handler of `GET` would activate a client.
    pub allow: &'static str,
    /// Whether a caller who sends these headers accepts what it offers.
    pub offers: fn(&HeaderMap) -> bool,
    /// Who knows the callers, where they need a bearer token.
    pub bearing: Option<AppState>,
}

/// Lets a request through to its handler, and names the route for the log: nothing outside of the router knows it.
pub async fn endpoint(
    State(endpoint): State<Arc<Endpoint>>,
    route: MatchedPath,
    request: Request,
    next: Next,
) -> Response {
    let mut response = if !endpoint.allow.split(", ").any(|method| method == request.method().as_str()) {
        ApiError::MethodNotAllowed(endpoint.allow).into_response()
    } else if !(endpoint.offers)(request.headers()) {
        ApiError::NotAcceptable.into_response()
    } else if let Some(app) = &endpoint.bearing {
        bearer::bearer(app, request, next).await
    } else {
        next.run(request).await
    };
    response.extensions_mut().insert(Route(route));
    response
}
