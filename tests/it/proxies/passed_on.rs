//! What the server answers reaches the caller as it was.

use std::collections::BTreeMap;

use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::Value;

use super::proxy::{Kind, Proxy};
use crate::support::program::{Folder, Server, demo};

/// What a connection, a proxy or a moment has of its own.
const OF_ITS_OWN: &[&str] =
    &["connection", "content-length", "date", "keep-alive", "server", "transfer-encoding", "via", "x-request-id"];

/// A reply without what two of the same request may differ in.
async fn essence(reply: Response) -> (u16, BTreeMap<String, String>, String) {
    let status = reply.status().as_u16();
    let headers = reply
        .headers()
        .iter()
        .filter(|(name, _)| !OF_ITS_OWN.contains(&name.as_str()))
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    let body = reply.text().await.expect("a body");
    let body = match serde_json::from_str::<Value>(&body) {
        Ok(mut json) => {
            if let Some(members) = json.as_object_mut() {
                members.remove("request_id");
            }
            json.to_string()
        }
        Err(_) => body,
    };
    (status, headers, body)
}

async fn assert_same(kind: Kind, through: RequestBuilder, direct: RequestBuilder) {
    let through = essence(through.send().await.expect("a reply")).await;
    let direct = essence(direct.send().await.expect("a reply")).await;
    assert_eq!(through, direct, "{kind:?}");
}

/// Tokens and a client in both forms of a request, as the document has them and as the standard.
async fn journey(http: &Client, url: impl Fn(&str) -> String, folder: &Folder) -> String {
    let documented = http.get(url("/api/oauth/token")).query(&demo(folder)).send().await.expect("a reply");
    assert!(documented.headers().contains_key("deprecation"), "{documented:?}");
    let documented: Value = documented.json().await.expect("JSON");
    let token = documented[0]["access_token"].as_str().expect("a token").to_owned();

    let create = http.post(url("/api/residential/client")).bearer_auth(&token).header("Idempotency-Key", "through");
    let client: Vec<(String, String)> =
        crate::support::steve_but(&[]).into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let created = create.form(&client).send().await.expect("a reply");
    assert_eq!(created.status(), 201, "{created:?}");
    let location = created.headers()["location"].to_str().expect("text").to_owned();
    for step in ["activate", "suspend"] {
        let done = http.post(url(&format!("{location}/{step}"))).bearer_auth(&token).send().await.expect("a reply");
        assert_eq!(done.status(), 200, "{done:?}");
    }
    let row = serde_json::to_string(&client.into_iter().collect::<BTreeMap<_, _>>()).expect("JSON");
    let file = format!("{row}\n").repeat(600); // more than other requests may send
    let import = http.post(url("/api/residential/client/import?dry_run=true")).bearer_auth(&token);
    let import = import.header("Content-Type", "application/x-ndjson").body(file).send().await.expect("a reply");
    assert_eq!(import.status(), 200, "{import:?}");
    assert!(import.text().await.expect("a body").lines().count() >= 600);
    let export = http.get(url("/api/residential/client/export")).bearer_auth(&token).send().await.expect("a reply");
    assert!(export.text().await.expect("a body").contains("steveharris.com"));
    token
}

async fn assert_replies_are_passed_on(kind: Kind) {
    let folder = Folder::new();
    let server = Server::start(&folder, &[("DNA_RATE_LIMIT", "0"), ("DNA_TRUSTED_PROXIES", "127.0.0.1")]);
    let proxy = Proxy::start(kind, &folder, server.url.trim_start_matches("http://"));
    let http = Client::new();
    let token = journey(&http, |path| proxy.url(path), &folder).await;

    let long = format!("/api/residential/client?q={}", "x".repeat(9000));
    let paths = [
        "/healthz",
        "/api/nothing",
        "/api/residential/client/none",
        "/api/residential/client/%ZZ",
        "/api/residential/client/",
        "/api/residential/client?limit=0&status=odd",
        "/api/residential/client?first_name=x",
        "/api/residential/event",
        "/api/oauth/token?grant_type=odd",
        "/.well-known/jwks.json",
        "/openapi.json",
        "/docs",
        long.as_str(),
    ];
    for path in paths {
        if kind != Kind::Haproxy && path.contains("%ZZ") {
            continue; // the others refuse such a URL themselves
        }
        for method in [Method::GET, Method::HEAD, Method::POST, Method::OPTIONS, Method::DELETE] {
            let through = http.request(method.clone(), proxy.url(path)).bearer_auth(&token);
            assert_same(kind, through, server.request(method, path).bearer_auth(&token)).await;
        }
        assert_same(kind, http.get(proxy.url(path)), server.request(Method::GET, path)).await;
    }
}

#[tokio::test]
#[ignore = "needs nginx"]
async fn nginx_passes_replies_on_as_they_are() {
    assert_replies_are_passed_on(Kind::Nginx).await;
}

#[tokio::test]
#[ignore = "needs Caddy"]
async fn caddy_passes_replies_on_as_they_are() {
    assert_replies_are_passed_on(Kind::Caddy).await;
}

#[tokio::test]
#[ignore = "needs HAProxy"]
async fn haproxy_passes_replies_on_as_they_are() {
    assert_replies_are_passed_on(Kind::Haproxy).await;
}
