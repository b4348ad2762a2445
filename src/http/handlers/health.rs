//! Whether the server is alive, and whether it can do its work.

use std::time::Duration;

use axum::{extract::State, response::Response};
use tokio::time::timeout;

use crate::{
    crypto::jwt::SignError,
    http::{error::ApiError, reply},
    state::AppState,
    store::{self, StoreError},
};

/// How long the database may take to answer before this server is taken for not ready.
const DEADLINE: Duration = Duration::from_secs(1);

/// `GET /healthz`: the server answers.
pub async fn alive() -> Response {
    reply::health("ok")
}

/// `GET /readyz`: the database is reachable, its schema current, and the key that is to sign now held.
///
/// # Errors
/// [`ApiError::Unavailable`] where not.
pub async fn ready(State(app): State<AppState>) -> Result<Response, ApiError> {
    if app.jwts.keys().signing().is_none() {
        return Err(ApiError::Unavailable(SignError::NoKey.into()));
    }
    let lacking = timeout(DEADLINE, async {
        let mut connection = app.monitor.acquire().await?;
        store::schema::pending(&mut connection).await
    });
    match lacking.await {
        Ok(Ok(lacking)) if lacking.is_empty() => Ok(reply::health("ready")),
        Ok(Ok(_)) => Err(ApiError::Unavailable("the schema is behind: run `dna-api migrate`".into())),
        Ok(Err(error)) => Err(ApiError::Unavailable(StoreError::into(error))),
        Err(_) => Err(ApiError::Unavailable("the database did not answer in time".into())),
    }
}
