//! Where metrics are told, and where not.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use dna_api::server::{Listener, serve_metrics};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpStream, UnixStream},
};

use crate::support::{
    App, Reply,
    program::{Folder, Server, failure, run},
};

/// A listener for the metrics of a server.
async fn listener(app: &App) -> SocketAddr {
    let listener = Listener::tcp(([127, 0, 0, 1], 0).into()).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(serve_metrics(listener, app.state.clone()));
    address
}

#[tokio::test]
async fn they_are_told_in_prometheus_text_format_to_get_and_head_alone() {
    let app = App::start().await;
    let url = format!("http://{}", listener(&app).await);
    let reply = reqwest::get(format!("{url}/metrics")).await.expect("a reply");
    assert_eq!(reply.status(), 200);
    assert_eq!(reply.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    assert!(reply.text().await.expect("text").contains("\ndna_build_info{version=\"0.1.0\"} 1\n"));
    let client = reqwest::Client::new();
    let head = client.head(format!("{url}/metrics")).send().await.expect("a reply");
    assert_eq!(head.status(), 200);
    let post = client.post(format!("{url}/metrics")).send().await.expect("a reply");
    assert_eq!(post.status(), 405);
    assert_eq!(post.headers()["allow"], "GET, HEAD");
    assert_eq!(reqwest::get(format!("{url}/")).await.expect("a reply").status(), 404);
}

#[tokio::test]
async fn they_are_not_told_where_partners_are_served() {
    let app = App::start().await;
    let reply = Reply::of(app.get("/metrics")).await;
    assert_eq!((reply.status, reply.error()), (404, "not_found"));
}

#[tokio::test]
async fn who_asks_nothing_is_let_go_within_seconds_and_few_can() {
    let app = App::start().await;
    let address = listener(&app).await;
    let start = Instant::now();
    let mut idle = Vec::new();
    for _ in 0..20 {
        idle.push(TcpStream::connect(address).await.expect("a connection"));
    }
    let told = reqwest::get(format!("http://{address}/metrics")).await.expect("a reply");
    assert_eq!(told.status(), 200);
    let waited = start.elapsed();
    assert!((Duration::from_secs(8)..Duration::from_secs(30)).contains(&waited), "three rounds of eight: {waited:?}");
    for mut stream in idle {
        assert_eq!(stream.read(&mut [0; 1]).await.expect("its end"), 0);
    }
}

#[tokio::test]
async fn the_program_tells_them_where_it_is_set_to_and_says_where_that_is() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[("DNA_METRICS_LISTEN", "127.0.0.1:0")]);
    let said = server.said();
    let address = said.split_once("metrics=\"").and_then(|(_, rest)| rest.split_once('"')).expect("an address").0;
    let told = reqwest::get(format!("http://{address}/metrics")).await.expect("a reply").text().await.expect("text");
    assert!(told.contains("\ndna_build_info{"));

    let taken = run(&folder, &[("DNA_LISTEN", "127.0.0.1:0"), ("DNA_METRICS_LISTEN", address)], &["serve"]);
    let (code, line) = failure(&taken);
    assert_eq!(code, 1);
    let expected = format!("cannot listen on {address}: set DNA_METRICS_LISTEN to a free address");
    assert!(line.contains(&expected), "{line}");
    assert!(server.stop());
}

#[tokio::test]
async fn the_program_tells_them_on_a_unix_socket_and_nowhere_unless_it_is_set() {
    let folder = Folder::new();
    let path = folder.path().join("metrics.sock");
    let setting = format!("unix:{}", path.display());
    let server = Server::start(&folder, &[("DNA_METRICS_LISTEN", &setting)]);
    let mut stream = UnixStream::connect(&path).await.expect("a connection");
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").await.expect("written");
    let mut told = String::new();
    stream.read_to_string(&mut told).await.expect("a reply");
    assert!(told.starts_with("HTTP/1.1 200 OK\r\n") && told.contains("\ndna_build_info{"));
    assert!(server.stop());
    let server = Server::start(&folder, &[]);
    assert!(!server.said().contains("metrics="));
    assert!(server.stop());
}
