//! How much a request may bring: 64 KiB of body, 8 KiB of URL.

use reqwest::RequestBuilder;

use crate::support::{App, CLIENT, Caller, Reply, acme, json_of, steve_harris};

const BODY: usize = 64 * 1024;
const URL: usize = 8 * 1024;
const TOO_LARGE: &str = "The request body may not be greater than 64 KiB.";

/// A creation whose body has that many bytes.
fn creation(app: &App, caller: &Caller, bytes: usize) -> RequestBuilder {
    let body = serde_json::to_string(&json_of(&steve_harris())).expect("JSON");
    let padding = " ".repeat(bytes - body.len());
    caller.creation(app).header("content-type", "application/json").body(body + &padding)
}

#[tokio::test]
async fn a_body_of_64_kib_is_read_and_a_byte_more_is_not() {
    let (app, caller) = acme().await;

    assert_eq!(Reply::of(creation(&app, &caller, BODY)).await.status, 201);
    Reply::of(creation(&app, &caller, BODY + 1)).await.is_refused(413, "payload_too_large", TOO_LARGE);
    assert_eq!(app.rows("clients").await, 1);
}

fn head(caller: &Caller, framing: &str) -> String {
    let token = &caller.token;
    format!(
        "POST {CLIENT} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
         Connection: close\r\n{framing}\r\n\r\n"
    )
}

fn chunked(body: &[u8]) -> Vec<u8> {
    let chunks = body.chunks(8192).map(|chunk| [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat());
    chunks.chain([b"0\r\n\r\n".to_vec()]).flatten().collect()
}

#[tokio::test]
async fn the_limit_is_the_same_for_a_chunked_body() {
    let (app, caller) = acme().await;
    let head = head(&caller, "Transfer-Encoding: chunked").into_bytes();
    let mut body = serde_json::to_vec(&json_of(&steve_harris())).expect("JSON");

    body.resize(BODY, b' ');
    assert_eq!(app.send_until_closed([head.clone(), chunked(&body)].concat()).await.status, 201);
    body.push(b' ');
    assert_eq!(app.send_until_closed([head, chunked(&body)].concat()).await.status, 413);
    assert_eq!(app.rows("clients").await, 1);
}

fn is_too_large(reply: &Reply) {
    assert_eq!((reply.status, &reply.json["error"]), (413, &"payload_too_large".into()), "{reply:?}");
    reply.check();
}

/// A caller that writes all before it reads must neither be cut off nor lose the reply.
#[tokio::test]
async fn a_caller_of_a_megabyte_reads_why_it_was_refused_every_time() {
    let (app, caller) = acme().await;
    let megabyte = vec![b'x'; 1024 * 1024];
    let sized = [head(&caller, "Content-Length: 1048576").into_bytes(), megabyte.clone()].concat();
    let chunked = [head(&caller, "Transfer-Encoding: chunked").into_bytes(), chunked(&megabyte)].concat();
    let stranger = String::from_utf8(sized.clone()).expect("ASCII").replacen("Authorization: Bearer ", "X: ", 1);

    for _ in 0..20 {
        is_too_large(&app.send_until_closed(sized.clone()).await);
        is_too_large(&app.send_until_closed(chunked.clone()).await);
        assert_eq!(app.send_until_closed(stranger.clone()).await.json["error"], "unauthenticated");
        let reply = Reply::of(caller.creation(&app).body(megabyte.clone())).await;
        reply.is_refused(413, "payload_too_large", TOO_LARGE);
    }
    app.has_no_client().await;
}

#[tokio::test]
async fn a_connection_is_of_further_use_after_a_body_that_was_too_large() {
    let (app, caller) = acme().await;
    let first = head(&caller, "Content-Length: 70000").replace("Connection: close\r\n", "");
    let second = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

    let reply = app.send_until_closed([first.into_bytes(), vec![b'x'; 70_000], second.into()].concat()).await;

    assert_eq!(reply.status, 413);
    assert!(reply.text.ends_with(r#"{"status":"ok"}"#), "{reply:?}");
}

#[tokio::test]
async fn a_url_of_8_kib_is_read_and_a_byte_more_is_not() {
    let (app, caller) = acme().await;
    let id = caller.new_client(&app).await;
    let path = |bytes: usize| {
        let path = format!("{CLIENT}/{id}/activate?");
        let padding = "x".repeat(bytes - path.len());
        path + &padding
    };

    Reply::of(caller.get(&app, &path(URL + 1))).await.is_refused(
        414,
        "uri_too_long",
        "The URL may not be longer than 8 KiB.",
    );
    assert_eq!(app.status(id).await.0, "pending");
    assert_eq!(Reply::of(caller.get(&app, &path(URL))).await.status, 200);
}

#[tokio::test]
async fn a_url_is_refused_in_our_words_up_to_64_kib_whatever_its_path() {
    let (app, caller) = acme().await;

    for path in [CLIENT, "/api/oauth/token", "/api/nothing", "/", "/healthz"] {
        for bytes in [9000, 40_000, 65_000] {
            let reply = Reply::of(caller.post(&app, &format!("{path}?{}", "x".repeat(bytes)))).await;
            reply.is_refused(414, "uri_too_long", "The URL may not be longer than 8 KiB.");
        }
    }
}

#[tokio::test]
async fn a_url_of_100_kb_is_refused_by_the_parser_every_time() {
    let app = App::start().await;
    let request = format!("GET /api/{} HTTP/1.1\r\nHost: x\r\n\r\n", "x".repeat(100_000));

    for _ in 0..20 {
        let reply = app.send_until_closed(request.clone()).await;
        assert!([414, 431].contains(&reply.status), "{reply:?}");
        assert!(reply.text.is_empty() || reply.json["error"] == "uri_too_long", "{reply:?}");
    }
}
