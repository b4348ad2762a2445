//! Nothing that a caller wrote is told, but the ids of its trace.

use reqwest::Method;

use super::traced;
use crate::support::CLIENT;

const WORD: &str = "xylophone";

#[tokio::test]
async fn neither_paths_nor_queries_nor_headers_nor_bodies_are_told() {
    let (collector, app, caller) = traced().await;
    let form = |names: &[&'static str]| names.iter().map(|name| (*name, WORD)).collect::<Vec<_>>();
    let credentials = ["client_id", "client_secret", "username", "password", "scope", "refresh_token", WORD];
    let made_up = Method::from_bytes(WORD.as_bytes()).expect("a method");
    let requests = [
        app.request(made_up.clone(), "/healthz"),
        app.request(made_up, CLIENT),
        app.get(&format!("/{WORD}?{WORD}={WORD}")),
        app.get(&format!("/docs/{WORD}")),
        app.get(&format!("/healthz?{WORD}#{WORD}")).header("host", WORD),
        app.get("/api/oauth/token?grant_type=password").query(&form(&credentials)),
        app.post("/api/oauth/token").query(&[("grant_type", "refresh_token")]).form(&form(&credentials)),
        app.post("/api/oauth/token").basic_auth(WORD, Some(WORD)).form(&[("grant_type", WORD)]),
        app.get(CLIENT).bearer_auth(WORD),
        app.get(&format!("{CLIENT}?access_token={WORD}")),
        caller.get(&app, &format!("{CLIENT}/{WORD}")),
        caller.get(&app, &format!("{CLIENT}?q={WORD}&after={WORD}")),
        caller.get(&app, &format!("{CLIENT}?q={WORD}")),
        caller.get(&app, &format!("{CLIENT}?email={WORD}@example.com")),
        caller.get(&app, &format!("/api/residential/domain/{WORD}.com")),
        caller.post(&app, CLIENT).form(&form(&["email", "first_name", "last_name", "zipcode", WORD])),
        caller.post(&app, CLIENT).form(&[("email", &*format!("{WORD}@example.com")), ("first_name", WORD)]),
        caller.post(&app, CLIENT).header("idempotency-key", WORD).json(&form(&["email"])),
        caller.post(&app, &format!("{CLIENT}/1/suspend")).form(&form(&["reason"])),
        caller.post(&app, &format!("{CLIENT}/import")).header("content-type", "text/csv").body(WORD),
        app.get("/healthz").header("user-agent", WORD).header("cookie", WORD).header("referer", WORD),
        app.get("/healthz").header("x-forwarded-for", WORD).header("x-forwarded-proto", WORD),
        app.get("/healthz").header("traceparent", WORD).header("tracestate", format!("{WORD}={WORD}")),
        app.get("/healthz").header("traceparent", format!("00-{WORD}-{WORD}-01")).header("baggage", WORD),
        app.get("/healthz").header("x-request-id", format!("password={WORD}")),
    ];
    let sent = requests.len();
    for request in requests {
        request.send().await.expect("a reply");
    }
    app.state.traces.flush().await;
    let roots = collector.spans().iter().filter(|span| span.parent_span_id.is_empty()).count();
    assert_eq!(roots, sent + 1, "each was traced, and the login before");
    let is_in = |body: &[u8], secret: &str| {
        body.windows(secret.len()).any(|window| window.eq_ignore_ascii_case(secret.as_bytes()))
    };
    for batch in collector.batches() {
        assert!(is_in(&batch.body, "http.response.status_code"), "the search finds what is there");
        for secret in [WORD, &caller.token, &caller.refresh_token, "127.0.0.1"] {
            assert!(!is_in(&batch.body, secret), "{secret}: {:?}", collector.spans());
        }
    }
}
