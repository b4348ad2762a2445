//! Subresellers, and what is consolidated by them.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};

use super::{super::reply_billing, client_list::refused};
use crate::{
    domain::{billing::Consolidation, client_filter::Asked},
    http::{
        cursor::List,
        error::ApiError,
        extract::{Caller, Params, Read},
        middleware::negotiate,
    },
    state::AppState,
    store::{self, StoreError, retry::repeatable},
};

/// `GET /api/residential/subreseller`: a page of the subresellers that the partner's clients are grouped under.
///
/// # Errors
/// [`ApiError`]
pub async fn subresellers(
    State(app): State<AppState>,
    caller: Caller<Read>,
    Params(parameters): Params,
) -> Result<Response, ApiError> {
    let asked: Asked<[(); 0]> = Asked::subresellers(&parameters).map_err(|bad| refused(&app, bad))?;
    let list = List { partner: caller.identity.partner, name: "subresellers", given: &[] };
    let after: Option<String> = asked.after.as_deref().map(|cursor| list.place(cursor)).transpose()?;
    let page = store::client_counts::page(&app.db, list.partner, after.as_deref(), asked.limit).await?;
    let next = page.next.as_ref().map(|place| list.cursor(place));
    Ok(reply_billing::subresellers(&page.rows, next.as_deref(), &asked.given))
}

/// `GET /api/residential/billing`: a page of the clients that were billable in a month, and on how many days.
///
/// # Errors
/// [`ApiError`]
pub async fn billing(
    State(app): State<AppState>,
    caller: Caller<Read>,
    headers: HeaderMap,
    Params(parameters): Params,
) -> Result<Response, ApiError> {
    let now = app.clock.now();
    let asked: Asked<Option<Consolidation>> = Asked::billing(&parameters, now).map_err(|bad| refused(&app, bad))?;
    let Some(consolidation) = &asked.filter else {
        return Err(ApiError::Internal("a month that was neither read nor refused".into()));
    };
    let csv = consolidation.csv.unwrap_or_else(|| negotiate::prefers_csv(&headers));
    let list = List { partner: caller.identity.partner, name: "billing", given: &asked.given };
    let after = asked.after.as_deref().map(|cursor| list.place(cursor)).transpose()?;
    let page = repeatable(&app.db.metrics().retries, || async {
        let mut db = app.db.acquire().await?;
        let page = store::billing::page(&mut db, list.partner, consolidation, after.clone(), asked.limit).await?;
        db.put_back();
        Ok::<_, StoreError>(page)
    });
    let page = page.await?;
    let next = page.next.as_ref().map(|place| list.cursor(place));
    let mut response = if csv {
        reply_billing::csv(&page.rows, next.as_deref(), &asked.given)
    } else {
        let complete = consolidation.month.end() <= now;
        reply_billing::billing(&consolidation.month.to_text(), complete, &page.rows, next.as_deref(), &asked.given)
    };
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept"));
    Ok(response)
}
