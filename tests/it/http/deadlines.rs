//! Callers that ask for nothing more, or do not read what they asked for. The server here has shorter deadlines than the
//! program's, and a router of its own.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::{Body, Bytes},
    routing::get,
};
use dna_api::{
    metrics::Metrics,
    server::{Bounds, Deadlines, Listener, Workers, serve},
};
use http_body_util::channel::Channel;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{sleep, timeout},
};

use crate::support::until;

const SHORT: Duration = Duration::from_secs(2);
const PIECE: usize = 64 * 1024;
/// More than the buffers on the way hold.
const LARGE: usize = 32 * 1024 * 1024;

/// A server whose `/endless` goes on until its caller is gone, and whether it is.
async fn start(deadlines: Deadlines) -> (std::net::SocketAddr, Arc<AtomicBool>) {
    let listener = Listener::tcp(([127, 0, 0, 1], 0).into()).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let is_gone = Arc::new(AtomicBool::new(false));
    let gone = Arc::clone(&is_gone);
    let endless = async move || {
        let (mut sender, body) = Channel::<Bytes, Infallible>::new(1);
        let piece = Bytes::from(vec![b'x'; PIECE]);
        tokio::spawn(async move {
            while sender.send_data(piece.clone()).await.is_ok() {}
            gone.store(true, Relaxed);
        });
        Body::new(body)
    };
    let slow = async || {
        sleep(SHORT * 3 / 4).await;
        "here"
    };
    let large = async || Bytes::from(vec![b'x'; LARGE]);
    let router = Router::new().route("/", get(async || "here")).route("/endless", get(endless));
    let router = router.route("/slow", get(slow)).route("/large", get(large));
    let bounds = Bounds::new(None, 10, deadlines, Metrics::new().requests);
    let workers = Workers::start([router]).expect("workers");
    tokio::spawn(async move {
        serve(listener, &workers, bounds, Duration::ZERO, || false, std::future::pending()).await;
    });
    (address, is_gone)
}

async fn ask(stream: &mut TcpStream, path: &str) {
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("sent");
}

/// What comes until "here", or until the end.
async fn reply(stream: &mut TcpStream) -> String {
    let (mut text, mut buffer) = (String::new(), [0; 4096]);
    while !text.ends_with("here") {
        match stream.read(&mut buffer).await.expect("a reply") {
            0 => break,
            count => text.push_str(std::str::from_utf8(&buffer[..count]).expect("UTF-8")),
        }
    }
    text
}

#[tokio::test]
async fn a_connection_without_another_request_is_closed_and_each_request_begins_the_wait_anew() {
    let (address, _) = start(Deadlines { idle: SHORT, ..Deadlines::default() }).await;
    let mut stream = TcpStream::connect(address).await.expect("a connection");

    for _ in 0..4 {
        ask(&mut stream, "/").await;
        assert!(reply(&mut stream).await.starts_with("HTTP/1.1 200 "));
        sleep(SHORT / 2).await;
    }
    assert_eq!(timeout(Duration::from_secs(20), reply(&mut stream)).await.expect("it is closed"), "");
}

#[tokio::test]
async fn empty_lines_that_drip_in_do_not_begin_the_wait_anew() {
    let (address, _) = start(Deadlines { head: SHORT, ..Deadlines::default() }).await;
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    ask(&mut stream, "/").await;
    assert!(reply(&mut stream).await.starts_with("HTTP/1.1 200 "));

    let (mut reader, mut writer) = stream.into_split();
    let dripping = tokio::spawn(async move {
        for byte in b"\r\n".iter().cycle() {
            sleep(SHORT / 5).await;
            if writer.write_all(&[*byte]).await.is_err() {
                return;
            }
        }
    });
    let told = timeout(SHORT * 5, reader.read(&mut [0; 1024])).await;
    dripping.abort();
    assert!(told.is_ok(), "it goes on for ever");
}

#[tokio::test]
async fn a_caller_that_reads_nothing_is_closed() {
    let (address, is_gone) = start(Deadlines { write: SHORT, ..Deadlines::default() }).await;
    let mut stream = TcpStream::connect(address).await.expect("a connection");

    let start = Instant::now();
    ask(&mut stream, "/endless").await;
    until("it is closed", async || is_gone.load(Relaxed)).await;
    assert!(start.elapsed() >= SHORT, "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_caller_that_reads_on_now_and_then_is_not() {
    let (address, is_gone) = start(Deadlines { write: SHORT, ..Deadlines::default() }).await;
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    // More than the buffers on the way hold, so that the server has written meanwhile.
    let mut piece = vec![0; 16 * 1024 * 1024];

    ask(&mut stream, "/endless").await;
    for _ in 0..6 {
        sleep(SHORT / 2).await;
        stream.read_exact(&mut piece).await.expect("more");
        assert!(!is_gone.load(Relaxed));
    }
}

#[tokio::test]
async fn a_reply_that_goes_on_for_longer_than_the_wait_for_another_request_is_not_cut_off() {
    let (address, is_gone) = start(Deadlines { idle: SHORT, ..Deadlines::default() }).await;
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let mut piece = vec![0; PIECE];

    ask(&mut stream, "/endless").await;
    let start = Instant::now();
    while start.elapsed() < SHORT * 2 {
        stream.read_exact(&mut piece).await.expect("more");
    }
    assert!(!is_gone.load(Relaxed));
}

#[tokio::test]
async fn what_is_left_of_a_reply_is_sent_however_long_ago_it_was_made() {
    let (address, _) = start(Deadlines { idle: SHORT, ..Deadlines::default() }).await;
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let mut piece = vec![0; LARGE / 8];

    ask(&mut stream, "/large").await;
    for _ in 0..8 {
        sleep(SHORT / 4).await;
        stream.read_exact(&mut piece).await.expect("more");
    }
}

#[tokio::test]
async fn the_wait_for_another_request_begins_at_the_end_of_the_reply() {
    let (address, _) = start(Deadlines { idle: SHORT, ..Deadlines::default() }).await;
    let mut stream = TcpStream::connect(address).await.expect("a connection");

    for _ in 0..2 {
        ask(&mut stream, "/slow").await;
        assert!(reply(&mut stream).await.starts_with("HTTP/1.1 200 "));
        sleep(SHORT * 3 / 4).await;
    }
    ask(&mut stream, "/").await;
    assert!(reply(&mut stream).await.starts_with("HTTP/1.1 200 "));
    assert_eq!(timeout(Duration::from_secs(20), reply(&mut stream)).await.expect("it is closed"), "");
}
