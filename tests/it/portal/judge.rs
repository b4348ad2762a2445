//! The judge of every reply of these tests is no yes-man: each kind of wrong reply is found, and what is none of the
//! description's is let be.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};

use crate::support::description::{DESCRIPTION, Told};

const ID: &str = "01a20ad1-6957-765b-a747-d30ea27fc972";
const CREATE: (&str, &str) = ("POST", "/api/residential/client");

fn judged((method, path): (&str, &str), status: u16, headers: &[(&str, &str)], text: &str) -> Result<(), String> {
    let given = [("x-request-id", ID), ("content-type", "application/json")].iter().chain(headers);
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        let name = HeaderName::try_from(*name).expect("a name");
        headers.insert(name, HeaderValue::from_str(value).expect("ASCII"));
    }
    DESCRIPTION.judge(&Told { method, path, status, headers: &headers, text })
}

fn documented() -> Value {
    json!([{"result": "OK", "client": {"id": 6519, "ns_domain": "steveharris.com"}}])
}

fn error(word: &str) -> Value {
    json!({"result": "ERROR", "error": word, "message": "No.", "request_id": ID})
}

#[track_caller]
fn is_wrong(judged: Result<(), String>, names: &[&str]) {
    let why = judged.expect_err("a wrong reply passes");
    for name in ["\"createClient\" (POST /api/residential/client)"].iter().chain(names) {
        assert!(why.contains(name), "{why}");
    }
}

#[test]
fn a_body_off_its_schema_is_wrong() {
    assert_eq!(judged(CREATE, 200, &[], &documented().to_string()), Ok(()));

    for (at, member, value) in [
        ("/0/client", "email", json!("a@example.com")), // one too many
        ("/0/client", "id", json!("6519")),
        ("/0/client", "ns_domain", json!("Steve Harris")),
        ("/0", "result", json!("ok")),
    ] {
        let mut body = documented();
        body.pointer_mut(at).expect(at)[member] = value;
        is_wrong(judged(CREATE, 200, &[], &body.to_string()), &[", 200: /0"]);
    }
    is_wrong(judged(CREATE, 200, &[], "[]"), &["200"]);
    is_wrong(judged(CREATE, 200, &[], "{"), &["200"]);
    is_wrong(judged(CREATE, 200, &[], ""), &["200"]);
}

#[test]
fn a_member_that_is_not_described_is_wrong_where_callers_must_bear_more_too() {
    let mut body = error("invalid_request");
    assert_eq!(judged(CREATE, 400, &[], &body.to_string()), Ok(()));
    body["sql"] = json!("select");
    is_wrong(judged(CREATE, 400, &[], &body.to_string()), &["400", "'sql' was unexpected"]);
}

#[test]
fn an_error_of_another_status_is_wrong() {
    is_wrong(judged(CREATE, 400, &[], &error("not_found").to_string()), &["400: /error"]);
    let challenge = [("www-authenticate", "Bearer realm=\"DNA API\"")];
    assert_eq!(judged(CREATE, 401, &challenge, &error("unauthenticated").to_string()), Ok(()));
    is_wrong(judged(CREATE, 401, &challenge, &error("insufficient_scope").to_string()), &["401: /error"]);
}

#[test]
fn a_status_or_content_type_that_is_not_described_is_wrong() {
    is_wrong(judged(CREATE, 418, &[], "{}"), &["418 is not described"]);
    let html = judged(CREATE, 400, &[("content-type", "text/html")], &error("invalid_request").to_string());
    is_wrong(html, &["\"text/html\" is not described"]);
}

#[test]
fn a_header_that_is_missing_wrong_or_not_described_is_wrong() {
    let created = json!({"result": "OK", "client": {}}).to_string();
    is_wrong(judged(CREATE, 201, &[], &created), &["Location is missing"]);
    is_wrong(judged(CREATE, 201, &[("location", "/elsewhere")], &created), &["Location", "/elsewhere"]);
    is_wrong(judged(CREATE, 200, &[("etag", "\"1\"")], &documented().to_string()), &["etag is not described"]);
    is_wrong(judged(CREATE, 429, &[("retry-after", "soon")], &error("rate_limited").to_string()), &["Retry-After"]);
    is_wrong(judged(CREATE, 429, &[], &error("rate_limited").to_string()), &["Retry-After is missing"]);
}

#[test]
fn an_operators_status_for_a_failed_validation_is_the_described_one() {
    let mut body = error("validation_failed");
    body["errors"] = json!({"email": ["The email field is required."]});
    for status in [422, 400, 406] {
        assert_eq!(judged(CREATE, status, &[], &body.to_string()), Ok(()), "{status}");
    }
    is_wrong(judged(CREATE, 409, &[], &body.to_string()), &["409"]);
    body["errors"] = json!({});
    is_wrong(judged(CREATE, 400, &[], &body.to_string()), &["422"]);
}

#[test]
fn each_line_of_a_file_is_looked_at() {
    let import = ("POST", "/api/residential/client/import");
    let file = |second: &str| {
        let text = format!("{{\"row\":1,\"result\":\"OK\"}}\n{second}\n");
        judged(import, 200, &[("content-type", "application/x-ndjson")], &text)
    };
    assert_eq!(file(r#"{"row":2,"result":"EXISTS"}"#), Ok(()));
    assert!(file(r#"{"row":2,"result":"GONE"}"#).expect_err("it passes").contains("importClients"));
}

#[test]
fn what_is_no_operations_is_let_be_and_the_most_literal_path_is_taken() {
    for (method, path) in [("GET", "/unknown"), ("PUT", CREATE.1), ("HEAD", "/healthz"), ("GET", "/docs")] {
        assert_eq!(judged((method, path), 418, &[], "?"), Ok(()), "{method} {path}");
    }
    for (path, operation) in [
        ("/api/residential/client/export", "exportClients"),
        ("/api/residential/client/export/", "exportClients"),
        ("/api/residential/client/%ZZ", "readClient"),
        ("/api/residential/client/1/events", "clientEvents"),
    ] {
        let why = judged(("GET", path), 418, &[], "?").expect_err("it passes");
        assert!(why.contains(operation), "{why}");
    }
}
