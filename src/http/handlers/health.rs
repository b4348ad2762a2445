//! Whether the server is alive, and whether it can do its work.

use std::time::Duration;

use axum::{Extension, extract::State, response::Response};

use crate::{
    crypto::jwt::SignError,
    http::{arrival::Draining, error::ApiError, reply},
    state::AppState,
};

/// How long this server may have learnt nothing of what was disabled and revoked before it is taken for not ready.
const UNLEARNT: Duration = Duration::from_secs(10);

/// `GET /healthz`: the server answers.
pub async fn alive() -> Response {
    reply::health("ok")
}

/// `GET /readyz`: the database is reachable and takes changes, its schema is current, the key that is to sign now is held,
/// what was disabled and revoked is known, and the server is not about to stop.
///
/// # Errors
/// [`ApiError::Unavailable`] where not.
pub async fn ready(State(app): State<AppState>, draining: Option<Extension<Draining>>) -> Result<Response, ApiError> {
    if draining.is_some() {
        return Err(ApiError::Unavailable("the server is stopping".into()));
    }
    if app.jwts.keys().signing().is_none() {
        return Err(ApiError::Unavailable(SignError::NoKey.into()));
    }
    if app.revoked.age() > UNLEARNT {
        return Err(ApiError::Unavailable("what was disabled and revoked has not been learnt for 10 s".into()));
    }
    match app.readiness.database().await {
        Ok(()) => Ok(reply::health("ready")),
        Err(obstacle) => Err(ApiError::Unavailable(obstacle.into())),
    }
}
