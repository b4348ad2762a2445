//! Requests are counted as the edge sees them.

use std::time::Duration;

use reqwest::Method;

use crate::support::{App, CLIENT, Caller, Reply, acme, acme_with, steve_harris, until};

#[track_caller]
fn is(told: f64, expected: f64) {
    assert!((told - expected).abs() < f64::EPSILON, "{told}, not {expected}");
}

fn answered(method: &str, route: &str, status: u16) -> String {
    format!(
        "http_server_request_duration_seconds_count{{http_request_method=\"{method}\",http_route=\"{route}\",\
         http_response_status_code=\"{status}\"}}"
    )
}

#[tokio::test]
async fn by_method_route_and_status() {
    let (app, caller) = acme().await;
    for _ in 0..2 {
        assert_eq!(caller.create(&app, &steve_harris()).await.status, 201);
    }
    app.get("/api/residential/client/17").send().await.expect("401");
    app.get("/nowhere").send().await.expect("404");
    app.request(Method::PUT, CLIENT).send().await.expect("405");
    app.request(Method::from_bytes(b"BREW").expect("a method"), "/nowhere").send().await.expect("404");
    app.get("/docs/dna-api.postman_collection.json").send().await.expect("a document");
    app.get("/docs").send().await.expect("the page");
    let metrics = app.metrics().await;
    is(metrics.of(&answered("POST", "/api/oauth/token", 200)), 1.0);
    is(metrics.of(&answered("POST", CLIENT, 201)), 2.0);
    is(metrics.of(&answered("GET", "/api/residential/client/{id}", 401)), 1.0);
    is(metrics.of(&answered("GET", "none", 404)), 1.0);
    is(metrics.of(&answered("_OTHER", CLIENT, 405)), 1.0);
    is(metrics.of(&answered("_OTHER", "none", 404)), 1.0);
    is(metrics.of(&answered("GET", "/docs", 200)), 2.0);
    is(metrics.of("http_server_active_requests"), 0.0);
}

#[tokio::test]
async fn a_reply_that_takes_long_is_in_no_bucket_below() {
    let (app, caller) = acme().await;
    caller.create(&app, &steve_harris()).await;
    let mut holder = app.db.begin().await.expect("a transaction");
    sqlx::query("select from clients for update").execute(&mut *holder).await.expect("a lock");
    let id: i64 = sqlx::query_scalar("select id from clients").fetch_one(&app.db).await.expect("a client");
    let waiting = tokio::spawn(caller.post(&app, &format!("{CLIENT}/{id}/activate")).send());
    until("it is in flight", async || app.metrics().await.of("http_server_active_requests") > 0.0).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    holder.rollback().await.expect("rolled back");
    assert_eq!(waiting.await.expect("a task").expect("a reply").status(), 200);
    let metrics = app.metrics().await;
    let bucket = |le: &str| {
        metrics.of(&format!(
            "http_server_request_duration_seconds_bucket{{le=\"{le}\",http_request_method=\"POST\",\
             http_route=\"{CLIENT}/{{id}}/activate\",http_response_status_code=\"200\"}}"
        ))
    };
    is(bucket("0.25"), 0.0);
    is(bucket("+Inf"), 1.0);
}

#[tokio::test]
async fn a_caller_that_hangs_up_is_counted() {
    let (app, caller) = acme().await;
    caller.create(&app, &steve_harris()).await;
    let mut holder = app.db.begin().await.expect("a transaction");
    sqlx::query("select from clients for update").execute(&mut *holder).await.expect("a lock");
    let id: i64 = sqlx::query_scalar("select id from clients").fetch_one(&app.db).await.expect("a client");
    let request = caller.post(&app, &format!("{CLIENT}/{id}/activate")).timeout(Duration::from_millis(300));
    assert!(request.send().await.is_err());
    until("it is counted", async || app.metrics().await.of("dna_http_abandoned_requests_total") > 0.0).await;
    holder.rollback().await.expect("rolled back");
}

#[tokio::test]
async fn load_that_is_shed_by_what_was_too_much() {
    let (app, caller) = acme_with(&[("DNA_MAX_REQUESTS", "1")]).await;
    caller.create(&app, &steve_harris()).await;
    let mut holder = app.db.begin().await.expect("a transaction");
    sqlx::query("select from clients for update").execute(&mut *holder).await.expect("a lock");
    let id: i64 = sqlx::query_scalar("select id from clients").fetch_one(&app.db).await.expect("a client");
    let waiting = tokio::spawn(caller.post(&app, &format!("{CLIENT}/{id}/activate")).send());
    until("it is in flight", async || app.metrics().await.of("http_server_active_requests") > 0.0).await;
    assert_eq!(app.get("/docs").send().await.expect("a refusal").status(), 503);
    holder.rollback().await.expect("rolled back");
    assert_eq!(waiting.await.expect("a task").expect("a reply").status(), 200);
    let metrics = app.metrics().await;
    is(metrics.of("dna_shed_total{reason=\"requests\"}"), 1.0);
    is(metrics.of("dna_shed_total{reason=\"connections\"}"), 0.0);
    assert!(metrics.of("dna_connections_total") >= 2.0);
}

async fn keyed(app: &App, caller: &Caller, key: &str, form: &[(&str, &str)]) -> Reply {
    Reply::of(caller.creation(app).header("idempotency-key", key).form(form)).await
}

#[tokio::test]
async fn idempotency_keys_by_how_their_requests_stood() {
    let (app, caller) = acme().await;
    for _ in 0..3 {
        assert_eq!(keyed(&app, &caller, "order-1", &steve_harris()).await.status, 201);
    }
    let other = crate::support::steve_but(&[("first_name", "Stephen")]);
    assert_eq!(keyed(&app, &caller, "order-1", &other).await.error(), "idempotency_key_reused");
    let metrics = app.metrics().await;
    for (outcome, count) in [("first", 1.0), ("replayed", 2.0), ("reused", 1.0), ("in use", 0.0), ("gone", 0.0)] {
        is(metrics.of(&format!("dna_idempotent_requests_total{{outcome=\"{outcome}\"}}")), count);
    }
}
