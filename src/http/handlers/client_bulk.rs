//! Import clients from a file.

use std::{fs::File, io, time::Duration};

use axum::{
    body::{Body, Bytes},
    extract::{Request, State},
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use http_body_util::{BodyExt as _, channel::Channel};
use tokio::{
    io::AsyncWriteExt as _,
    sync::mpsc,
    task::spawn_blocking,
    time::{Instant, timeout, timeout_at},
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
/// How long a file may take to arrive, and how long a reader may take for a line.
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
                    if !matches!(timeout(DEADLINE, replies.send_data(bytes.into())).await, Ok(Ok(()))) {
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
        db: &app.db,
        pulse: Some(app.db.pulse()),
        retries: &app.db.metrics().retries,
        origin: Origin::request(identity, request_id),
        suffix: &app.policy.ns_domain_suffix,
        dry_run: options.dry_run,
        all_or_nothing: options.all_or_nothing,
    };
    import.run(format, file, lines).await
}

/// Keeps a body in a file without a name. Who reads no reply before all is sent can wait for us no more than we for them.
async fn spool(body: Body) -> Result<File, (&'static str, &'static str)> {
    keep(body).await.unwrap_or_else(|error| {
        tracing::error!(%error, "an import cannot be kept in the folder for temporary files");
        Err(("server_error", "Something went wrong on our side."))
    })
}

async fn keep(mut body: Body) -> io::Result<Result<File, (&'static str, &'static str)>> {
    let mut file = tokio::fs::File::from_std(spawn_blocking(tempfile::tempfile).await??);
    let (deadline, mut size) = (Instant::now() + DEADLINE, 0);
    loop {
        let Ok(frame) = timeout_at(deadline, body.frame()).await else {
            return Ok(Err(("request_timeout", "The request body did not arrive in time.")));
        };
        let Some(frame) = frame else {
            file.flush().await?;
            return Ok(Ok(file.into_std().await));
        };
        let Ok(frame) = frame else {
            return Ok(Err(("invalid_request", "The request body is incomplete.")));
        };
        if let Ok(bytes) = frame.into_data() {
            size += bytes.len();
            if size > LIMIT {
                return Ok(Err(("payload_too_large", "An import may not be greater than 32 MiB.")));
            }
            file.write_all(&bytes).await?;
        }
    }
}
