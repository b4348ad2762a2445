//! Import clients from a file.

use std::{io::Write as _, time::Duration};

use axum::{
    body::{Body, Bytes},
    extract::{Request, State},
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use http_body_util::{BodyExt as _, channel::Channel};
use tokio::{
    sync::mpsc,
    time::{Instant, timeout_at},
};

use crate::{
    bulk::{
        import::Import,
        line::{Line, Summary},
    },
    domain::{
        caller::Identity,
        event::Origin,
        import::{Format, Options},
    },
    http::{
        body,
        error::ApiError,
        extract::{Caller, Create, RequestId},
    },
    state::AppState,
};

/// Bytes of a file, at most.
const LIMIT: usize = 32 * 1024 * 1024;
/// How long a file may take to arrive.
const DEADLINE: Duration = Duration::from_mins(5);
/// Lines that wait for a slow reader.
const LINES: usize = 64;

/// `POST /api/residential/client/import`: create the clients of a file. The reply begins at once, so that no deadline of
/// an ordinary request cuts it off; nothing is created until the file is here whole.
///
/// # Errors
/// [`ApiError`]; what goes wrong later is told in the last line.
pub async fn import(
    State(app): State<AppState>,
    caller: Caller<Create>,
    RequestId(request_id): RequestId,
    request: Request,
) -> Result<Response, ApiError> {
    let format = body::format(request.headers()).ok_or(ApiError::UnsupportedFile)?;
    let parameters = body::of_url(request.uri())?;
    let options =
        Options::parse(&parameters).map_err(|errors| ApiError::Validation(errors, app.policy.validation_status))?;
    let (mut replies, reply) = Channel::<Bytes>::new(1);
    let span = tracing::Span::current();
    tokio::spawn(tracing::Instrument::instrument(
        async move {
            let (lines, mut told) = mpsc::channel(LINES);
            let work = async {
                let sum = carry_out(&app, &caller.identity, &request_id, (format, options), request, &lines).await;
                drop(lines.send(Line::Summary(sum)).await);
                drop(lines);
            };
            let speak = async move {
                while let Some(line) = told.recv().await {
                    let mut bytes = serde_json::to_vec(&line).unwrap_or_default();
                    bytes.push(b'\n');
                    if replies.send_data(bytes.into()).await.is_err() {
                        return;
                    }
                }
            };
            tokio::join!(work, speak);
        },
        span,
    ));
    let ndjson = HeaderValue::from_static("application/x-ndjson");
    Ok(([(header::CONTENT_TYPE, ndjson)], Body::new(reply)).into_response())
}

async fn carry_out(
    app: &AppState,
    identity: &Identity,
    request_id: &str,
    (format, options): (Format, Options),
    request: Request,
    lines: &mpsc::Sender<Line>,
) -> Summary {
    let refused =
        |error, message| Summary { result: "ERROR", error: Some(error), message: Some(message), ..Summary::default() };
    let file = match spool(request.into_body()).await {
        Ok(file) => file,
        Err((error, message)) => return refused(error, message),
    };
    let import = Import {
        db: &app.db.pool(),
        origin: Origin::request(identity, request_id),
        suffix: &app.policy.ns_domain_suffix,
        dry_run: options.dry_run,
        all_or_nothing: options.all_or_nothing,
    };
    let done = app.db.pulse().unless_silent(import.run(format, file, lines)).await;
    done.unwrap_or_else(|| refused("temporarily_unavailable", "The service is temporarily unavailable."))
}

/// Keeps a body in a file without a name. Who reads no reply before all is sent can wait for us no more than we for them.
async fn spool(mut body: Body) -> Result<std::fs::File, (&'static str, &'static str)> {
    const FAILED: (&str, &str) = ("server_error", "Something went wrong on our side.");
    let mut file = tempfile::tempfile().map_err(|_| FAILED)?;
    let (deadline, mut size) = (Instant::now() + DEADLINE, 0);
    loop {
        let frame = timeout_at(deadline, body.frame()).await;
        let frame = frame.map_err(|_| ("request_timeout", "The request body did not arrive in time."))?;
        let Some(frame) = frame else { return Ok(file) };
        let frame = frame.map_err(|_| ("invalid_request", "The request body is incomplete."))?;
        if let Ok(bytes) = frame.into_data() {
            size += bytes.len();
            if size > LIMIT {
                return Err(("payload_too_large", "An import may not be greater than 32 MiB."));
            }
            file.write_all(&bytes).map_err(|_| FAILED)?;
        }
    }
}
