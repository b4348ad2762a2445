//! Whether the server is alive, and whether it can do its work.

use std::time::Duration;

use axum::{extract::State, response::Response};
use tokio::time::timeout;

use crate::{
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

/// `GET /readyz`: the database is reachable and takes changes, and its schema is current. The keys are: nothing starts without them.
///
/// # Errors
/// [`ApiError::Unavailable`] where not.
pub async fn ready(State(app): State<AppState>) -> Result<Response, ApiError> {
    let obstacle = timeout(DEADLINE, async {
        let mut connection = app.monitor.acquire().await?;
        if !store::pool::is_writable(&mut connection).await? {
            return Ok(Some("the database is read-only"));
        }
        let lacking = store::schema::pending(&mut connection).await?;
        Ok((!lacking.is_empty()).then_some("the schema is behind: run `dna-api migrate`"))
    });
    match obstacle.await {
        Ok(Ok(None)) => Ok(reply::health("ready")),
        Ok(Ok(Some(obstacle))) => Err(ApiError::Unavailable(obstacle.into())),
        Ok(Err(error)) => Err(ApiError::Unavailable(StoreError::into(error))),
        Err(_) => Err(ApiError::Unavailable("the database did not answer in time".into())),
    }
}
