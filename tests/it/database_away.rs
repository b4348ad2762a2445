//! The database dies, hangs, is in the way or is far behind a pooler: what callers see, and what is left of it.

mod ahead;
mod behind_a_proxy;
mod conflicts;
mod linter;
mod locks;
mod migrating;
mod pooler;
mod silent;
mod snapshots;

use std::path::PathBuf;

use dna_api::postgres::ROLE;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use tokio::net::TcpListener;

/// A way to that database by TCP: where what carries it listens, how it is connected to, and the socket that it leads to.
async fn way_to(database: &PgConnectOptions, ssl: PgSslMode) -> (TcpListener, PgConnectOptions, PathBuf) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let options = PgConnectOptions::new_without_pgpass()
        .host("127.0.0.1")
        .port(listener.local_addr().expect("an address").port())
        .username(ROLE)
        .database(database.get_database().expect("a name"))
        .ssl_mode(ssl);
    let socket = database.get_socket().expect("a socket").join(format!(".s.PGSQL.{}", database.get_port()));
    (listener, options, socket)
}
