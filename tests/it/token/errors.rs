//! What the endpoint answers to what it cannot read, and to what is no token request.

use reqwest::{Method, RequestBuilder};

use super::{PATH, assert_error, assert_refused, with};
use crate::support::{App, Caller, Reply};

const NO_GRANT_TYPE: &str = "The grant_type parameter is missing.";
const UNKNOWN_TYPE: &str = "The request body has an unknown content type.";
const BROKEN_JSON: &str = "The request body is not a JSON object.";
const BROKEN_MULTIPART: &str = "The multipart body is broken.";
const NO_UTF8: &str = "The parameters are not UTF-8.";
const BROKEN_ESCAPE: &str = "The parameters hold a broken percent-encoding.";

fn body(app: &App, content_type: &str, body: impl Into<reqwest::Body>) -> RequestBuilder {
    app.post(PATH).header("content-type", content_type).body(body)
}

#[tokio::test]
async fn the_hint_of_a_missing_grant_type_says_what_was_seen() {
    const NOTHING: &str = "The request has no body and no such parameter in its URL.";
    let app = App::start().await;
    let read_as = |kind: &str| format!("The body was read as {kind} and has no such parameter.");
    for (request, hint) in [
        (app.post(PATH), NOTHING.to_owned()),
        (app.get(PATH), NOTHING.to_owned()),
        (app.get(PATH).query(&[("username", "x")]), NOTHING.to_owned()),
        (body(&app, "application/json", ""), NOTHING.to_owned()),
        (body(&app, "application/json", "{}"), read_as("application/json")),
        (body(&app, "Application/JSON; charset=utf-8", r#"{"a":"b"}"#), read_as("application/json")),
        (app.post(PATH).form(&[("username", "x")]), read_as("application/x-www-form-urlencoded")),
        (
            body(&app, "application/x-www-form-urlencoded", r#"{"grant_type":"password"}"#),
            read_as("application/x-www-form-urlencoded"),
        ),
        (app.post(PATH).multipart(reqwest::multipart::Form::new().text("a", "b")), read_as("multipart/form-data")),
    ] {
        let reply = Reply::of(request).await;
        assert_refused(&reply, "invalid_request", NO_GRANT_TYPE);
        assert_eq!(reply.json["hint"], hint);
    }
}

#[tokio::test]
async fn a_strange_content_type_is_an_invalid_request_whatever_else_is_right() {
    let app = App::start().await;
    let form = app.partner("Acme").await.password_grant();
    for strange in ["text/plain", "application/xml", "application/x-www-form-urlencode", "json", "te\"xt\\/é"] {
        for request in [body(&app, strange, "grant_type=password"), body(&app, strange, "x").query(&form)] {
            let reply = Reply::of(request).await;
            assert_refused(&reply, "invalid_request", UNKNOWN_TYPE);
            let seen = strange.replace(['"', '\\', 'é'], "");
            assert_eq!(reply.json["hint"], format!("Seen: {seen}. Send application/x-www-form-urlencoded."));
        }
    }
    let long = body(&app, &format!("text/{}", "x".repeat(9_000)), "x");
    assert_refused(&Reply::of(long).await, "invalid_request", UNKNOWN_TYPE);

    let none = Reply::of(app.post(PATH).body("grant_type=password")).await;
    assert_refused(&none, "invalid_request", UNKNOWN_TYPE);
    assert_eq!(none.json["hint"], "Seen: no content type. Send application/x-www-form-urlencoded.");

    let packed = body(&app, "application/json", "{}").header("content-encoding", "gzip").query(&form);
    assert_refused(&Reply::of(packed).await, "invalid_request", UNKNOWN_TYPE);
}

#[tokio::test]
async fn a_known_content_type_may_have_parameters_and_any_letter_case() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let urlencoded: Vec<_> = partner.password_grant().iter().map(|(name, value)| format!("{name}={value}")).collect();
    for content_type in
        ["application/x-www-form-urlencoded; charset=UTF-8", "Application/X-WWW-Form-Urlencoded;charset=utf-8"]
    {
        Caller::of(&app, &Reply::of(body(&app, content_type, urlencoded.join("&"))).await);
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_an_invalid_request() {
    let app = App::start().await;
    let (json, form) = ("application/json", "application/x-www-form-urlencoded");
    let deep = format!("{}{}", r#"{"a":"#.repeat(2_000), "}".repeat(2_000));
    let broken_json = [
        "[]",
        "[{}]",
        "\"x\"",
        "1",
        "null",
        "{",
        "{}x",
        "{} {}",
        "{'a':1}",
        " ",
        "\u{feff}{}",
        "{\"a\":\"\\ud800\"}",
        &deep,
    ];
    for text in broken_json {
        assert_refused(&Reply::of(body(&app, json, text.to_owned())).await, "invalid_request", BROKEN_JSON);
    }
    let bytes = [&b"{\"a\":\"\xff\"}"[..], b"\xff\xfe{\0}\0"];
    for bytes in bytes {
        assert_refused(&Reply::of(body(&app, json, bytes)).await, "invalid_request", BROKEN_JSON);
    }
    for escape in ["a=%", "a=%2", "a=%ZZ", "%=a", "%u0041=1", "a=%+1"] {
        let requests =
            [body(&app, form, escape), app.post(&format!("{PATH}?{escape}")), app.get(&format!("{PATH}?{escape}"))];
        for request in requests {
            assert_refused(&Reply::of(request).await, "invalid_request", BROKEN_ESCAPE);
        }
    }
    for bytes in ["a=%FF", "%C3%28=1", "a=%ED%A0%80", "a=%C0%80"] {
        let requests = [body(&app, form, bytes), app.post(&format!("{PATH}?{bytes}"))];
        for request in requests {
            assert_refused(&Reply::of(request).await, "invalid_request", NO_UTF8);
        }
    }
    assert_refused(&Reply::of(body(&app, form, &b"a=\xff"[..])).await, "invalid_request", NO_UTF8);
}

#[tokio::test]
async fn a_broken_multipart_body_is_an_invalid_request() {
    let app = App::start().await;
    let part = |head: &str, value: &str| format!("--b\r\n{head}\r\n\r\n{value}\r\n--b--\r\n");
    let named = part("Content-Disposition: form-data; name=\"grant_type\"", "password");
    for (content_type, text) in [
        ("multipart/form-data", named.as_str()),
        ("multipart/form-data; boundary=", &named),
        ("multipart/form-data; boundary=other", &named),
        ("multipart/form-data; boundary=b", "x"),
        ("multipart/form-data; boundary=b", &named[..named.len() / 2]),
        ("multipart/form-data; boundary=b", &part("Content-Disposition: form-data", "x")),
    ] {
        let reply = Reply::of(body(&app, content_type, text.to_owned())).await;
        assert_refused(&reply, "invalid_request", BROKEN_MULTIPART);
    }
}

#[tokio::test]
async fn what_is_no_token_request_has_the_apis_own_errors() {
    let app = App::start().await;
    let form = app.partner("Acme").await.password_grant();
    let large = "x".repeat(64 * 1024 + 1);
    let long = format!("{PATH}?{}", "x".repeat(8 * 1024));
    for path in [PATH, "/oauth/token"] {
        let reply = Reply::of(app.post(&format!("{path}/x")).form(&form)).await;
        assert_error(&reply, 404, "not_found");
        for method in [Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS, Method::TRACE] {
            let reply = Reply::of(app.request(method, path).query(&form).header("accept", "text/html")).await;
            assert_error(&reply, 405, "method_not_allowed");
            assert_eq!(reply.header("allow"), "GET, POST");
        }
        for accept in ["text/html", "application/xml", "image/*", "application/json;q=0", "*/*;q=0"] {
            let request = app.post(path).header("accept", accept).body(large.clone());
            assert_error(&Reply::of(request).await, 406, "not_acceptable");
        }
        for request in [app.post(path).body(large.clone()), app.get(path).body(large.clone())] {
            assert_error(&Reply::of(request).await, 413, "payload_too_large");
        }
    }
    for method in [Method::POST, Method::GET, Method::PUT] {
        assert_error(&Reply::of(app.request(method, &long)).await, 414, "uri_too_long");
    }
}

#[tokio::test]
async fn the_limits_are_64_kib_and_8_kib() {
    let app = App::start().await;
    let padding = "x".repeat(64 * 1024 - "username=".len());
    let reply = Reply::of(app.post(PATH).form(&[("username", &padding)])).await;
    assert_refused(&reply, "invalid_request", NO_GRANT_TYPE);
    let reply = Reply::of(app.post(PATH).form(&[("username", format!("{padding}x"))])).await;
    assert_error(&reply, 413, "payload_too_large");

    let longest = format!("{PATH}?username={}", "x".repeat(8 * 1024 - PATH.len() - "?username=".len()));
    assert_refused(&Reply::of(app.post(&longest)).await, "invalid_request", NO_GRANT_TYPE);
    assert_error(&Reply::of(app.post(&format!("{longest}x"))).await, 414, "uri_too_long");
}

#[tokio::test]
async fn head_issues_nothing() {
    let app = App::start().await;
    let form = app.partner("Acme").await.password_grant();

    let reply = Reply::of(app.request(Method::HEAD, PATH).query(&form)).await;

    assert_eq!((reply.status, reply.header("allow"), reply.text.as_str()), (405, "GET, POST", ""));
    let issued: i64 =
        sqlx::query_scalar("select count(*) from refresh_tokens").fetch_one(&app.db).await.expect("a count");
    assert_eq!(issued, 0);
}

#[tokio::test]
async fn json_is_accepted_by_many_names() {
    let app = App::start().await;
    for accept in ["", "*/*", "application/*", "application/json", "application/problem+json", "text/html, */*;q=0.1"] {
        let reply = Reply::of(app.post(PATH).header("accept", accept)).await;
        assert_refused(&reply, "invalid_request", NO_GRANT_TYPE);
    }
}

#[tokio::test]
async fn a_request_id_of_the_callers_is_kept_where_it_is_harmless() {
    let app = App::start().await;
    for (id, kept) in [("order-4711.A_b", true), ("12345678", true), ("1234567", false), ("ordinary id", false)] {
        for path in [PATH, "/api/oauth/token/x"] {
            let reply = Reply::of(app.post(path).header("x-request-id", id)).await;
            let given = reply.header("x-request-id");
            assert_eq!(given == id, kept, "{id}");
            assert!(kept || uuid::Uuid::try_parse(given).is_ok_and(|id| id.get_version_num() == 7), "{given}");
        }
    }
}

#[tokio::test]
async fn a_body_that_does_not_arrive_is_not_waited_for_for_ever() {
    let app = App::start().await;
    let head = "Host: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 99\r\nConnection: close";

    let reply = app.send(format!("POST {PATH} HTTP/1.1\r\n{head}\r\n\r\ngrant_type=password")).await;

    reply.check();
    assert_error(&reply, 408, "request_timeout");
}

#[tokio::test]
async fn an_unknown_parameter_is_ignored() {
    let app = App::start().await;
    let form = app.partner("Acme").await.password_grant();
    Caller::of(&app, &super::ask(&app, &with(form, "provider", "users")).await);
}
