//! Change what is told of a client.

use axum::{extract::State, http::HeaderMap, response::Response};

use super::client;
use crate::{
    domain::{
        client::{Found, NewClient},
        event::Origin,
    },
    http::{
        error::ApiError,
        extract::{Caller, ClientPath, Params, RequestId, Update},
        precondition, reply,
    },
    state::AppState,
    store::{self, StoreError},
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
    Params(parameters): Params,
) -> Result<Response, ApiError> {
    let partner = caller.identity.partner;
    let mut held = app.db.begin().await.map_err(StoreError::from)?;
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
        return Ok(reply::client(&current));
    }
    let customer_id = new.customer_id.clone();
    let origin = Origin::request(&caller.identity, &request_id);
    let changed = match store::client_change::update(&mut *held, origin, current, new).await {
        Ok(changed) => changed,
        Err(error) => {
            drop(held);
            return Err(client::refusal(&app, partner, customer_id, error).await);
        }
    };
    held.commit().await.map_err(StoreError::from)?;
    Ok(reply::client(&changed))
}
