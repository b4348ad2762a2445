//! Export a partner's clients.

use std::{io, time::Duration};

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use http_body_util::channel::{Channel, Sender};
use tokio::time::timeout;

use super::client_list::refused;
use crate::{
    domain::{
        client::Client,
        client_filter::ClientFilter,
        import::{Export, Format},
        partner::PartnerId,
    },
    http::{
        error::ApiError,
        extract::{Caller, Params, Read},
        middleware::negotiate,
        reply_list,
    },
    state::AppState,
    store::{self, StoreError, pulse::LONG_PATIENCE},
};

/// Clients that are read at a time.
const PAGE: u16 = 200;
/// How long a reader may take for one page.
const STALLED: Duration = Duration::from_mins(5);

/// `GET /api/residential/client/export`: every client that a filter holds for, in the order of a list. Read page by page,
/// so that no transaction stays open and no connection is kept for a slow reader. A reply that cannot be continued is
/// broken off, so that it cannot be taken for a whole one.
///
/// # Errors
/// [`ApiError`]
pub async fn export(
    State(app): State<AppState>,
    caller: Caller<Read>,
    headers: HeaderMap,
    Params(parameters): Params,
) -> Result<Response, ApiError> {
    let asked = Export::parse(&parameters).map_err(|bad| refused(&app, bad))?;
    let accepted = if negotiate::prefers_csv_to_ndjson(&headers) { Format::Csv } else { Format::Ndjson };
    let format = asked.format.unwrap_or(accepted);
    let content_type = match format {
        Format::Ndjson => "application/x-ndjson",
        Format::Csv => "text/csv; charset=utf-8",
    };
    let (mut out, reply) = Channel::<Bytes, io::Error>::new(1);
    let partner = caller.identity.partner;
    tokio::spawn(async move {
        if let Err(error) = send(&app, partner, &asked.filter, format, &mut out).await {
            tracing::warn!(%error, "an export was broken off");
            out.abort(error);
        }
    });
    let headers = [(header::CONTENT_TYPE, content_type), (header::VARY, "Accept")];
    let headers = headers.map(|(name, value)| (name, HeaderValue::from_static(value)));
    Ok((headers, Body::new(reply)).into_response())
}

async fn send(
    app: &AppState,
    partner: PartnerId,
    filter: &ClientFilter,
    format: Format,
    out: &mut Sender<Bytes, io::Error>,
) -> io::Result<()> {
    let (mut after, mut first) = (None, true);
    loop {
        let page = async {
            let mut db = app.db.acquire().await?;
            let page = store::client_list::page(&mut db, partner, filter, after.as_ref(), PAGE).await?;
            db.put_back();
            Ok::<_, StoreError>(page)
        };
        let page = app.db.pulse().unless_silent(LONG_PATIENCE, page).await.ok_or(io::ErrorKind::TimedOut)?;
        let page = page.map_err(io::Error::other)?;
        let bytes = written(&page.rows, format, first)?;
        let sent = timeout(STALLED, out.send_data(bytes.into())).await.map_err(io::Error::other)?;
        sent.map_err(io::Error::other)?;
        (after, first) = (page.next, false);
        if after.is_none() {
            return Ok(());
        }
    }
}

fn written(clients: &[Client], format: Format, first: bool) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match format {
        Format::Ndjson => {
            for client in clients {
                serde_json::to_writer(&mut bytes, &reply_list::whole(client))?;
                bytes.push(b'\n');
            }
        }
        Format::Csv => {
            let mut rows = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(&mut bytes);
            if first {
                rows.write_record(reply_list::COLUMNS)?;
            }
            for client in clients {
                rows.write_record(reply_list::cells(client)?)?;
            }
            rows.flush()?;
        }
    }
    Ok(bytes)
}
