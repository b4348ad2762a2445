//! The console and what it loads: carried by the program, packed, and under a policy of its own.

use reqwest::{Response, header};

use crate::support::App;

async fn get(app: &App, path: &str) -> Response {
    let reply = app.get(path).header(header::ACCEPT_ENCODING, "gzip").send().await.expect("a reply");
    assert_eq!(reply.status(), 200, "{path}");
    reply
}

/// What the console's page loads or links to.
fn paths(html: &str) -> Vec<&str> {
    let values = html.split(" src=\"").skip(1).chain(html.split(" href=\"").skip(1));
    values.filter_map(|rest| rest.split('"').next()).filter(|path| !path.starts_with('#')).collect()
}

#[tokio::test]
async fn the_console_may_send_requests_to_its_own_server_and_run_nothing_inline() {
    let app = App::start().await;

    let console = app.get("/docs/console").send().await.expect("a reply");
    let page = app.get("/docs").send().await.expect("a reply");

    let policy = console.headers()["content-security-policy"].to_str().expect("ASCII").to_owned();
    assert_eq!(
        policy,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    assert!(!page.headers()["content-security-policy"].to_str().expect("ASCII").contains("connect-src"));
    assert_eq!(console.headers()["cache-control"], "public, no-cache");
    assert!(page.text().await.expect("text").contains("href=\"/docs/console\""));
    assert!(console.text().await.expect("text").contains("href=\"/docs\""));
}

#[tokio::test]
async fn all_that_the_console_loads_is_of_this_server_packed_and_kept_for_ever() {
    let app = App::start().await;
    let html = app.get("/docs/console").send().await.expect("a reply").text().await.expect("text");
    assert!(!html.contains("{{"), "a part of the template is unfilled");
    let paths = paths(&html);

    assert!(paths.len() >= 7, "{paths:?}");
    for path in paths.into_iter().filter(|path| !path.starts_with("/docs\"") && *path != "/docs") {
        assert!(path.starts_with("/docs/assets/"), "{path}");
        let reply = get(&app, path).await;
        assert_eq!(reply.headers()["cache-control"], "public, max-age=31536000, immutable", "{path}");
        assert_eq!(reply.headers()["content-encoding"], "gzip", "{path}");
    }
}

#[tokio::test]
async fn a_caller_that_refuses_gzip_gets_the_whole_of_what_is_kept_compressed() {
    let app = App::start().await;
    let html = app.get("/docs/console").send().await.expect("a reply").text().await.expect("text");
    // What is run stands before what is linked to.
    let path = paths(&html).into_iter().find(|path| path.contains("/swagger-ui."));

    let reply = app.get(path.expect("a script")).header(header::ACCEPT_ENCODING, "identity").send().await;

    let text = reply.expect("a reply").text().await.expect("text");
    assert!(text.len() > 1_000_000 && text.trim_end().ends_with("})()));"), "{}", text.len());
}
