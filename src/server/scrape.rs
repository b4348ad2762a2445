//! `/metrics`, on a listener of its own: few connections, each for one request and a few seconds.

use std::{convert::Infallible, io, sync::Arc, time::Duration};

use hyper::{
    Method, Request, Response, StatusCode,
    body::Incoming,
    header::{ALLOW, CONTENT_TYPE, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::Semaphore,
    time::{sleep, timeout},
};

use super::{
    PAUSE,
    listener::{Listener, Stream},
};
use crate::{metrics, state::AppState};

/// Scrapers at once. Further ones wait to be accepted.
const CONNECTIONS: usize = 8;
/// How long one has, from its connection to the end of its reply.
const DEADLINE: Duration = Duration::from_secs(5);
/// Bytes of its request, at most.
const HEAD_LIMIT: usize = 16 * 1024;

/// Tells what is measured to whoever asks, for ever.
pub async fn serve_metrics(listener: Listener, app: AppState) {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(permit) = Arc::clone(&room).acquire_owned().await else { return };
        let accepted = listener.accept().await;
        let app = app.clone();
        match accepted {
            Ok(stream) => drop(tokio::spawn(async move {
                let told = match stream {
                    Stream::Tcp(stream, _) => tell(stream, app).await,
                    Stream::Unix(stream) => tell(stream, app).await,
                };
                if let Err(error) = told {
                    tracing::debug!(%error, "a scrape ended early");
                }
                drop(permit);
            })),
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection for metrics");
                sleep(PAUSE).await;
            }
        }
    }
}

async fn tell<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(stream: S, app: AppState) -> io::Result<()> {
    let answer = service_fn(move |request| {
        let reply = answer(&request, &app);
        async { Ok::<_, Infallible>(reply) }
    });
    let connection =
        http1::Builder::new().keep_alive(false).max_buf_size(HEAD_LIMIT).serve_connection(TokioIo::new(stream), answer);
    timeout(DEADLINE, connection).await?.map_err(io::Error::other)
}

fn answer(request: &Request<Incoming>, app: &AppState) -> Response<String> {
    let mut reply = Response::new(String::new());
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    reply.headers_mut().insert(CONTENT_TYPE, plain);
    if request.uri().path() != "/metrics" {
        *reply.status_mut() = StatusCode::NOT_FOUND;
        "Metrics are at /metrics.\n".clone_into(reply.body_mut());
    } else if ![Method::GET, Method::HEAD].contains(request.method()) {
        *reply.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
        reply.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    } else if let Ok(text) = app.measure() {
        reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(metrics::CONTENT_TYPE));
        *reply.body_mut() = text;
    } else {
        *reply.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    }
    reply
}
