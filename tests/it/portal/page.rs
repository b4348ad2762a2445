//! The page and what it loads: public, small, kept where it can be, and under a strict policy.

use std::{collections::HashSet, fs, path::Path};

use dna_api::portal::samples::{CLIENTS, LANGUAGES, SAMPLES};
use reqwest::{Method, Response, StatusCode, redirect::Policy};

use crate::support::App;

async fn ask(app: &App, method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
    let http = reqwest::Client::builder().redirect(Policy::none()).build().expect("a client");
    let request = http.request(method, format!("{}{path}", app.url));
    headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)).send().await.expect("a reply")
}

fn header<'a>(reply: &'a Response, name: &str) -> &'a str {
    reply.headers().get(name).map(|value| value.to_str().expect("ASCII")).unwrap_or_default()
}

async fn page(app: &App) -> String {
    ask(app, Method::GET, "/docs", &[]).await.text().await.expect("text")
}

/// The values of an attribute, wherever it is.
fn attributes<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    html.split(&format!(" {name}=\"")).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

/// What the page loads or links to on this server.
fn own_paths(html: &str) -> Vec<&str> {
    let all = attributes(html, "src").into_iter().chain(attributes(html, "href"));
    all.filter(|path| path.starts_with('/')).collect()
}

#[tokio::test]
async fn the_page_needs_no_token_and_may_be_kept_but_is_asked_for_again() {
    let app = App::start().await;

    let reply = ask(&app, Method::GET, "/docs", &[("accept", "text/html")]).await;

    assert_eq!(reply.status(), 200);
    assert_eq!(header(&reply, "content-type"), "text/html; charset=utf-8");
    assert_eq!(header(&reply, "cache-control"), "public, no-cache");
    assert_eq!(header(&reply, "vary"), "Accept-Encoding");
    assert_eq!(header(&reply, "x-content-type-options"), "nosniff");
    assert_eq!(header(&reply, "referrer-policy"), "no-referrer");
    assert!(
        header(&reply, "content-security-policy")
            .starts_with("default-src 'none'; script-src 'self'; style-src 'self';")
    );
    assert!(!header(&reply, "content-security-policy").contains("unsafe"));
    assert!(!reply.headers().contains_key("pragma"));
    assert!(header(&reply, "x-request-id").len() >= 8);
}

#[tokio::test]
async fn a_browser_that_has_the_page_gets_304_in_either_encoding() {
    let app = App::start().await;
    let mut tags = HashSet::new();

    for encoding in ["gzip", "identity"] {
        let first = ask(&app, Method::GET, "/docs", &[("accept-encoding", encoding)]).await;
        let etag = header(&first, "etag").to_owned();
        let again = ask(&app, Method::GET, "/docs", &[("accept-encoding", encoding), ("if-none-match", &etag)]).await;
        assert_eq!((again.status(), header(&again, "etag")), (StatusCode::NOT_MODIFIED, etag.as_str()));
        assert!(again.bytes().await.expect("nothing").is_empty());
        tags.insert(etag);
    }

    assert_eq!(tags.len(), 2);
    let other = ask(&app, Method::GET, "/docs", &[("if-none-match", "\"another\"")]).await;
    assert_eq!(other.status(), 200);
}

#[tokio::test]
async fn the_page_and_all_that_it_loads_are_under_150_kb_compressed() {
    let app = App::start().await;
    let html = page(&app).await;
    let mut size = 0;

    for path in own_paths(&html).into_iter().filter(|path| path.contains("/assets/")).chain(["/docs"]) {
        let reply = ask(&app, Method::GET, path, &[("accept-encoding", "br;q=0.5, gzip")]).await;
        assert_eq!((reply.status(), header(&reply, "content-encoding")), (StatusCode::OK, "gzip"), "{path}");
        size += reply.bytes().await.expect("bytes").len();
    }

    assert!((10_000..150_000).contains(&size), "{size}");
}

