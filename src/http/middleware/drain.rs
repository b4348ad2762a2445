//! What a caller still sends when its request has been answered is read and discarded, within bounds: closing on it
//! would reset the connection, and the caller would never see why it was refused.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, Bytes},
    extract::Request,
    http::{StatusCode, header},
    response::Response,
};
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::{BodyExt as _, Limited};
use tokio::{
    sync::oneshot::{self, error::TryRecvError},
    time::timeout,
};

/// Bytes that are discarded, at most.
const LIMIT: usize = 4 * 1024 * 1024;
/// How long is read on.
const DEADLINE: Duration = Duration::from_secs(5);

/// Discards what the inner service leaves of the request's body.
pub async fn drain<F>(request: Request, next: impl FnOnce(Request) -> F) -> Response
where
    F: Future<Output = Response>,
{
    // Who waits for leave to send (RFC 9110 §10.1.1) has sent nothing; reading would give it.
    if request.body().is_end_stream() || request.headers().contains_key(header::EXPECT) {
        return next(request).await;
    }
    let (leave, mut left) = oneshot::channel();
    let request = request.map(|inner| Body::new(Leaving { inner, leave: Some(leave) }));
    let response = next(request).await;
    if response.status() == StatusCode::REQUEST_TIMEOUT {
        return response; // it was waited for long enough
    }
    let body = match left.try_recv() {
        Err(TryRecvError::Closed) => return response, // it was read to its end
        left => left.ok(),
    };
    tokio::spawn(timeout(DEADLINE, async move {
        // What nobody has let go of is still read from, while the reply is sent.
        let body = match body {
            Some(body) => Some(body),
            None => left.await.ok(),
        };
        if let Some(body) = body {
            drop(Limited::new(body, LIMIT).collect().await);
        }
    }));
    response
}

/// A body that, when it is dropped, leaves what has not been read of it.
struct Leaving {
    inner: Body,
    leave: Option<oneshot::Sender<Body>>,
}

impl http_body::Body for Leaving {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.inner).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        if let Some(leave) = self.leave.take().filter(|_| !self.inner.is_end_stream()) {
            drop(leave.send(std::mem::take(&mut self.inner)));
        }
    }
}
