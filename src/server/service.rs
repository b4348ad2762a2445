//! One connection after another, one request after another.

use std::{convert::Infallible, sync::Arc};

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderValue, header},
    response::Response,
};
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::Watcher,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tower::ServiceExt as _;

use super::{
    bounds::{Awaited, Bounds},
    connection::{Connection, Reply},
    framing::HEAD_LIMIT,
    guarded::Guarded,
    listener::Stream,
};
use crate::http::{
    arrival::{Draining, Refusal},
    middleware::client_address::Peer,
};

/// What every connection is served by.
#[derive(Clone)]
pub(super) struct Service<A> {
    pub(super) api: A,
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
    /// Serves a connection, on this thread, until it ends.
    pub(super) async fn serve(self, stream: Stream, watcher: Watcher) {
        let ended = match stream {
            Stream::Tcp(stream, peer) => self.speak(stream, Peer(Some(peer)), watcher).await,
            Stream::Unix(stream) => self.speak(stream, Peer(None), watcher).await,
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection ended early");
        }
    }

    async fn speak<S>(self, stream: S, peer: Peer, watcher: Watcher) -> hyper::Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let open = self.bounds.metrics.connected();
        let known = Arc::new(Connection::default());
        let guarded = Guarded::new(stream, Arc::clone(&self.bounds), Arc::clone(&known));
        let answer = hyper::service::service_fn(move |request| {
            let (service, known) = (self.clone(), Arc::clone(&known));
            async move { service.answer(request, peer, &known).await }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(None) // the guard has its own
            .max_buf_size(HEAD_LIMIT)
            .serve_connection(TokioIo::new(guarded), answer);
        let ended = watcher.watch(connection).await;
        drop(open);
        ended
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
