//! What callers write does not reach the log: neither a made-up method, nor a path, a query, a host, a header or a body.

use crate::support::{App, CLIENT, Reply, acme};

const TOKEN: &str = "/api/oauth/token";

/// Headers that servers and proxies make something of.
const HEADERS: [&str; 18] = [
    "Accept",
    "Accept-Encoding",
    "Connection",
    "Content-Encoding",
    "Content-Type",
    "Cookie",
    "Expect",
    "Forwarded",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "Referer",
    "traceparent",
    "Upgrade",
    "User-Agent",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Real-IP",
];

/// What is refused before hyper sees it, or by hyper.
fn malformed(word: &str, bearer: &str) -> [String; 6] {
    [
        format!("GET /{word} HTTP/1.1\r\n{word}: {word}\r\n\r\n"),
        format!("GET /{word} HTTP/{word}\r\nHost: x\r\n\r\n"),
        format!("GET {word} HTTP/1.1\r\nHost: x\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nHost: {word}/\r\n\r\n"),
        format!("{word}\r\n\r\n"),
        format!("POST {CLIENT} HTTP/1.1\r\nHost: x\r\n{bearer}Transfer-Encoding: chunked\r\n\r\n{word}\r\n"),
    ]
}

/// Requests that have a word in every place that a caller can write to.
fn shapes(word: &str, token: &str) -> Vec<String> {
    let bearer = format!("Authorization: Bearer {token}\r\n");
    let get = |target: &str, headers: &str| {
        format!("GET {target} HTTP/1.1\r\nHost: x\r\n{bearer}{headers}Connection: close\r\n\r\n")
    };
    let post = |target: &str, media_type: &str, body: &str| {
        format!(
            "POST {target} HTTP/1.1\r\nHost: x\r\n{bearer}Content-Type: {media_type}\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{body}",
            body.len()
        )
    };
    let json = "application/json";
    let mut shapes = vec![
        format!("{word} /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
        format!("{word} {CLIENT} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
        format!("GET /healthz HTTP/1.1\r\nHost: {word}\r\nConnection: close\r\n\r\n"),
        format!("GET http://{word}/healthz HTTP/1.1\r\nHost: {word}\r\nConnection: close\r\n\r\n"),
        get(&format!("/{word}"), ""),
        get(&format!("{CLIENT}/{word}"), ""),
        get(&format!("{CLIENT}/1/{word}"), ""),
        get(&format!("{CLIENT};{word}"), ""),
        get(&format!("{CLIENT}?{word}=1"), ""),
        get(&format!("{CLIENT}?cursor={word}"), ""),
        get(&format!("{CLIENT}?access_token={word}"), ""),
        get(&format!("{CLIENT}%3F{word}%00"), ""),
        get(&format!("/api/residential/domain/{word}/status"), ""),
        get(&format!("/api/oauth/token?grant_type=password&client_id={word}&client_secret={word}"), ""),
        post(CLIENT, json, &format!(r#"{{"{word}":"{word}","email":"{word}","zipcode":["{word}"]}}"#)),
        post(CLIENT, json, word),
        post(CLIENT, &format!("text/{word}"), word),
        post(&format!("{CLIENT}/import"), "text/csv", &format!("{word},email\n{word},{word}\n")),
        post("/api/oauth/token", "application/x-www-form-urlencoded", &format!("grant_type={word}&{word}={word}")),
        get("/healthz", &format!("Content-Length: {word}\r\n")),
        get("/healthz", &format!("Transfer-Encoding: {word}\r\n")),
        get("/healthz", &format!("{word}: {word}\0\r\n")),
    ];
    shapes.extend(malformed(word, &bearer));
    for header in HEADERS {
        shapes.push(get("/healthz", &format!("{header}: {word}\r\n")));
        shapes.push(get(CLIENT, &format!("{header}: {word}\r\n")));
    }
    shapes.push(get("/healthz", &format!("{word}: {word}\r\n")));
    shapes.push(get("/healthz", &format!("X-Request-Id: {word}!\r\n")));
    shapes.push(get("/healthz", &format!("X-Forwarded-For: {word}, 192.0.2.1\r\n")));
    for scheme in ["Basic", "Bearer", "Digest", ""] {
        shapes.push(format!(
            "GET {CLIENT} HTTP/1.1\r\nHost: x\r\nAuthorization: {scheme} {word}\r\nConnection: close\r\n\r\n"
        ));
    }
    shapes
}

#[tokio::test]
async fn nothing_that_a_caller_writes_is_logged_at_any_level_wherever_it_is_written() {
    let (app, caller) = acme().await;
    let behind_a_proxy = app.second_with(&[("DNA_TRUSTED_PROXIES", "127.0.0.1")]).await;

    for server in [&app, &behind_a_proxy] {
        for number in 0..shapes("", "").len() {
            let word = format!("CANARY{}", uuid::Uuid::new_v4().simple())[..26].to_owned();
            let shape = &shapes(&word, &caller.token)[number];
            let reply = server.send_until_closed(shape.clone()).await;
            assert!((200..500).contains(&reply.status), "{shape}: {reply:?}");
            let log = app.log();
            let line = log.lines().find(|line| line.to_lowercase().contains(&word.to_lowercase()));
            assert_eq!(line, None, "{shape}");
            assert!(log.contains(reply.header("x-request-id")), "{shape} is not logged");
        }
    }
}

#[tokio::test]
async fn a_standard_method_is_logged_by_its_name_and_any_other_as_other() {
    let app = App::start().await;

    for (method, logged) in [
        ("GET", "GET"),
        ("HEAD", "HEAD"),
        ("POST", "POST"),
        ("PUT", "PUT"),
        ("DELETE", "DELETE"),
        ("OPTIONS", "OPTIONS"),
        ("TRACE", "TRACE"),
        ("PATCH", "PATCH"),
        ("get", "other"),
        ("PROPFIND", "other"),
        ("PASSWORD", "other"),
    ] {
        let request = format!("{method} /api/none HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        let reply = app.send_until_closed(request).await;
        let log = app.log();
        let line = log.lines().find(|line| line.contains(reply.header("x-request-id")) && line.contains("status="));
        let line = line.unwrap_or_else(|| panic!("{method} is not logged"));
        assert!(line.contains(&format!("method={logged} ")), "{method}: {line}");
    }
}

#[tokio::test]
async fn a_line_says_which_oauth_client_asked_of_which_partner_whether_it_proved_it_or_not() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let caller = partner.log_in(&app).await;
    let line = |reply: &Reply| {
        let (log, id) = (app.log(), reply.header("x-request-id").to_owned());
        log.lines().find(|line| line.contains(&id) && line.contains("status=")).expect("a line").to_owned()
    };
    let with = |name: &'static str, value: &str| {
        let mut form = partner.password_grant();
        form.retain(|(given, _)| *given != name);
        form.push((name, value.to_owned()));
        form
    };

    let known =
        format!("partner={} oauth_client={}", caller.claims()["partner"].as_str().expect("an id"), partner.client_id);
    for reply in [
        Reply::of(app.get(CLIENT).bearer_auth(&caller.token)).await,
        Reply::of(app.post(TOKEN).form(&partner.password_grant())).await,
        Reply::of(app.post(TOKEN).form(&with("client_secret", "wrong"))).await,
        Reply::of(app.post("/api/oauth/introspect").form(&partner.password_grant())).await,
    ] {
        assert!(line(&reply).contains(&known), "{reply:?}: {}", line(&reply));
    }
    let nobody = uuid::Uuid::new_v4().to_string();
    let reply = Reply::of(app.post(TOKEN).form(&with("client_id", &nobody))).await;
    assert!(!line(&reply).contains("oauth_client="), "{}", line(&reply));
}
