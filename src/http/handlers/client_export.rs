//! Export all of a partner's clients.

use std::io;

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use http_body_util::channel::{Channel, Sender};

use crate::{
    domain::{
        client::Client,
        client_filter::ClientFilter,
        import::{self, Format},
        partner::PartnerId,
    },
    http::{
        error::ApiError,
        extract::{Caller, Params, Read},
        reply_list,
    },
    state::AppState,
    store,
};

/// Clients that are read at a time.
const PAGE: u16 = 200;

/// `GET /api/residential/client/export`: every client, by id. Read page by page, so that no transaction stays open for
/// a slow reader. A reply that cannot be continued is broken off, so that it cannot be taken for a whole one.
///
/// # Errors
/// [`ApiError`]
pub async fn export(
    State(app): State<AppState>,
    caller: Caller<Read>,
    Params(parameters): Params,
) -> Result<Response, ApiError> {
    let format = import::export_format(&parameters)
        .map_err(|errors| ApiError::Validation(errors, app.policy.validation_status))?;
    let content_type = match format {
        Format::Ndjson => "application/x-ndjson",
        Format::Csv => "text/csv; charset=utf-8",
    };
    let (mut out, reply) = Channel::<Bytes, io::Error>::new(1);
    let partner = caller.identity.partner;
    tokio::spawn(async move {
        if let Err(error) = send(&app, partner, format, &mut out).await {
            tracing::warn!(%error, "an export was broken off");
            out.abort(error);
        }
    });
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static(content_type))], Body::new(reply)).into_response())
}

async fn send(
    app: &AppState,
    partner: PartnerId,
    format: Format,
    out: &mut Sender<Bytes, io::Error>,
) -> io::Result<()> {
    let (filter, mut after, mut first) = (ClientFilter::default(), None, true);
    loop {
        let pool = app.db.pool();
        let page = store::client_list::page(&pool, partner, &filter, after.as_ref(), PAGE);
        let page = app.db.pulse().unless_silent(page).await.ok_or(io::ErrorKind::TimedOut)?;
        let page = page.map_err(io::Error::other)?;
        let bytes = written(&page.rows, format, first)?;
        out.send_data(bytes.into()).await.map_err(io::Error::other)?;
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