#[tokio::test]
async fn what_the_page_loads_is_kept_for_ever_under_a_name_of_its_content() {
    let app = App::start().await;
    let html = page(&app).await;
    let paths = own_paths(&html);

    assert!(paths.len() >= 5, "{paths:?}");
    for path in paths {
        let reply = ask(&app, Method::GET, path, &[]).await;
        assert_eq!(reply.status(), 200, "{path}");
        let expected =
            if path.contains("/assets/") { "public, max-age=31536000, immutable" } else { "public, no-cache" };
        assert_eq!(reply.headers()["cache-control"], expected, "{path}");
    }
    assert_eq!(ask(&app, Method::GET, "/docs/assets/portal.000000000000.js", &[]).await.status(), 404);
}

#[tokio::test]
async fn a_caller_that_refuses_gzip_gets_the_page_as_it_is() {
    let app = App::start().await;

    for refusal in ["", "identity", "gzip;q=0", "br"] {
        let reply = ask(&app, Method::GET, "/docs", &[("accept-encoding", refusal)]).await;
        assert!(!reply.headers().contains_key("content-encoding"), "{refusal}");
        assert!(reply.text().await.expect("text").starts_with("<!doctype html>"));
    }
}

#[tokio::test]
async fn head_gets_the_headers_alone_and_other_methods_are_refused() {
    let app = App::start().await;

    for path in ["/docs", "/docs/dna-api.postman_collection.json"] {
        let head = ask(&app, Method::HEAD, path, &[]).await;
        assert_eq!(head.status(), 200);
        assert!(head.headers()["content-length"] != "0");
        assert!(head.text().await.expect("nothing").is_empty());
        let post = ask(&app, Method::POST, path, &[]).await;
        assert_eq!((post.status(), header(&post, "allow")), (StatusCode::METHOD_NOT_ALLOWED, "GET, HEAD"));
        assert_eq!(post.headers()["cache-control"], "no-store");
    }
}

#[tokio::test]
async fn the_root_leads_to_the_page_and_nothing_under_api_leads_anywhere() {
    let app = App::start().await;

    let root = ask(&app, Method::GET, "/", &[]).await;
    assert_eq!((root.status(), header(&root, "location")), (StatusCode::PERMANENT_REDIRECT, "docs"));
    assert_eq!(ask(&app, Method::GET, "/docs/", &[]).await.status(), 200);
    for path in ["/api", "/api/", "/api/docs", "/api/oauth"] {
        assert_eq!(ask(&app, Method::GET, path, &[]).await.status(), 404, "{path}");
    }
}

#[tokio::test]
async fn every_link_within_the_page_leads_to_a_heading_and_no_id_comes_twice() {
    let app = App::start().await;
    let html = page(&app).await;
    let ids = attributes(&html, "id");
    let known: HashSet<_> = ids.iter().copied().collect();

    assert_eq!(ids.len(), known.len());
    for link in attributes(&html, "href") {
        if let Some(place) = link.strip_prefix('#') {
            assert!(known.contains(place), "{link} leads nowhere");
        } else {
            assert!(link.starts_with('/'), "{link} leads off the page");
        }
    }
}

#[tokio::test]
async fn the_page_offers_the_clients_as_they_are_tested() {
    let app = App::start().await;
    let html = page(&app).await;

    for client in CLIENTS {
        let path = format!("/docs/{}", client.file);
        assert!(html.contains(&format!("<a href=\"{path}\" download>")), "{path}");
        let reply = ask(&app, Method::GET, &path, &[]).await;
        assert_eq!((reply.status(), header(&reply, "content-type")), (StatusCode::OK, "text/plain; charset=utf-8"));
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/samples").join(client.language).join(client.file);
        assert!(reply.bytes().await.expect("bytes") == fs::read(file).expect("a file"), "{path}");
    }
}

#[tokio::test]
async fn the_page_shows_every_sample_in_every_language_and_the_servers_own_address() {
    let app = App::start().await;
    let html = page(&app).await;
    let panels = |language: &str| html.matches(&format!("data-lang=\"{language}\" aria-labelledby")).count();

    for (_, folder) in LANGUAGES {
        assert!(panels(folder) > SAMPLES.len(), "{folder}: {}", panels(folder));
    }
    assert!(html.contains("&quot;http://api.test&quot;"));
    assert!(!html.contains("{{"), "a part of the template is unfilled");
}
