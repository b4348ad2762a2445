//! A database that says nothing any more: its host has vanished, or it was stopped. No error ever comes.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgSslMode};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::UnixStream,
    sync::watch,
    task::JoinSet,
    time::Instant,
};

use super::way_to;
use crate::support::{App, CLIENT, Reply, database, steve_harris, until};

/// The way to a database, which can be cut without a word to either end.
struct Way {
    open: watch::Sender<bool>,
    options: PgConnectOptions,
}

impl Way {
    async fn to(database: &PgConnectOptions) -> Self {
        let (listener, options, socket) = way_to(database, PgSslMode::Disable).await;
        let open = watch::Sender::new(true);
        let way = open.subscribe();
        tokio::spawn(async move {
            while let Ok((here, _)) = listener.accept().await {
                let there = UnixStream::connect(&socket).await.expect("the database");
                let ((from, to), (back_from, back_to)) = (here.into_split(), there.into_split());
                tokio::spawn(carry(from, back_to, way.clone()));
                tokio::spawn(carry(back_from, to, way.clone()));
            }
        });
        Self { open, options }
    }
}

async fn carry(
    mut from: impl tokio::io::AsyncRead + Unpin,
    mut to: impl tokio::io::AsyncWrite + Unpin,
    mut way: watch::Receiver<bool>,
) {
    let mut bytes = [0; 8192];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        if way.wait_for(|open| *open).await.is_err() || to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_says_nothing_holds_nobody_and_is_served_as_soon_as_it_is_back() {
    let way = Way::to(&database::fresh().await).await;
    let app = App::start_on(way.options.clone()).await;
    let caller = app.partner("Acme").await.log_in(&app).await;
    caller.new_client(&app).await;

    way.open.send_replace(false);
    // More than there are connections, for longer than one takes to be given up.
    for _ in 0..2 {
        let mut asking = JoinSet::new();
        for _ in 0..24 {
            let request = caller.post(&app, CLIENT).form(&steve_harris());
            asking.spawn(async move {
                let start = Instant::now();
                (Reply::even_a_failure(request).await, start.elapsed())
            });
        }
        let alive = Instant::now();
        assert_eq!(Reply::of(app.get("/healthz")).await.status, 200);
        assert!(alive.elapsed() < Duration::from_secs(1));
        for (reply, took) in asking.join_all().await {
            assert_eq!((reply.status, reply.error()), (503, "temporarily_unavailable"), "{reply:?}");
            assert_eq!(reply.header("retry-after"), "1");
            assert!(took < Duration::from_millis(2_500), "{took:?}");
        }
        assert_eq!(app.get("/readyz").send().await.expect("a reply").status(), 503);
    }

    way.open.send_replace(true);
    let healed = until("it serves again", async || {
        Reply::even_a_failure(caller.post(&app, CLIENT).form(&steve_harris())).await.status == 201
    });
    let healed = healed.await;
    assert!(healed < Duration::from_millis(2_500), "{healed:?}");
    until("it is ready", async || app.get("/readyz").send().await.expect("a reply").status() == 200).await;
}
