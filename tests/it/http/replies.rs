//! The headers of every reply, and its request id.

use reqwest::Method;
use serde_json::json;

use crate::support::{App, CLIENT, Caller, Reply, acme, steve_but, steve_harris, steve_without};

/// A reply of every status that a caller can bring about at once.
async fn one_of_each(app: &App, caller: &Caller) -> Vec<Reply> {
    let id = caller.new_client(app).await;
    let named = steve_but(&[("customer_id", "C-1")]);
    vec![
        Reply::of(caller.creation(app).query(&steve_harris())).await,
        caller.create(app, &named).await,
        Reply::of(caller.creation(app).header("content-type", "application/json").body("{")).await,
        Reply::of(app.post(CLIENT)).await,
        Reply::of(app.post(CLIENT).bearer_auth("x.y.z")).await,
        caller.transition(app, id + 100, "activate").await,
        Reply::of(caller.request(app, Method::PUT, CLIENT)).await,
        Reply::of(caller.creation(app).header("accept", "text/html")).await,
        caller.create(app, &named).await,
        Reply::of(caller.creation(app).body("x".repeat(65 * 1024))).await,
        Reply::of(caller.post(app, &format!("{CLIENT}?{}", "x".repeat(9000)))).await,
        Reply::of(caller.creation(app).body("x")).await,
        caller.create(app, &steve_without(&["email"])).await,
        Reply::of(app.get("/healthz")).await,
        Reply::of(app.get("/readyz")).await,
        Reply::of(app.get("/nothing")).await,
    ]
}

#[tokio::test]
async fn every_reply_is_json_that_nobody_stores_or_sniffs() {
    let (app, caller) = acme().await;

    let replies = one_of_each(&app, &caller).await; // each is checked for these as it is read

    let statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
    assert_eq!(statuses, [200, 201, 400, 401, 401, 404, 405, 406, 409, 413, 414, 415, 422, 200, 200, 404]);
    for reply in replies {
        assert!(reply.json.is_object() || reply.json.is_array(), "{}", reply.text);
        assert_eq!(reply.header("content-length"), reply.text.len().to_string());
        for name in ["content-type", "x-request-id", "cache-control", "x-content-type-options"] {
            assert_eq!(reply.headers.get_all(name).iter().count(), 1, "{name}");
        }
    }
}

#[tokio::test]
async fn every_error_has_four_members_in_one_order_and_more_where_they_help() {
    let (app, caller) = acme().await;

    for reply in one_of_each(&app, &caller).await.iter().filter(|reply| reply.status >= 400) {
        let members = Reply::members(&reply.json);
        let expected = match reply.status {
            409 => vec!["result", "error", "message", "client", "request_id"],
            422 => vec!["result", "error", "message", "errors", "request_id"],
            _ => vec!["result", "error", "message", "request_id"],
        };
        assert_eq!(members, expected);
        assert_eq!(reply.json["result"], "ERROR");
        assert_eq!(reply.json["request_id"], reply.header("x-request-id"));
    }
}

#[tokio::test]
async fn a_harmless_request_id_is_kept() {
    let (app, caller) = acme().await;

    for id in ["12345678", "A.b_c-d9", "........", &"x".repeat(128), "0195d7a0-0000-7000-8000-000000000000"] {
        let created = Reply::of(caller.creation(&app).form(&steve_harris()).header("x-request-id", id)).await;
        let refused = Reply::of(app.get("/api/nothing").header("x-request-id", id)).await;
        assert_eq!((created.header("x-request-id"), refused.header("x-request-id")), (id, id));
        assert_eq!(refused.json["request_id"], id);
    }
}

#[tokio::test]
async fn any_other_request_id_is_replaced() {
    let app = App::start().await;
    let long = "x".repeat(129);
    let mut seen = std::collections::HashSet::new();

    for id in
        ["", "1234567", &long, "with space", "slash/slash", "a:b:c:d:e", "<script>", "%41%41%41%41", "quote\"quote"]
    {
        let reply = Reply::of(app.get("/api/nothing").header("x-request-id", id)).await;
        let given: uuid::Uuid = reply.header("x-request-id").parse().expect("a UUID");
        assert_eq!(given.get_version_num(), 7, "{id}");
        assert_eq!(reply.json["request_id"], json!(given));
        assert!(seen.insert(given), "{given} came twice");
    }
    let bytes = reqwest::header::HeaderValue::from_bytes(b"\xc3\xbcmlaut-id").expect("a header");
    let reply = Reply::of(app.get("/api/nothing").header("x-request-id", bytes)).await;
    assert!(seen.insert(reply.header("x-request-id").parse().expect("a UUID")));
}

#[tokio::test]
async fn a_reply_to_head_has_the_headers_and_no_body() {
    let (app, caller) = acme().await;

    for (path, status) in
        [(CLIENT, 200), ("/api/oauth/token", 405), ("/healthz", 200), ("/readyz", 200), ("/api/x", 404)]
    {
        let reply = Reply::of(caller.request(&app, Method::HEAD, path)).await;
        assert_eq!((reply.status, reply.text.as_str()), (status, ""), "{path}");
    }
}
