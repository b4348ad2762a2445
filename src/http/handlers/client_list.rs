//! Read a client, ask for a domain's status, list and find clients.

use axum::{extract::State, http::HeaderMap, response::Response};

use super::super::reply_list;
use crate::{
    domain::client_filter::{Asked, BadQuery},
    http::{
        cursor::List,
        error::ApiError,
        extract::{Caller, ClientPath, NsDomainPath, Params, Read},
        precondition, reply,
    },
    state::AppState,
    store::{self, StoreError, retry::repeatable},
};

/// `GET /api/residential/client/{id}`: the whole client.
///
/// # Errors
/// [`ApiError`]
pub async fn read(
    State(app): State<AppState>,
    caller: Caller<Read>,
    headers: HeaderMap,
    id: Result<ClientPath, ApiError>,
    _: Params,
) -> Result<Response, ApiError> {
    let client = ApiError::missing(app.readings.client(caller.identity.partner, id?.0).await?)?;
    if precondition::not_modified(&headers, &client) {
        return Ok(reply::not_modified(&client));
    }
    Ok(reply::client(&client))
}

/// `GET /api/residential/domain/{ns_domain}`: whether the domain makes and receives calls.
///
/// # Errors
/// [`ApiError`]
pub async fn domain(
    State(app): State<AppState>,
    caller: Caller<Read>,
    name: Result<NsDomainPath, ApiError>,
    _: Params,
) -> Result<Response, ApiError> {
    let client = store::client::by_ns_domain(&app.db, caller.identity.partner, &name?.0).await?;
    Ok(reply_list::domain(&ApiError::missing(client)?))
}

/// `GET /api/residential/client`: a page of the partner's clients.
///
/// # Errors
/// [`ApiError`]
pub async fn list(
    State(app): State<AppState>,
    caller: Caller<Read>,
    Params(parameters): Params,
) -> Result<Response, ApiError> {
    let asked = Asked::clients(&parameters).map_err(|bad| refused(&app, bad))?;
    let list = List { partner: caller.identity.partner, name: "clients", given: &asked.given };
    let after = asked.after.as_deref().map(|cursor| list.place(cursor)).transpose()?;
    let page = repeatable(&app.db.metrics().retries, || async {
        let mut db = app.db.acquire().await?;
        let page = store::client_list::page(&mut db, list.partner, &asked.filter, after.as_ref(), asked.limit).await?;
        db.put_back();
        Ok::<_, StoreError>(page)
    });
    let page = page.await?;
    let next = page.next.as_ref().map(|place| list.cursor(place));
    Ok(reply_list::clients(&page.rows, next.as_deref(), &asked.given))
}

/// Why a list cannot be had, as a reply.
pub(super) fn refused(app: &AppState, bad: BadQuery) -> ApiError {
    match bad {
        BadQuery::OfCreation => ApiError::UsePost,
        BadQuery::Unknown => ApiError::InvalidRequest("There is a parameter that is unknown here.".into()),
        BadQuery::Invalid(errors) => ApiError::Validation(errors, app.policy.validation_status),
    }
}
