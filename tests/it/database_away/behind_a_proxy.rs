//! A database behind a proxy that has nobody to pass connections on to: it accepts them, and closes them at once.

use dna_api::postgres::ROLE;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, UnixStream},
    sync::watch,
};

use crate::support::{App, CLIENT, Reply, database, steve_harris, until};

/// Where the proxy listens, and whether it has a server.
async fn proxy(database: &PgConnectOptions) -> (PgConnectOptions, watch::Sender<bool>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let options = PgConnectOptions::new_without_pgpass()
        .host("127.0.0.1")
        .port(listener.local_addr().expect("an address").port())
        .username(ROLE)
        .database(database.get_database().expect("a name"))
        .ssl_mode(PgSslMode::Prefer);
    let socket = database.get_socket().expect("a socket").join(format!(".s.PGSQL.{}", database.get_port()));
    let (served, serves) = watch::channel(true);
    tokio::spawn(async move {
        while let Ok((mut here, _)) = listener.accept().await {
            let (mut serves, socket) = (serves.clone(), socket.clone());
            tokio::spawn(async move {
                if *serves.borrow() {
                    let mut there = UnixStream::connect(&socket).await.expect("the database");
                    tokio::select! {
                        _ = copy_bidirectional(&mut here, &mut there) => {}
                        _ = serves.wait_for(|serves| !serves) => {}
                    }
                }
            });
        }
    });
    (options, served)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_without_a_server_is_a_database_that_is_away() {
    let (options, served) = proxy(&database::fresh().await).await;
    let app = App::start_on(options).await;
    let caller = app.partner("Acme").await.log_in(&app).await;

    served.send_replace(false);
    for _ in 0..20 {
        let reply = Reply::even_a_failure(caller.post(&app, CLIENT).form(&steve_harris())).await;
        assert_eq!((reply.status, reply.error()), (503, "temporarily_unavailable"), "{reply:?}");
    }

    served.send_replace(true);
    until("it is served again", async || {
        Reply::even_a_failure(caller.post(&app, CLIENT).form(&steve_harris())).await.status == 201
    })
    .await;
}
