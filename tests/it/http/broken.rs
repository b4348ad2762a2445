//! Bytes that are no HTTP request.

use crate::support::{App, CLIENT, Reply, acme};

#[tokio::test]
async fn garbage_gets_a_bare_400_and_a_closed_connection() {
    let app = App::start().await;

    let garbage: [&[u8]; 12] = [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\0\0\0\0",
        b"\xff\xfe\xfd",
        b"GET\r\n\r\n",
        b"GET /\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / x HTTP/1.1\r\n\r\n",
        b"<html></html>\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: abc\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    ];
    for bytes in garbage {
        let reply = app.send_until_closed(bytes).await;
        assert_eq!((reply.status, reply.text.as_str()), (400, ""), "{bytes:?}: {reply:?}");
        assert_eq!(reply.header("content-type"), "");
    }
    assert_eq!(Reply::of(app.get("/healthz")).await.status, 200);
}

#[tokio::test]
async fn a_request_of_an_unclear_length_is_no_way_to_a_second_one() {
    let (app, caller) = acme().await;
    let id = caller.new_client(&app).await;
    let token = &caller.token;
    let smuggled = format!("GET {CLIENT}/{id}/activate HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n");

    for (framing, status) in [
        ("Content-Length: 4\r\nTransfer-Encoding: chunked", 401), // read as chunked, then closed (RFC 9112 §6.1)
        ("Transfer-Encoding: chunked\r\nContent-Length: 4", 401),
        ("Transfer-Encoding: identity, chunked", 400),
        ("Transfer-Encoding: gzip, chunked", 400),
        ("Transfer-Encoding: chunked, identity", 400),
        ("Transfer-Encoding: xchunked", 400),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", 400),
    ] {
        let request = format!("POST {CLIENT} HTTP/1.1\r\nHost: x\r\n{framing}\r\n\r\n0\r\n\r\n{smuggled}");
        let reply = app.send_until_closed(request).await;
        assert_eq!(reply.status, status, "{framing}: {reply:?}");
        assert!(!reply.text.contains("HTTP/1.1"), "a second reply: {reply:?}");
    }
    assert_eq!(app.status(id).await.0, "pending");
}

#[tokio::test]
async fn a_request_to_no_host_or_to_two_is_refused() {
    let app = App::start().await;

    for hosts in ["", "Host: x\r\nHost: y\r\n"] {
        let reply = app.send_until_closed(format!("GET /healthz HTTP/1.1\r\n{hosts}\r\n")).await;
        reply.check();
        assert_eq!((reply.status, reply.error()), (400, "invalid_request"), "{reply:?}");
    }
}

#[tokio::test]
async fn http_1_0_is_answered() {
    let app = App::start().await;

    let reply = app.send_until_closed("GET /healthz HTTP/1.0\r\n\r\n").await;

    assert_eq!((reply.status, reply.text.as_str()), (200, r#"{"status":"ok"}"#));
}
