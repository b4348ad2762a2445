//! Change what is told of a client.

use axum::{extract::State, http::HeaderMap, response::Response};
use sqlx::Connection as _;

use super::client;
use crate::{
    domain::{
        client::{Found, NewClient},
        event::Origin,
    },
    http::{
        error::ApiError,
        extract::{Caller, ClientPath, Params, RequestId, Update},
        idempotency::{Begun, IdempotencyKey},
        precondition, reply,
    },
    state::AppState,
    store::{self, StoreError, retry::repeatable},
};

/// `PATCH` or `POST /api/residential/client/{id}`: change what is sent, and leave the rest. What changes nothing leaves no
/// event.
///
/// # Errors
/// [`ApiError`]
pub async fn change(
    State(app): State<AppState>,
    caller: Caller<Update>,
    RequestId(request_id): RequestId,
    headers: HeaderMap,
    id: Result<ClientPath, ApiError>,
    key: Result<IdempotencyKey, ApiError>,
    Params(parameters): Params,
) -> Result<Response, ApiError> {
    let partner = caller.identity.partner;
    let key = key?;
    repeatable(&app.db.metrics().retries, || async {
        let mut once = match key.begin(&app, &caller.identity, &parameters).await? {
            Begun::First(once) => once,
            Begun::Before(reply) => return Ok(reply),
        };
        let mut held = once.db().begin().await.map_err(StoreError::from)?;
        let found = match &id {
            Ok(id) => store::client_change::hold(&mut held, partner, id.0).await?,
            Err(_) => Found::Nothing,
        };
        let current = if let Found::Here(client) = &found { Some(&client.data) } else { None };
        let new = NewClient::change(current, &parameters)
            .map_err(|errors| ApiError::Validation(errors, app.policy.validation_status))?;
        let current = ApiError::missing(found)?;
        let new = new.ok_or(ApiError::NotFound)?;
        precondition::if_match(&headers, &current)?;
        if new == current.data {
            held.rollback().await.map_err(StoreError::from)?;
            return once.end(current.id, reply::client(&current)).await;
        }
        let customer_id = new.customer_id.clone();
        let origin = Origin::request(&caller.identity, &request_id);
        let changed = match store::client_change::update(&mut *held, origin, current, new).await {
            Ok(changed) => changed,
            Err(error) => {
                drop(held);
                drop(once);
                return Err(client::refusal(&app, partner, customer_id.as_deref(), error).await);
            }
        };
        held.commit().await.map_err(StoreError::from)?;
        once.end(changed.id, reply::client(&changed)).await
    })
    .await
}
