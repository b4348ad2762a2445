//! The `Authorization` header, and every other place for a token.

use reqwest::{Method, multipart};
use serde_json::json;

use super::{GUARDED, INVALID, assert_bad_credentials, assert_invalid, assert_taken, assert_unauthenticated};
use crate::support::{App, Reply, steve_harris};

const IN_HEADER_ALONE: &str = "The access token belongs in the Authorization header alone.";
const TWO_HEADERS: &str = "There are two Authorization headers.";
const CREATE: &str = "/api/residential/client";

async fn send(app: &App, authorization: &[u8]) -> Reply {
    let head = format!("POST {GUARDED} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n");
    let reply = app.send([head.as_bytes(), authorization, b"\r\n\r\n"].concat()).await;
    reply.check();
    reply
}

#[tokio::test]
async fn a_request_without_a_token_is_unauthenticated() {
    let app = App::start().await;
    for (method, path) in [
        (Method::POST, CREATE),
        (Method::POST, GUARDED),
        (Method::GET, GUARDED),
        (Method::POST, "/api/residential/client/x/suspend"),
        (Method::GET, "/api/residential/client/%ZZ/suspend/"),
    ] {
        assert_unauthenticated(&Reply::of(app.request(method, path)).await);
    }
}

#[tokio::test]
async fn another_scheme_is_unauthenticated() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let token = partner.log_in(&app).await.token;
    assert_unauthenticated(&Reply::of(app.post(GUARDED).basic_auth(&partner.username, Some(&partner.password))).await);
    for header in [
        format!("Token {token}"),
        token.clone(),
        format!("Bearer{token}"),
        format!("MAC id=\"{token}\""),
        String::new(),
    ] {
        assert_unauthenticated(&Reply::of(app.post(GUARDED).header("authorization", header)).await);
    }
    for header in ["Authorization: Bearer", "Authorization: Bearer ", "Authorization:", "X-Authorization: Bearer x"] {
        assert_unauthenticated(&send(&app, header.as_bytes()).await);
    }
}

#[tokio::test]
async fn the_header_may_be_written_as_the_document_writes_it() {
    let app = App::start().await;
    let token = app.partner("Acme").await.log_in(&app).await.token;
    for line in [
        format!("Authorization:Bearer {token}"),
        format!("authorization:  bearer   {token}  "),
        format!("AUTHORIZATION: BEARER {token}"),
        format!("Authorization: bEaReR {token}\t"),
    ] {
        assert_taken(&send(&app, line.as_bytes()).await);
    }
}

#[tokio::test]
async fn a_token_that_is_no_text_is_invalid() {
    let app = App::start().await;
    for line in
        [&b"Authorization: Bearer \xff\xfe"[..], "Authorization: Bearer é".as_bytes(), b"Authorization: Bearer x y"]
    {
        assert_invalid(&send(&app, line).await, INVALID);
    }
}

#[tokio::test]
async fn two_authorization_headers_are_refused() {
    let app = App::start().await;
    let caller = app.partner("Acme").await.log_in(&app).await;
    for second in [format!("Bearer {}", caller.token), "Basic eDp5".to_owned(), String::new()] {
        let request = caller.post(&app, GUARDED).header("authorization", second);
        assert_bad_credentials(&Reply::of(request).await, TWO_HEADERS);
    }
}

#[tokio::test]
async fn a_token_in_the_url_is_refused() {
    let app = App::start().await;
    let caller = app.partner("Acme").await.log_in(&app).await;
    for path in [CREATE, GUARDED] {
        let in_url = app.post(path).query(&[("access_token", &caller.token)]);
        assert_bad_credentials(&Reply::of(in_url).await, IN_HEADER_ALONE);
        for query in ["access_token=x", "access_token", "a=b&access%5Ftoken=x", "access_token=%ZZ", "acc%65ss_token="] {
            let both = caller.post(&app, &format!("{path}?{query}"));
            assert_bad_credentials(&Reply::of(both).await, IN_HEADER_ALONE);
        }
        let harmless = caller.post(&app, path).query(&[("my_access_token", "x"), ("note", "access_token=x")]);
        assert_ne!(Reply::of(harmless).await.status, 400);
    }
}

#[tokio::test]
async fn a_token_in_the_body_is_not_looked_at() {
    let app = App::start().await;
    let caller = app.partner("Acme").await.log_in(&app).await;
    let form = [("access_token", caller.token.as_str())];
    for path in [CREATE, GUARDED] {
        assert_unauthenticated(&Reply::of(app.post(path).form(&form)).await);
    }
}

#[tokio::test]
async fn a_token_in_the_body_beside_the_header_is_one_too_many() {
    let app = App::start().await;
    let caller = app.partner("Acme").await.log_in(&app).await;
    let form = [steve_harris(), vec![("access_token", "x")]].concat();
    let requests = [
        caller.post(&app, CREATE).form(&form),
        caller.post(&app, CREATE).json(&json!({"access_token": "x"})),
        caller.post(&app, CREATE).json(&json!({"access_token": null})),
        caller.post(&app, CREATE).query(&steve_harris()).multipart(multipart::Form::new().text("access_token", "x")),
    ];
    for request in requests {
        assert_bad_credentials(&Reply::of(request).await, IN_HEADER_ALONE);
    }
    let created: i64 = sqlx::query_scalar("select count(*) from clients").fetch_one(&app.db).await.expect("a count");
    assert_eq!(created, 0);
}

#[tokio::test]
async fn a_bearer_token_comes_before_the_body_and_after_method_and_accept() {
    let app = App::start().await;
    let large = "x".repeat(70_000);
    let reply = Reply::of(app.post(CREATE).body(large.clone())).await;
    assert_unauthenticated(&reply);
    let reply = Reply::of(app.post(CREATE).bearer_auth("x").body(large)).await;
    assert_invalid(&reply, INVALID);
    assert_eq!(Reply::of(app.request(Method::PUT, CREATE)).await.status, 405);
    assert_eq!(Reply::of(app.post(CREATE).header("accept", "text/html")).await.status, 406);
    assert_eq!(Reply::of(app.post("/api/residential/clients").bearer_auth("x")).await.status, 404);
}
