//! Which paths there are, and how they may be written.

use reqwest::Method;

use crate::support::{App, Reply, acme};

#[tokio::test]
async fn an_unknown_path_is_a_json_404_whatever_the_method() {
    let app = App::start().await;

    for path in [
        "/api",
        "/api/",
        "/api/v1",
        "/api/docs",
        "/api/index.html",
        "/api/residential",
        "/api/residential/clients",
        "/api/residential/client.json",
        "/api/Residential/client",
        "/api/oauth",
        "/api/oauth/token/x",
        "/oauth",
        "/token",
        "/api/.env",
        "/api/%00",
        "/api/%ZZ",
        "/api/%FF",
        "/api/residential/client;x=1",
        "/healthz/x",
        "/metrics",
        "/favicon.ico",
        "/api/residential/%63lient/",
        "/api/residential//client",
        "//api/residential/client",
        "/api/residential/client//",
        "/api/oauth/token//",
    ] {
        for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
            let reply = Reply::of(app.request(method, path)).await;
            reply.is_refused(404, "not_found", "There is nothing here.");
        }
    }
}

/// Asked over a bare socket, since an HTTP library follows redirects by itself.
#[tokio::test]
async fn a_trailing_slash_is_tolerated_without_a_redirect() {
    let (app, caller) = acme().await;
    let id = caller.new_client(&app).await;
    let client = format!("/api/residential/client/{id}");

    for (target, status) in [
        ("POST /api/residential/client/".to_owned(), 422),
        ("POST /api/residential/client/?email=x".to_owned(), 422),
        (format!("POST {client}/activate/"), 200),
        (format!("GET {client}/suspend/?x=%ZZ"), 200),
        ("POST /api/oauth/token/".to_owned(), 400),
        ("POST /oauth/token/".to_owned(), 400),
        ("GET /healthz/".to_owned(), 200),
        ("GET /readyz/".to_owned(), 200),
        ("PUT /api/residential/client/".to_owned(), 405),
        ("GET /api/residential/client/".to_owned(), 200),
        (format!("GET {client}/"), 200),
    ] {
        let token = &caller.token;
        let request = format!(
            "{target} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        );
        let reply = app.send_until_closed(request).await;
        assert_eq!(reply.status, status, "{target}: {reply:?}");
        assert_eq!(reply.header("location"), "");
        reply.check();
    }
    assert_eq!(app.status(id).await.0, "suspended");
}

#[tokio::test]
async fn no_path_under_api_answers_with_html_or_a_redirect() {
    let app = App::start().await;

    for path in [
        "/api",
        "/api/",
        "/api//",
        "/api/.",
        "/api/..",
        "/api/../",
        "/api/<h1>",
        "//api",
        "/api/residential/client//",
        "/api?<b>",
    ] {
        for method in ["GET", "POST", "PUT", "TRACE", "OPTIONS", "PROPFIND"] {
            for accept in ["text/html", "*/*"] {
                let reply = app
                    .send_until_closed(format!(
                        "{method} {path} HTTP/1.1\r\nHost: x\r\nAccept: {accept}\r\nConnection: close\r\n\r\n"
                    ))
                    .await;
                assert!((400..500).contains(&reply.status), "{method} {path}: {reply:?}");
                assert_eq!(reply.header("location"), "");
                assert!(!reply.header("content-type").contains("html"), "{reply:?}");
                assert!(reply.text.is_empty() || reply.json["result"] == "ERROR", "{reply:?}");
                assert!(!reply.text.contains("<h1>") && !reply.text.contains("<b>"), "{reply:?}");
            }
        }
    }
}
