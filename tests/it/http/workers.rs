//! The threads that serve connections: each connection stays with one, and who has the fewest gets the next.

use std::{net::SocketAddr, thread, time::Duration};

use axum::{Router, routing::get};
use dna_api::{
    metrics::Metrics,
    server::{Bounds, Deadlines, Listener, Workers, serve},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::oneshot,
    task::JoinHandle,
    time::sleep,
};

use crate::support::until;

/// How long a request to `/slow` takes.
const SLOW: Duration = Duration::from_millis(500);

/// A server of so many threads whose replies are the name of the thread: its metrics, what stops it, and its end.
async fn start(workers: usize) -> (SocketAddr, Metrics, oneshot::Sender<()>, JoinHandle<()>) {
    let name = async || thread::current().name().unwrap_or_default().to_owned();
    let slow = async move || {
        sleep(SLOW).await;
        name().await
    };
    let router = Router::new().route("/", get(name)).route("/slow", get(slow));
    let listener = Listener::tcp(([127, 0, 0, 1], 0).into()).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let metrics = Metrics::new();
    let bounds = Bounds::new(None, 10, Deadlines::default(), metrics.requests.clone());
    let workers = Workers::start(vec![router; workers]).expect("threads");
    let (stop, stopped) = oneshot::channel();
    let stopped = async {
        let _ = stopped.await;
    };
    let drain = Duration::from_secs(20);
    let server = tokio::spawn(async move { serve(listener, &workers, bounds, drain, || false, stopped).await });
    (address, metrics, stop, server)
}

async fn send(stream: &mut TcpStream, path: &str) {
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("sent");
}

/// The name of the thread that replies.
async fn thread_of(stream: &mut TcpStream) -> String {
    let mut reply = vec![0; 4096];
    let count = stream.read(&mut reply).await.expect("a reply");
    let reply = String::from_utf8_lossy(&reply[..count]).into_owned();
    assert!(reply.starts_with("HTTP/1.1 200 "), "{reply}");
    reply.rsplit("\r\n").next().unwrap_or_default().to_owned()
}

async fn ask(stream: &mut TcpStream) -> String {
    send(stream, "/").await;
    thread_of(stream).await
}

#[tokio::test]
async fn connections_are_shared_out_and_stay_where_they_are() {
    let (address, metrics, _stop, _) = start(3).await;
    let mut streams = Vec::new();
    let mut names = Vec::new();
    for _ in 0..6 {
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        names.push(ask(&mut stream).await);
        streams.push(stream);
    }

    let mut sorted = names.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!(sorted.len(), 3, "{names:?}");
    assert!(sorted.iter().all(|name| names.iter().filter(|other| *other == name).count() == 2), "{names:?}");
    for (stream, name) in streams.iter_mut().zip(&names) {
        assert_eq!(&ask(stream).await, name);
    }

    // Two that one thread had: the next two are its own, whoever's turn it would be.
    let left = names[0].clone();
    let mut place = names.iter();
    streams.retain(|_| place.next() != Some(&left));
    until("its connections are closed", async || metrics.text().expect("text").contains("\ndna_connections_open 4\n"))
        .await;
    for _ in 0..2 {
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        assert_eq!(ask(&mut stream).await, left);
        streams.push(stream);
    }
}

#[tokio::test]
async fn when_it_stops_each_of_them_ends_what_it_has_begun() {
    let (address, _, stop, server) = start(2).await;
    let mut streams = Vec::new();
    for _ in 0..4 {
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        send(&mut stream, "/slow").await;
        streams.push(stream);
    }
    sleep(SLOW / 5).await;

    stop.send(()).expect("it runs");

    let mut names = Vec::new();
    for stream in &mut streams {
        names.push(thread_of(stream).await);
    }
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 2);
    server.await.expect("it has ended");
}
