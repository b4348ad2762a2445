//! What a proxy answers itself, in the words of the API.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
};

use reqwest::Response;
use serde_json::Value;

use super::proxy::{Kind, Proxy, replace_once};
use crate::support::program::Folder;

/// An address that nobody listens at.
const NOBODY: &str = "127.0.0.1:1";

/// Asserts an error as the API would have written it.
async fn assert_error(kind: Kind, reply: Response, status: u16, word: &str) {
    assert_eq!(reply.status(), status, "{kind:?}");
    let headers = reply.headers().clone();
    let retry = headers.get("retry-after").map(|value| value.to_str().expect("text"));
    assert_eq!(retry, matches!(status, 429 | 502..=504).then_some("1"), "{kind:?} {status}");
    assert_eq!(headers["content-type"], "application/json", "{kind:?} {status}");
    assert_eq!(headers["cache-control"], "no-store", "{kind:?} {status}");
    assert_eq!(headers["x-content-type-options"], "nosniff", "{kind:?} {status}");
    let body: Value = reply.json().await.unwrap_or_else(|error| panic!("{kind:?} {status}: {error}"));
    assert_eq!((&body["result"], &body["error"]), (&"ERROR".into(), &word.into()), "{kind:?} {status}");
    assert_eq!(body["request_id"].as_str(), headers["x-request-id"].to_str().ok(), "{kind:?} {status}");
    assert!(body["message"].as_str().is_some_and(|message| message.ends_with('.')), "{kind:?} {status}: {body}");
}

/// A server that says that it is ready, and then nothing more: each other connection is read and left without a reply.
fn never_answers() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        for mut stream in listener.incoming().flatten() {
            let mut head = [0; 4096];
            let read = stream.read(&mut head).unwrap_or(0);
            if head[..read].starts_with(b"GET /readyz") {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            } else {
                kept.push(stream);
            }
        }
    });
    address
}

async fn assert_too_large(kind: Kind, url: String) {
    let large = reqwest::Client::new().post(url).header("Content-Type", "application/json");
    let large = large.body(vec![b' '; 200_000]).send().await.expect("a reply");
    assert_error(kind, large, 413, "payload_too_large").await;
}

async fn assert_own_errors_are_json(kind: Kind) {
    let folder = Folder::new();
    let proxy = Proxy::start(kind, &folder, NOBODY);
    let reply = reqwest::get(proxy.url("/api/oauth/token")).await.expect("a reply");
    assert_error(kind, reply, if kind == Kind::Nginx { 502 } else { 503 }, "temporarily_unavailable").await;
    if kind == Kind::Caddy {
        return; // without a server it looks at no body, and it has no limit of requests
    }
    assert_too_large(kind, proxy.url("/api/oauth/token")).await;

    let http = reqwest::Client::new();
    for _ in 0..3000 {
        let reply = http.get(proxy.url("/healthz")).send().await.expect("a reply");
        if reply.status() == 429 {
            return assert_error(kind, reply, 429, "rate_limited").await;
        }
    }
    panic!("{kind:?} has no limit");
}

async fn assert_a_silent_server_is_a_504(kind: Kind) {
    let folder = Folder::new();
    let proxy = Proxy::start_with(kind, &folder, &never_answers(), |shipped| match kind {
        Kind::Nginx => replace_once(&shipped, "proxy_read_timeout 20s", "proxy_read_timeout 1s"),
        Kind::Caddy => replace_once(&shipped, "response_header_timeout 20s", "response_header_timeout 1s"),
        Kind::Haproxy => replace_once(&shipped, "timeout server 20s", "timeout server 1s"),
    });
    let silent = reqwest::Client::new().post(proxy.url("/api/oauth/token")).body("x").send().await.expect("a reply");
    assert_error(kind, silent, 504, "temporarily_unavailable").await;
    assert_too_large(kind, proxy.url("/api/oauth/token")).await;
}

#[tokio::test]
#[ignore = "needs nginx"]
async fn nginx_answers_in_the_words_of_the_api() {
    assert_own_errors_are_json(Kind::Nginx).await;
    assert_a_silent_server_is_a_504(Kind::Nginx).await;
}

#[tokio::test]
#[ignore = "needs Caddy"]
async fn caddy_answers_in_the_words_of_the_api() {
    assert_own_errors_are_json(Kind::Caddy).await;
    assert_a_silent_server_is_a_504(Kind::Caddy).await;
}

#[tokio::test]
#[ignore = "needs HAProxy"]
async fn haproxy_answers_in_the_words_of_the_api() {
    assert_own_errors_are_json(Kind::Haproxy).await;
    assert_a_silent_server_is_a_504(Kind::Haproxy).await;
}
