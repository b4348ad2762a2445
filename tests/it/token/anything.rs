//! Whatever is sent, the answer is a refusal, and a well-formed one.

use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{Config, TestRunner},
};

use super::{PATH, assert_error, assert_refused};
use crate::support::{App, Reply};

const PIECES: &[&[u8]] = &[
    b"grant_type=password",
    b"grant_type=refresh_token",
    b"grant_type",
    b"client_id=00000000-0000-4000-8000-000000000000",
    b"client_secret=x",
    b"username=x",
    b"password=x",
    b"refresh_token=x",
    b"scope=client:create",
    b"&",
    b"=",
    b"%",
    b"%00",
    b"%ff",
    b"+",
    b";",
    b"{\"grant_type\":\"password\"}",
    b"{\"grant_type\":{\"a\":[1,null,true]}}",
    b"{",
    b"\"",
    b":",
    b"--b\r\nContent-Disposition: form-data; name=\"grant_type\"\r\n\r\npassword\r\n--b--\r\n",
    b"--b\r\n",
    b"\r\n\r\n",
    b"\0",
    b"\xff\xfe",
];

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        3 => prop::sample::select(PIECES).prop_map(<[u8]>::to_vec),
        1 => vec(any::<u8>(), 0..12),
    ];
    vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

fn content_type() -> impl Strategy<Value = Vec<u8>> {
    let known = prop::sample::select(&[
        "application/x-www-form-urlencoded",
        "application/json",
        "multipart/form-data; boundary=b",
        "multipart/form-data",
        "text/plain",
        "",
    ]);
    let strange = vec(any::<u8>(), 0..20).prop_map(|mut bytes| {
        bytes.retain(|byte| !matches!(byte, b'\r' | b'\n' | b'\0'));
        bytes
    });
    prop_oneof![4 => known.prop_map(|known| known.as_bytes().to_vec()), 1 => strange]
}

/// What may stand in a query in HTTP/1.1, as it is; the rest percent-encoded.
fn escaped(query: &[u8]) -> Vec<u8> {
    let escape = |byte: &u8| match byte {
        b'#' | b'"' | b'<' | b'>' | b'`' | b'{' | b'}' => format!("%{byte:02X}"),
        0x21..=0x7e => char::from(*byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    query.iter().map(escape).collect::<String>().into_bytes()
}

fn request(method: &str, query: &[u8], content_type: &[u8], body: &[u8]) -> Vec<u8> {
    let start = format!("{method} {PATH}?");
    let head = " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: ";
    let length = format!("\r\nContent-Length: {}\r\n\r\n", body.len());
    [start.as_bytes(), query, head.as_bytes(), content_type, length.as_bytes(), body].concat()
}

/// What is not HTTP never gets as far as the endpoint.
fn assert_well_formed(reply: &Reply, is_http: bool) {
    reply.check();
    if !is_http && reply.json.get("error_description").is_none() {
        assert_error(reply, 400, "invalid_request");
        return;
    }
    let description = reply.json["error_description"].as_str().unwrap_or_else(|| panic!("{reply:?}"));
    assert_refused(reply, reply.error(), description);
    let known = ["invalid_request", "invalid_client", "unsupported_grant_type"];
    assert!(known.contains(&reply.error()), "{}", reply.text);
}

#[test]
fn any_bytes_get_a_well_formed_refusal() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let app = runtime.block_on(App::start());
    let config = Config { cases: 512, failure_persistence: None, ..Config::default() };
    let input = (prop::sample::select(&["GET", "POST"]), bytes(), any::<bool>(), content_type(), bytes());
    let result = TestRunner::new(config).run(&input, |(method, query, escape, content_type, body)| {
        let query = if escape { escaped(&query) } else { query };
        let reply = runtime.block_on(app.send(request(method, &query, &content_type, &body)));
        assert_well_formed(&reply, escape && !content_type.iter().any(u8::is_ascii_control));
        Ok(())
    });
    result.expect("a well-formed refusal");
    let _runtime = runtime.enter();
    drop(app);
}
