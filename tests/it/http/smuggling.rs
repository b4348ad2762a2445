//! Requests that two servers could read in two ways: refused in our words, and the end of their connection.

use crate::support::{App, CLIENT, Reply, acme};

/// One that must not be read behind a refused one.
const NEXT: &str = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";

/// Each breaks one rule of RFC 9112; what follows the first words is ours.
const BAD: &[&str] = &[
    // §6.1, §6.3: where the body ends
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: x\r\ncontent-LENGTH: 0\r\ntransfer-ENCODING: chunked\r\n\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5, 5\r\n\r\nhello",
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n\r\nhello",
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\nhello",
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0x5\r\n\r\nhello",
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n\r\nhello",
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: abc\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 18446744073709551617\r\n\r\nx",
    "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked,\r\n\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:\r\n\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    // §3.2: whose request it is
    "GET /healthz HTTP/1.1\r\n\r\n",
    "GET /healthz HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
    "GET /healthz HTTP/1.1\r\nHost: x\r\nhost: x\r\n\r\n",
    "GET /healthz HTTP/1.0\r\nHost: x\r\nHost: y\r\n\r\n",
    "GET /healthz HTTP/1.1\r\nHost: x, y\r\n\r\n",
    "GET /healthz HTTP/1.1\r\nHost: x/y\r\n\r\n",
    "GET /healthz HTTP/1.1\r\nHost: user@x\r\n\r\n",
    "GET http://y/healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET http:///healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET ftp://x/healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    "CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET * HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET /\x7f HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET /<x> HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET /?a=\"b\" HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET http://[x/healthz HTTP/1.1\r\nHost: [x\r\n\r\n",
    // §2.2, §3, §5: lines and headers
    "GET /healthz HTTP/1.1\nHost: x\n\n",
    "GET /healthz HTTP/1.1\r\nHost: x\nX: y\r\n\r\n",
    "GET /healthz HTTP/1.1\r\nHost: x\r\nX: a\rb\r\n\r\n",
    "GET /healthz HTTP/1.1\r\nHost: x\r\nX: a\rTransfer-Encoding: chunked\r\n\r\n",
    "GET /healthz HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n",
    "GET /healthz HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n",
    "GET /healthz HTTP/1.1\r\n Host: x\r\n\r\n",
    "GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length : 5\r\n\r\nhello",
    "GET /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n",
    "GET /healthz HTTP/1.1\r\nHost: x\r\n: x\r\n\r\n",
    "GET /healthz HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n",
    "GET  /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET /healthz  HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET\t/healthz\tHTTP/1.1\r\nHost: x\r\n\r\n",
    "GET / x HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET / HTTP/9.9\r\nHost: x\r\n\r\n",
    "GET / HTTP/1.2\r\nHost: x\r\n\r\n",
    "GET / http/1.1\r\nHost: x\r\n\r\n",
    "GET /\r\n\r\n",
    "GET\r\n\r\n",
    // other protocols
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "\x16\x03\x01\x02\0\x01\0",
    "\0\0\0\0",
    "<html></html>\r\n\r\n",
    "SSH-2.0-OpenSSH_9.2\r\n",
];

fn is_refused(reply: &Reply, what: &str) {
    assert_eq!((reply.status, reply.error()), (400, "invalid_request"), "{what:?}: {reply:?}");
    assert_eq!(reply.header("connection"), "close", "{what:?}");
    assert!(!reply.text.contains("HTTP/1.1 "), "{what:?}: a second reply: {reply:?}");
    reply.check();
}

#[tokio::test]
async fn what_breaks_a_rule_is_refused_in_our_words_and_nothing_after_it_is_read() {
    let app = App::start().await;

    for bad in BAD {
        is_refused(&app.send_until_closed(format!("{bad}{NEXT}")).await, bad);
    }
    assert_eq!(Reply::of(app.get("/healthz")).await.status, 200);
}

#[tokio::test]
async fn what_is_no_text_is_refused_in_our_words_in_a_fragment_too() {
    let app = App::start().await;

    for bad in [&b"GET /?\x80"[..], b"GET /?#\x80", b"GET /#\xff"] {
        let request = [bad, b" HTTP/1.1\r\nHost: x\r\n\r\n", NEXT.as_bytes()].concat();
        is_refused(&app.send_until_closed(request).await, &String::from_utf8_lossy(bad));
    }
}

