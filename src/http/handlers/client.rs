//! Create, activate, suspend and cancel a client.

use axum::{extract::State, response::Response};

use crate::{
    domain::{
        caller::Identity,
        client::{NewClient, Transition},
        event::Origin,
        parameters::Parameters,
        partner::PartnerId,
        reason,
    },
    http::{
        error::ApiError,
        extract::{Activate, Caller, Cancel, ClientPath, Create, OptionalParams, Params, RequestId, Suspend},
        idempotency::{Begun, IdempotencyKey},
        reply,
    },
    state::AppState,
    store::{self, StoreError, retry::repeatable},
};

/// `POST /api/residential/client`: create a client.
///
/// # Errors
/// [`ApiError`]
pub async fn create(
    State(app): State<AppState>,
    caller: Caller<Create>,
    RequestId(request_id): RequestId,
    key: Result<IdempotencyKey, ApiError>,
    Params(parameters): Params,
) -> Result<Response, ApiError> {
    let key = key?;
    let new =
        NewClient::parse(&parameters).map_err(|errors| ApiError::Validation(errors, app.policy.validation_status))?;
    let origin = Origin::request(&caller.identity, &request_id);
    repeatable(&app.db.metrics().retries, || async {
        let mut once = match key.begin(&app, &caller.identity, &parameters).await? {
            Begun::First(once) => once,
            Begun::Before(reply) => return Ok(reply),
        };
        match store::client::create(once.db(), origin, new.clone(), &app.policy.ns_domain_suffix).await {
            Ok(client) => once.end(client.id, reply::created(&client, parameters.are_documented_form())).await,
            Err(error) => {
                drop(once);
                Err(refusal(&app, caller.identity.partner, new.customer_id.as_deref(), error).await)
            }
        }
    })
    .await
}

/// Why a client cannot be written: another one of the partner's may have its `customer_id`.
pub(super) async fn refusal(
    app: &AppState,
    partner: PartnerId,
    customer_id: Option<&str>,
    error: StoreError,
) -> ApiError {
    if !matches!(&error, StoreError::Taken(constraint) if constraint == "clients_customer_id_key") {
        return error.into();
    }
    match store::client::by_customer_id(&app.db, partner, customer_id.unwrap_or_default()).await {
        Ok(Some(holder)) => ApiError::DuplicateCustomerId(holder),
        Ok(None) => ApiError::Internal("who has the customer id is gone".into()),
        Err(error) => error.into(),
    }
}

/// `GET` or `POST /api/residential/client/{id}/activate`: let a client's service run, and bill it.
///
/// # Errors
/// [`ApiError`]
pub async fn activate(
    State(app): State<AppState>,
    caller: Caller<Activate>,
    request_id: RequestId,
    id: Result<ClientPath, ApiError>,
    key: Result<IdempotencyKey, ApiError>,
    OptionalParams(parameters): OptionalParams,
) -> Result<Response, ApiError> {
    transition(&app, &caller.identity, &request_id, id, key, &parameters, Transition::ACTIVATE).await
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
    key: Result<IdempotencyKey, ApiError>,
    OptionalParams(parameters): OptionalParams,
) -> Result<Response, ApiError> {
    transition(&app, &caller.identity, &request_id, id, key, &parameters, Transition::SUSPEND).await
}

/// `POST /api/residential/client/{id}/cancel`: lock a client's service, and bill it no longer.
///
/// # Errors
/// [`ApiError`]
pub async fn cancel(
    State(app): State<AppState>,
    caller: Caller<Cancel>,
    request_id: RequestId,
    id: Result<ClientPath, ApiError>,
    key: Result<IdempotencyKey, ApiError>,
    Params(parameters): Params,
) -> Result<Response, ApiError> {
    transition(&app, &caller.identity, &request_id, id, key, &parameters, Transition::CANCEL).await
}

async fn transition(
    app: &AppState,
    identity: &Identity,
    request_id: &RequestId,
    id: Result<ClientPath, ApiError>,
    key: Result<IdempotencyKey, ApiError>,
    parameters: &Parameters,
    transition: Transition,
) -> Result<Response, ApiError> {
    let key = key?;
    let reason = reason::parse(parameters);
    let reason = reason.map_err(|errors| ApiError::Validation(errors, app.policy.validation_status))?;
    let origin = Origin::request(identity, &request_id.0).because(reason.as_deref());
    let id = id?.0;
    repeatable(&app.db.metrics().retries, || async {
        let mut once = match key.begin(app, identity, parameters).await? {
            Begun::First(once) => once,
            Begun::Before(reply) => return Ok(reply),
        };
        let client = ApiError::missing(store::client_status::change(once.db(), origin, id, transition).await?)?;
        once.end(client.id, reply::status(&client)).await
    })
    .await
}
