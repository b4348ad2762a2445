//! The threads that serve connections, each with a runtime of its own.

use std::{
    io,
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
    time::Duration,
};

use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    runtime::{Builder, Handle, Runtime},
    sync::{OwnedSemaphorePermit, oneshot},
    time::{Instant, sleep, timeout},
};
use uuid::Uuid;

use super::{
    LOOK,
    bounds::Bounds,
    listener::Stream,
    service::{Answers, Service},
};
use crate::{
    http::{arrival::Refusal, error::ApiError},
    metrics::request::Shed,
    telemetry,
};

/// How long a caller that is turned away may take to hear it.
const TURN_AWAY: Duration = Duration::from_secs(1);
/// How long a thread may take to end.
const ENDING: Duration = Duration::from_secs(1);

/// What serves connections. One stays where it was given to: what a request waits for then wakes the thread that it is
/// on, and not one on another core. Dropped, the threads that were started end, and with them what they still serve.
pub struct Workers<A>(Vec<Worker<A>>);

struct Worker<A> {
    runtime: Handle,
    api: A,
    /// One more for each connection that it serves.
    serves: Arc<()>,
    /// None for the thread that accepts.
    thread: Option<Thread>,
}

struct Thread {
    end: oneshot::Sender<()>,
    ended: JoinHandle<()>,
}

/// What the program runs on, and each worker: one thread, which writes the lines of its log before it sleeps.
///
/// # Errors
/// The system's own.
pub fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().on_thread_park(telemetry::before_sleep).build()
}

impl<A: Answers> Workers<A> {
    /// The thread that calls this, which answers by the first of these, and one more for each of the others.
    ///
    /// # Errors
    /// The system's own, where a thread cannot be started.
    pub fn start(answers: impl IntoIterator<Item = A>) -> io::Result<Self> {
        let start = |(number, api)| if number == 0 { Ok(Worker::here(api)) } else { Worker::start(number, api) };
        answers.into_iter().enumerate().map(start).collect::<io::Result<_>>().map(Self)
    }

    /// Ends the threads that were started, and waits for that a moment.
    pub async fn end(self) {
        let threads = self.0.into_iter().filter_map(|worker| worker.thread);
        let ended: Vec<_> = threads.map(|Thread { end, ended }| (drop(end), ended).1).collect();
        let last = Instant::now() + ENDING;
        while ended.iter().any(|thread| !thread.is_finished()) {
            if Instant::now() > last {
                return tracing::warn!("a thread that serves did not end in time");
            }
            sleep(LOOK).await;
        }
    }

    /// Whether all of the threads run, once each has had a turn: where one stands still, this does not end.
    pub(super) fn all_run(&self) -> impl Future<Output = bool> + Send + use<A> {
        let turns: Vec<_> = self.0.iter().map(|worker| worker.runtime.spawn(async {})).collect();
        async {
            for turn in turns {
                if turn.await.is_err() {
                    return false;
                }
            }
            true
        }
    }

    /// Has a connection served that was accepted. Where there are too many, it is told so and closed: a balancer then
    /// tries another server at once. Where even that is asked too often, the next ones wait to be accepted.
    pub(super) async fn take(
        &self,
        accepted: io::Result<Stream>,
        bounds: &Arc<Bounds>,
        connections: &GracefulShutdown,
    ) -> io::Result<()> {
        let stream = accepted?;
        let Ok(permit) = Arc::clone(&bounds.connections).try_acquire_owned() else {
            bounds.metrics.shed.count(Shed::Connections);
            if let Ok(permit) = Arc::clone(&bounds.turned_away).acquire_owned().await {
                match stream {
                    Stream::Tcp(stream, _) => drop(tokio::spawn(turn_away(stream, permit))),
                    Stream::Unix(stream) => drop(tokio::spawn(turn_away(stream, permit))),
                }
            }
            return Ok(());
        };
        // Of those that have as many, the last: the first one has more to do.
        if let Some(idlest) = self.0.iter().rev().min_by_key(|worker| Arc::strong_count(&worker.serves)) {
            idlest.take(stream, Arc::clone(bounds), permit, connections.watcher())?;
        }
        Ok(())
    }
}

impl<A: Answers> Worker<A> {
    fn here(api: A) -> Self {
        Self { runtime: Handle::current(), api, serves: Arc::default(), thread: None }
    }

    fn start(number: usize, api: A) -> io::Result<Self> {
        let ((end, told), (begun, begins)) = (oneshot::channel(), mpsc::channel());
        // Made on its own thread, as a runtime may not be dropped on one that runs another.
        let run = move || match runtime() {
            Ok(runtime) => {
                if begun.send(Ok(runtime.handle().clone())).is_ok() {
                    drop(runtime.block_on(told));
                }
                drop(runtime);
                telemetry::at_end();
            }
            Err(error) => drop(begun.send(Err(error))),
        };
        let ended = thread::Builder::new().name(format!("worker-{number}")).spawn(run)?;
        let runtime = begins.recv().map_err(io::Error::other)??;
        Ok(Self { runtime, api, serves: Arc::default(), thread: Some(Thread { end, ended }) })
    }

    fn take(
        &self,
        stream: Stream,
        bounds: Arc<Bounds>,
        permit: OwnedSemaphorePermit,
        watcher: Watcher,
    ) -> io::Result<()> {
        let service = Service { api: self.api.clone(), bounds };
        let (moving, serves) = (stream.leave()?, Arc::clone(&self.serves));
        self.runtime.spawn(async move {
            match moving.arrive() {
                Ok(stream) => service.serve(stream, watcher).await,
                Err(error) => tracing::warn!(%error, "cannot take over a connection"),
            }
            drop((permit, serves));
        });
        Ok(())
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
