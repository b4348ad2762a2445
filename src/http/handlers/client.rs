//! Create, activate and suspend a client.

use axum::{extract::State, response::Response};

use crate::{
    domain::{
        caller::Identity,
        client::{ClientId, NewClient, Transition},
        event::Origin,
    },
    http::{
        error::ApiError,
        extract::{Activate, Caller, ClientPath, Create, NoParams, Params, RequestId, Suspend},
        reply,
    },
    state::AppState,
    store::{self, StoreError},
};

/// `POST /api/residential/client`: create a client.
///
/// # Errors
/// [`ApiError`]
pub async fn create(
    State(app): State<AppState>,
    caller: Caller<Create>,
    RequestId(request_id): RequestId,
    Params(parameters): Params,
) -> Result<Response, ApiError> {
    let new =
        NewClient::parse(&parameters).map_err(|errors| ApiError::Validation(errors, app.policy.validation_status))?;
    let customer_id = new.customer_id.clone();
    let origin = Origin::request(&caller.identity, &request_id);
    match store::client::create(&app.db, origin, new, &app.policy.ns_domain_suffix).await {
        Ok(client) => Ok(reply::created(&client, parameters.are_documented_form())),
        Err(StoreError::Taken(constraint)) if constraint == "clients_customer_id_key" => {
            let customer_id = customer_id.unwrap_or_default();
            let holder = store::client::by_customer_id(&app.db, caller.identity.partner, &customer_id).await?;
            Err(holder.map_or_else(
                || ApiError::Internal("who has the customer id is gone".into()),
                ApiError::DuplicateCustomerId,
            ))
        }
        Err(error) => Err(error.into()),
    }
}

/// `GET` or `POST /api/residential/client/{id}/activate`: let a client's service run.
///
/// # Errors
/// [`ApiError`]
pub async fn activate(
    State(app): State<AppState>,
    caller: Caller<Activate>,
    request_id: RequestId,
    id: Result<ClientPath, ApiError>,
    _: NoParams,
) -> Result<Response, ApiError> {
    transition(&app, &caller.identity, &request_id, id?.0, Transition::ACTIVATE).await
}

/// `GET` or `POST /api/residential/client/{id}/suspend`: lock a client's service.
///
/// # Errors
/// [`ApiError`]
pub async fn suspend(
    State(app): State<AppState>,
    caller: Caller<Suspend>,
    request_id: RequestId,
    id: Result<ClientPath, ApiError>,
    _: NoParams,
) -> Result<Response, ApiError> {
    transition(&app, &caller.identity, &request_id, id?.0, Transition::SUSPEND).await
}

async fn transition(
    app: &AppState,
    identity: &Identity,
    request_id: &RequestId,
    id: ClientId,
    transition: Transition,
) -> Result<Response, ApiError> {
    let origin = Origin::request(identity, &request_id.0);
    let client = store::client_status::change(&app.db, origin, id, transition).await?;
    Ok(reply::status(&ApiError::missing(client)?))
}
