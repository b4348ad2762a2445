//! One connection after another, one request after another.

use std::{convert::Infallible, io, sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderValue, header},
    response::Response,
};
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    sync::OwnedSemaphorePermit,
    time::timeout,
};
use tower::ServiceExt as _;
use uuid::Uuid;

use super::{
    bounds::{Awaited, Bounds},
    connection::{Connection, Reply},
    framing::HEAD_LIMIT,
    guarded::Guarded,
    listener::Stream,
};
use crate::{
    http::{
        arrival::{Draining, Refusal},
        error::ApiError,
        middleware::client_address::Peer,
    },
    metrics::request::Shed,
};

/// How long a caller that is turned away may take to hear it.
const TURN_AWAY: Duration = Duration::from_secs(1);

/// What every connection is served by.
#[derive(Clone)]
pub(super) struct Service<A> {
    api: A,
    pub(super) bounds: Arc<Bounds>,
}

/// What answers requests.
pub trait Answers:
    tower::Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone + Send + 'static
{
}

impl<A> Answers for A where
    A: tower::Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone + Send + 'static
{
}

impl<A: Answers> Service<A> {
    pub(super) const fn new(api: A, bounds: Arc<Bounds>) -> Self {
        Self { api, bounds }
    }

    /// Serves a connection that was accepted. Where there are too many, it is told so and closed: a balancer then tries
    /// another server at once. Where even that is asked too often, the next ones wait to be accepted.
    pub(super) async fn take(&self, accepted: io::Result<Stream>, connections: &GracefulShutdown) -> io::Result<()> {
        let stream = accepted?;
        let Ok(permit) = Arc::clone(&self.bounds.connections).try_acquire_owned() else {
            self.bounds.metrics.shed.count(Shed::Connections);
            if let Ok(permit) = Arc::clone(&self.bounds.turned_away).acquire_owned().await {
                match stream {
                    Stream::Tcp(stream, _) => drop(tokio::spawn(turn_away(stream, permit))),
                    Stream::Unix(stream) => drop(tokio::spawn(turn_away(stream, permit))),
                }
            }
            return Ok(());
        };
        match stream {
            Stream::Tcp(stream, peer) => self.spawn(stream, Peer(Some(peer)), permit, connections),
            Stream::Unix(stream) => self.spawn(stream, Peer(None), permit, connections),
        }
        Ok(())
    }

    fn spawn<S>(&self, stream: S, peer: Peer, permit: OwnedSemaphorePermit, connections: &GracefulShutdown)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let known = Arc::new(Connection::default());
        let guarded = Guarded::new(stream, Arc::clone(&self.bounds), Arc::clone(&known));
        let service = self.clone();
        let answer = hyper::service::service_fn(move |request| {
            let (service, known) = (service.clone(), Arc::clone(&known));
            async move { service.answer(request, peer, &known).await }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(None) // the guard has its own
            .max_buf_size(HEAD_LIMIT)
            .serve_connection(TokioIo::new(guarded), answer);
        let connection = connections.watch(connection);
        let open = self.bounds.metrics.connected();
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
            drop((permit, open));
        });
    }

    async fn answer(
        self,
        request: hyper::Request<Incoming>,
        peer: Peer,
        connection: &Arc<Connection>,
    ) -> Result<hyper::Response<Reply>, Infallible> {
        let (refusal, busy) = connection.next();
        let is_readiness = request.uri().path() == "/readyz";
        let is_health = is_readiness || request.uri().path() == "/healthz";
        if is_readiness {
            self.bounds.polls.note();
        }
        let entry = if is_health { None } else { self.bounds.enter() };
        let full = (!is_health && entry.is_none()).then_some(Refusal::Overload("too many requests are in flight"));
        let body_entry = entry.clone();
        let mut request: Request = request.map(|body| Body::new(Awaited { body, entry: body_entry }));
        request.extensions_mut().insert(peer);
        if let Some(refusal) = refusal.or(full) {
            request.extensions_mut().insert(refusal);
        }
        if self.bounds.is_draining() {
            request.extensions_mut().insert(Draining);
        }
        let mut response = self.api.oneshot(request).await?;
        if self.bounds.is_draining() {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        drop(entry);
        Ok(response.map(|body| Reply { body, _busy: busy }))
    }
}

/// Tells a caller that there are too many, whatever it asks, and closes.
async fn turn_away<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, permit: OwnedSemaphorePermit) {
    let id = Uuid::now_v7().to_string();
    let body = ApiError::from(Refusal::Overload("too many connections")).body(&id);
    let head = format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         retry-after: 1\r\nx-request-id: {id}\r\ncache-control: no-store\r\npragma: no-cache\r\n\
         x-content-type-options: nosniff\r\nreferrer-policy: no-referrer\r\nconnection: close\r\n\r\n",
        body.len()
    );
    let told = timeout(TURN_AWAY, async {
        stream.write_all(&[head.as_bytes(), &body].concat()).await?;
        stream.shutdown().await?;
        // Closing on what it still sends would reset the connection before it has read.
        let mut sent = [0; 4096];
        while stream.read(&mut sent).await? > 0 {}
        io::Result::Ok(())
    });
    drop(told.await);
    drop(permit);
}
