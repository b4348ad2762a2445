//! Whose request it was, as the server's log has it.

use super::proxy::{Kind, Proxy};
use crate::support::{
    program::{Folder, Server},
    until,
};

async fn assert_caller_is_known(kind: Kind) {
    let folder = Folder::new();
    let server = Server::start(&folder, &[("DNA_TRUSTED_PROXIES", "127.0.0.1")]);
    let proxy = Proxy::start(kind, &folder, server.url.trim_start_matches("http://"));
    let request = reqwest::Client::new().get(proxy.url("/api/residential/client"));
    let made_up = [("X-Forwarded-For", "203.0.113.9"), ("X-Request-Id", "made-by-the-caller")];
    let reply = made_up.into_iter().fold(request, |request, (name, value)| request.header(name, value)).send();
    let reply = reply.await.expect("a reply");
    assert_eq!(reply.status(), 401, "{kind:?}");
    assert_eq!(reply.headers()["x-request-id"], "made-by-the-caller", "{kind:?}");
    until("the request is in the log", async || server.said().contains("made-by-the-caller")).await;
    let said = server.said();
    let line = said.lines().find(|line| line.contains("made-by-the-caller")).expect("its line");
    assert!(line.contains("from=127.0.0.1") && !said.contains("203.0.113.9"), "{kind:?}: {line}");
    // Caddy's log has the reply's headers, the others have a field for it.
    until("the proxy's log has the same id", async || proxy.logs().contains("made-by-the-caller")).await;

    let too_odd = reqwest::Client::new().get(proxy.url("/healthz")).header("X-Request-Id", "odd\tone").send().await;
    let id = too_odd.expect("a reply").headers()["x-request-id"].to_str().expect("text").to_owned();
    assert!(id.len() >= 32 && !id.contains("odd"), "{kind:?}: {id}");
}

#[tokio::test]
#[ignore = "needs nginx"]
async fn nginx_reports_the_callers_address_and_believes_no_header() {
    assert_caller_is_known(Kind::Nginx).await;
}

#[tokio::test]
#[ignore = "needs Caddy"]
async fn caddy_reports_the_callers_address_and_believes_no_header() {
    assert_caller_is_known(Kind::Caddy).await;
}

#[tokio::test]
#[ignore = "needs HAProxy"]
async fn haproxy_reports_the_callers_address_and_believes_no_header() {
    assert_caller_is_known(Kind::Haproxy).await;
}
