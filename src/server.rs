//! The accept loop: connections with deadlines, until it is told to stop.

use std::{io, net::SocketAddr, os::unix::fs::FileTypeExt as _, path::Path, time::Duration};

use axum::{Router, extract::Request};
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, UnixListener},
    time::{sleep, timeout},
};
use tower::ServiceExt as _;

use crate::http::middleware::client_address::Peer;

/// How long a request's head may take to arrive.
const HEADER_DEADLINE: Duration = Duration::from_secs(10);
/// Bytes of a request's head, at most: a URL of 64 KiB, which is refused in our words, and its headers.
const HEAD_LIMIT: usize = 96 * 1024;
/// How long requests in flight may go on once the server stops.
const DRAIN: Duration = Duration::from_secs(10);

/// Where connections come from.
pub enum Listener {
    /// TCP.
    Tcp(TcpListener),
    /// A Unix socket.
    Unix(UnixListener),
}

impl Listener {
    /// The address that TCP is bound to.
    #[must_use]
    pub fn local_addr(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(listener) => listener.local_addr().ok(),
            Self::Unix(_) => None,
        }
    }

    /// Listens on TCP.
    ///
    /// # Errors
    /// The system's own, where the address is taken or not ours.
    pub async fn tcp(address: SocketAddr) -> io::Result<Self> {
        TcpListener::bind(address).await.map(Self::Tcp)
    }

    /// Listens on a Unix socket. A socket that a dead server left is replaced; a live one is not, and nothing else is.
    ///
    /// # Errors
    /// The system's own; `AddrInUse` where another server answers there, or where what is there is no socket.
    pub async fn unix(path: &Path) -> io::Result<Self> {
        match UnixListener::bind(path) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                let is_socket = std::fs::symlink_metadata(path)?.file_type().is_socket();
                if !is_socket || tokio::net::UnixStream::connect(path).await.is_ok() {
                    return Err(error);
                }
                std::fs::remove_file(path)?;
                UnixListener::bind(path).map(Self::Unix)
            }
            bound => bound.map(Self::Unix),
        }
    }
}

/// Serves until `shutdown`, then lets requests in flight end.
pub async fn serve(listener: Listener, router: Router, shutdown: impl Future<Output = ()>) {
    let connections = GracefulShutdown::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            accepted = accept(&listener, &router, &connections) => if let Err(error) = accepted {
                tracing::warn!(%error, "cannot accept a connection");
                sleep(Duration::from_millis(50)).await; // out of file descriptors: some will close
            },
        }
    }
    drop(listener);
    if timeout(DRAIN, connections.shutdown()).await.is_err() {
        tracing::warn!("some requests did not end in time");
    }
}

async fn accept(listener: &Listener, router: &Router, connections: &GracefulShutdown) -> io::Result<()> {
    match listener {
        Listener::Tcp(listener) => {
            let (stream, peer) = listener.accept().await?;
            stream.set_nodelay(true)?;
            spawn(stream, Peer(Some(peer)), router.clone(), connections);
        }
        Listener::Unix(listener) => {
            let (stream, _) = listener.accept().await?;
            spawn(stream, Peer(None), router.clone(), connections);
        }
    }
    Ok(())
}

fn spawn<S>(stream: S, peer: Peer, router: Router, connections: &GracefulShutdown)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        let mut request: Request = request.map(axum::body::Body::new);
        request.extensions_mut().insert(peer);
        router.clone().oneshot(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_DEADLINE)
        .max_buf_size(HEAD_LIMIT)
        .serve_connection(TokioIo::new(stream), service);
    let connection = connections.watch(connection);
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection ended early");
        }
    });
}
