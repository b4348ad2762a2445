//! Secrets where callers put them, rightly or by mistake: none is in what the proxy or the server writes, with the server
//! up and with it down.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    thread::sleep,
    time::{Duration, Instant},
};

use super::proxy::{Kind, Proxy};
use crate::support::program::{Folder, Server};

/// Requests, each with a secret of its own somewhere: `{}` stands for it.
const SHAPES: &[&str] = &[
    "GET /api/oauth/token?grant_type=password&client_secret={}&password={} HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /api/oauth/token;password={} HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /api/oauth/token%3Fpassword={} HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /api/oauth/token/{} HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /{} HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET //{}/../x HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /%zz{} HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /api/residential/client?access_token={} HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /api/residential/client HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\n\r\n",
    "GET /api/residential/client HTTP/1.1\r\nHost: a\r\nAuthorization: Basic {}\r\n\r\n",
    "GET /api/residential/client HTTP/1.1\r\nHost: a\r\nCookie: token={}\r\n\r\n",
    "GET /api/residential/client HTTP/1.1\r\nHost: a\r\nReferer: http://x/?password={}\r\n\r\n",
    "GET /api/residential/client HTTP/1.1\r\nHost: a\r\nUser-Agent: {}\r\n\r\n",
    "GET /api/residential/client HTTP/1.1\r\nHost: {}.example\r\n\r\n",
    "GET /api/residential/client HTTP/1.1\r\nHost: a\r\nX-Request-Id: password={}\r\n\r\n",
    "GET /api/residential/client HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: {}\r\n\r\n",
    "GET /api/residential/client HTTP/1.1\r\nHost: a\r\n{}: x\r\n\r\n",
    "GET /api/residential/client HTTP/1.1\r\nHost: a\r\nbroken {}\r\n\r\n",
    "GET http://{}/api HTTP/1.1\r\nHost: a\r\n\r\n",
    "CONNECT {}:443 HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /api?x={} HTTX\r\n\r\n",
    "{} / HTTP/1.1\r\nHost: a\r\n\r\n",
    "{}\r\n\r\n",
    "POST /api/oauth/token HTTP/1.1\r\nHost: a\r\nContent-Length: 45\r\n\r\npassword={}",
    "POST /api/oauth/token?x={} HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999\r\n\r\n",
    "POST /api/oauth/token HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{}",
    "POST /api/oauth/token?x={} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
    "DELETE /api/residential/client/1/{} HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /api/residential/domain/{}.com HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /docs/{} HTTP/1.1\r\nHost: a\r\n\r\n",
];

/// Capital letters alone, which may stand anywhere, a method included.
fn secret() -> String {
    uuid::Uuid::new_v4()
        .simple()
        .to_string()
        .chars()
        .map(|digit| char::from_u32(u32::from('G') + digit.to_digit(16).unwrap_or(0)).expect("a letter"))
        .collect()
}

fn send(address: &str, request: &str) {
    let mut stream = TcpStream::connect(address).expect("connected");
    stream.set_read_timeout(Some(Duration::from_millis(300))).expect("a time-out");
    // The other side may close before it has read everything: that is its right.
    let _ = stream.write_all(request.as_bytes());
    let mut reply = [0; 4096];
    let _ = stream.read(&mut reply);
}

fn assert_no_secret_is_written(kind: Kind) {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    let proxy = Proxy::start(kind, &folder, server.url.trim_start_matches("http://"));
    let mut secrets = Vec::new();
    let mut send_all = || {
        for shape in SHAPES {
            let secret = secret();
            send(proxy.address(), &shape.replace("{}", &secret));
            secrets.push(secret);
        }
    };
    send_all();
    let mark = format!("last-{}", secret());
    let ask = format!("GET /healthz HTTP/1.1\r\nHost: x\r\nX-Request-Id: {mark}\r\nConnection: close\r\n\r\n");
    send(server.url.trim_start_matches("http://"), &ask);
    let deadline = Instant::now() + Duration::from_secs(5);
    while !server.said().contains(&mark) {
        assert!(Instant::now() < deadline, "the last request is not in the log");
        sleep(Duration::from_millis(10));
    }
    let said_while_up = server.said().to_ascii_uppercase();
    assert!(said_while_up.contains("ROUTE="), "the proxy passed nothing on");
    server.kill();
    send_all();
    let logs = proxy.logs().to_ascii_uppercase();
    assert!(logs.contains("50"), "{kind:?} logged nothing: {logs}");
    for (number, secret) in secrets.iter().enumerate() {
        let shape = SHAPES[number % SHAPES.len()];
        if let Some(line) = logs.lines().find(|line| line.contains(secret)) {
            panic!("{kind:?} wrote the secret of {shape:?}: {line}");
        }
        assert!(!said_while_up.contains(secret), "the server wrote the secret of {shape:?}");
    }
}

#[test]
#[ignore = "needs nginx"]
fn nginx_writes_no_secret_with_the_server_up_or_down() {
    assert_no_secret_is_written(Kind::Nginx);
}

#[test]
#[ignore = "needs Caddy"]
fn caddy_writes_no_secret_with_the_server_up_or_down() {
    assert_no_secret_is_written(Kind::Caddy);
}

#[test]
#[ignore = "needs HAProxy"]
fn haproxy_writes_no_secret_with_the_server_up_or_down() {
    assert_no_secret_is_written(Kind::Haproxy);
}
