//! What happened: to one client, and to all of a partner's.

use axum::{extract::State, response::Response};

use super::{super::reply_list, client_list::refused};
use crate::{
    domain::{
        client_filter::Asked,
        event::Event,
        page::{FeedPlace, Order},
    },
    http::{
        cursor::List,
        error::ApiError,
        extract::{Caller, ClientPath, Params, Read},
    },
    state::AppState,
    store,
};

/// `GET /api/residential/client/{id}/events`: a page of a client's history.
///
/// # Errors
/// [`ApiError`]
pub async fn of_client(
    State(app): State<AppState>,
    caller: Caller<Read>,
    id: Result<ClientPath, ApiError>,
    Params(parameters): Params,
) -> Result<Response, ApiError> {
    let asked: Asked<Order> = Asked::events(&parameters).map_err(|bad| refused(&app, bad))?;
    let partner = caller.identity.partner;
    let client = ApiError::missing(store::client::name(&app.db, partner, id?.0).await?)?;
    let name = format!("events of {}", client.id);
    let list = List { partner, name: &name, given: &asked.given };
    let after = asked.after.as_deref().map(|cursor| list.place(cursor)).transpose()?;
    let mut events = store::event::of_client(&app.db, partner, client.id, asked.filter, after, asked.limit + 1).await?;
    let more = events.len() > usize::from(asked.limit);
    events.truncate(asked.limit.into());
    let next = events.last().filter(|_| more).map(|event| list.cursor(&event.id));
    let path = format!("/api/residential/client/{}/events", client.id);
    Ok(reply_list::events(&events, next.as_deref(), &path, &asked.given))
}

/// `GET /api/residential/event`: a page of the partner's feed. Its end has a cursor too, to go on from later.
///
/// # Errors
/// [`ApiError`]
pub async fn feed(
    State(app): State<AppState>,
    caller: Caller<Read>,
    Params(parameters): Params,
) -> Result<Response, ApiError> {
    let asked: Asked<()> = Asked::feed(&parameters).map_err(|bad| refused(&app, bad))?;
    let list = List { partner: caller.identity.partner, name: "feed", given: &[] };
    let after = asked.after.as_deref().map(|cursor| list.place(cursor)).transpose()?;
    let events = store::event::feed(&app.db, list.partner, after.unwrap_or(FeedPlace::START), asked.limit).await?;
    let place = |event: &Event| FeedPlace { position: event.position, id: event.id };
    let next = events.last().map(place).or(after).map(|place| list.cursor(&place));
    Ok(reply_list::events(&events, next.as_deref(), "/api/residential/event", &asked.given))
}