#[tokio::test]
async fn it_is_the_same_behind_a_good_request_on_the_same_connection() {
    let app = App::start().await;
    let chunked =
        "POST /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nX: y\r\n\r\n";
    let sized = "POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nabcd";

    for bad in BAD {
        for (good, status) in [(NEXT, 200), (chunked, 405), (sized, 405)] {
            let reply = app.send_until_closed(format!("{good}\r\n{bad}{NEXT}")).await;
            assert_eq!(reply.status, status, "{reply:?}");
            let replies: Vec<&str> = reply.text.split("HTTP/1.1 ").collect();
            assert_eq!(replies.len(), 2, "{bad:?}: {reply:?}");
            assert!(replies[1].starts_with("400 ") && replies[1].contains("invalid_request"), "{bad:?}: {reply:?}");
        }
    }
}

#[tokio::test]
async fn bytes_may_come_one_by_one() {
    let app = App::start().await;
    let address = app.url.replace("http://", "");
    let good = "\r\nPOST /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n";
    let bad = "GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n";

    let text = tokio::task::spawn_blocking(move || {
        use std::io::{Read as _, Write as _};
        let mut stream = std::net::TcpStream::connect(address).expect("a connection");
        stream.set_nodelay(true).expect("an option");
        for byte in format!("{good}{NEXT}{bad}").bytes() {
            stream.write_all(&[byte]).expect("sent");
        }
        let mut reply = String::new();
        stream.read_to_string(&mut reply).map(|_| reply).expect("UTF-8")
    });

    let text = text.await.expect("a thread");
    let statuses: Vec<&str> = text.split("HTTP/1.1 ").skip(1).map(|reply| &reply[..3]).collect();
    assert_eq!(statuses, ["405", "200", "400"], "{text}");
}

#[tokio::test]
async fn what_keeps_the_rules_is_served_however_odd() {
    let app = App::start().await;

    for good in [
        "GET http://x/healthz HTTP/1.1\r\nHost: X\r\nConnection: close\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nhOsT:\t[::1]:80 \r\nConnection: close\r\n\r\n",
        "\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\nX:\r\nConnection: close\r\n\r\n",
        "GET /healthz HTTP/1.0\r\n\r\n",
    ] {
        let reply = app.send_until_closed(good).await;
        assert_eq!((reply.status, reply.text.as_str()), (200, r#"{"status":"ok"}"#), "{good:?}");
    }
}

#[tokio::test]
async fn a_broken_chunk_ends_the_connection_and_creates_nothing() {
    let (app, caller) = acme().await;
    let head = format!(
        "POST {CLIENT} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
         Transfer-Encoding: chunked\r\n\r\n",
        caller.token
    );

    for body in [
        "x\r\n",
        "-1\r\n",
        "0x2\r\n{}\r\n0\r\n\r\n",
        "2\n{}\r\n0\r\n\r\n",
        "2\r\n{}0\r\n\r\n",
        "2 \r\n{}\r\n0\r\n\r\n",
        "2\r\n{}\n0\r\n\r\n",
        "\r\n",
    ] {
        let reply = app.send_until_closed(format!("{head}{body}{NEXT}")).await;
        assert_eq!((reply.status, reply.error()), (400, "invalid_request"), "{body:?}: {reply:?}");
        assert!(!reply.text.contains("HTTP/1.1 "), "{body:?}: a second reply: {reply:?}");
    }
    app.has_no_client().await;
}

#[tokio::test]
async fn more_headers_than_are_read_get_a_431_in_our_words() {
    let app = App::start().await;
    let many = |count: usize| {
        format!("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{}\r\n", "X: y\r\n".repeat(count))
    };
    let long = format!("GET /healthz HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "y".repeat(200_000));

    assert_eq!(app.send_until_closed(many(98)).await.status, 200);
    for too_much in [many(99), long] {
        let reply = app.send_until_closed(too_much).await;
        assert_eq!((reply.status, reply.error()), (431, "headers_too_large"), "{reply:?}");
        reply.check();
    }
    for path in ["/healthz", CLIENT, "/api/oauth/token"] {
        let request = (0..100).fold(app.get(path), |request, number| request.header(format!("x-{number}"), "y"));
        let reply = Reply::of(request).await;
        reply.is_refused(431, "headers_too_large", "The request's headers are too many or too long.");
    }
}
