//! A database behind a proxy that has nobody to pass connections on to: it accepts them, and closes them at once.

use sqlx::postgres::{PgConnectOptions, PgSslMode};
use tokio::{io::copy_bidirectional, net::UnixStream, sync::watch};

use super::way_to;
use crate::support::{App, CLIENT, Reply, database, steve_harris, until};

/// Where the proxy listens, and whether it has a server.
async fn proxy(database: &PgConnectOptions) -> (PgConnectOptions, watch::Sender<bool>) {
    let (listener, options, socket) = way_to(database, PgSslMode::Prefer).await;
    let (switch, has_server) = watch::channel(true);
    tokio::spawn(async move {
        while let Ok((mut here, _)) = listener.accept().await {
            let (mut has_server, socket) = (has_server.clone(), socket.clone());
            tokio::spawn(async move {
                if *has_server.borrow() {
                    let mut there = UnixStream::connect(&socket).await.expect("the database");
                    tokio::select! {
                        _ = copy_bidirectional(&mut here, &mut there) => {}
                        _ = has_server.wait_for(|has_server| !has_server) => {}
                    }
                }
            });
        }
    });
    (options, switch)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_without_a_server_is_a_database_that_is_away() {
    let (options, switch) = proxy(&database::fresh().await).await;
    let app = App::start_on(options).await;
    let caller = app.partner("Acme").await.log_in(&app).await;

    switch.send_replace(false);
    for _ in 0..20 {
        let reply = Reply::even_a_failure(caller.post(&app, CLIENT).form(&steve_harris())).await;
        assert_eq!((reply.status, reply.error()), (503, "temporarily_unavailable"), "{reply:?}");
    }

    switch.send_replace(true);
    until("it is served again", async || {
        Reply::even_a_failure(caller.post(&app, CLIENT).form(&steve_harris())).await.status == 201
    })
    .await;
}
