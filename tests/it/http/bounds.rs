//! How much a server takes on at once, and how long it waits for those who do not go on.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::{Duration, Instant},
};

use crate::support::{
    App, CLIENT, Reply,
    description::{DESCRIPTION, Told},
    until,
};

fn connect(app: &App, bytes: &str) -> TcpStream {
    let mut stream = TcpStream::connect(app.url.replace("http://", "")).expect("a connection");
    stream.write_all(bytes.as_bytes()).expect("sent");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("an option");
    stream
}

fn rest(mut stream: TcpStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("UTF-8");
    text
}

#[tokio::test]
async fn one_connection_too_many_is_told_so_and_the_next_is_served_once_there_is_room() {
    let app = App::start_with(&[("DNA_MAX_CONNECTIONS", "3")]).await;
    let held: Vec<TcpStream> = (0..3).map(|_| connect(&app, "GET")).collect();

    let reply = app.send_until_closed("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert_eq!((reply.status, reply.error()), (503, "temporarily_unavailable"), "{reply:?}");
    assert_eq!((reply.header("retry-after"), reply.header("connection")), ("1", "close"));
    reply.check();

    drop(held);
    let ask = async || app.get("/healthz").header("connection", "close").send().await.is_ok_and(|r| r.status() == 200);
    until("there is room again", ask).await;
}

#[tokio::test]
async fn a_request_too_many_is_refused_at_once_but_not_the_question_whether_it_lives() {
    let app = App::start_with(&[("DNA_MAX_REQUESTS", "1")]).await;
    let body =
        "POST /api/oauth/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{";
    let mut held = Vec::new();
    let full = async || {
        held.push(connect(&app, body)); // eight may wait for their bodies
        app.get("/docs").send().await.is_ok_and(|reply| reply.status() == 503)
    };
    until("they are in flight", full).await;
    let reply = Reply::even_a_failure(app.get("/api/none")).await;
    assert_eq!((reply.status, reply.error(), reply.header("retry-after")), (503, "temporarily_unavailable", "1"));
    reply.check();
    for path in ["/healthz", "/readyz"] {
        assert_eq!(Reply::of(app.get(path)).await.status, 200);
    }

    drop(held);
    until("they are gone", async || app.get("/api/none").send().await.is_ok_and(|reply| reply.status() == 404)).await;
}

#[tokio::test]
async fn a_head_that_does_not_arrive_is_refused_in_time_and_silence_is_closed() {
    let app = App::start().await;
    let start = Instant::now();
    let heads = ["GET /healthz HTTP/1.1\r\nHost: x\r\n", "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /he", ""];
    let [part, second, silent] = heads.map(|head| connect(&app, head));

    let texts = [part, second, silent].map(|stream| tokio::task::spawn_blocking(|| rest(stream)));
    let [part, second, silent] = texts;
    let (part, second, silent) = (part.await.expect("it"), second.await.expect("it"), silent.await.expect("it"));

    assert!(part.starts_with("HTTP/1.1 408 ") && part.contains("request_timeout"), "{part}");
    assert!(second.starts_with("HTTP/1.1 200 ") && second.contains("HTTP/1.1 408 "), "{second}");
    assert_eq!(silent, "");
    assert!((9..25).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_head_that_does_not_arrive_is_refused_as_described() {
    let app = App::start().await;

    let reply = app.send_until_closed(format!("GET {CLIENT} HTTP/1.1\r\nHost: x\r\n")).await;

    reply.is_refused(408, "request_timeout", "The request did not arrive in time.");
    let told = Told { method: "GET", path: CLIENT, status: 408, headers: &reply.headers, text: &reply.text };
    assert_eq!(DESCRIPTION.judge(&told), Ok(()));
}
