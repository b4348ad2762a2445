//! A request that is wrong in two ways is told the first of them.

use reqwest::{Method, RequestBuilder};

use crate::support::{App, CLIENT, Reply, json_of, steve_but, steve_harris};

/// What can be wrong with a creation, in the order in which it is told.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Wrong {
    UrlTooLong,
    Path,
    Method,
    Accept,
    NoToken,
    Scope,
    TooLarge,
    MediaType,
    Unreadable,
    Invalid,
    Duplicate,
}

use Wrong::{Accept, Duplicate, Invalid, MediaType, NoToken, Path, Scope, TooLarge, Unreadable, UrlTooLong};

const ORDER: [(Wrong, u16, &str); 11] = [
    (UrlTooLong, 414, "uri_too_long"),
    (Path, 404, "not_found"),
    (Wrong::Method, 405, "method_not_allowed"),
    (Accept, 406, "not_acceptable"),
    (NoToken, 401, "unauthenticated"),
    (Scope, 403, "insufficient_scope"),
    (TooLarge, 413, "payload_too_large"),
    (MediaType, 415, "unsupported_media_type"),
    (Unreadable, 400, "invalid_request"),
    (Invalid, 422, "validation_failed"),
    (Duplicate, 409, "duplicate_customer_id"),
];

/// A creation with some things wrong; `tokens` are a good one and one that may not create.
fn creation(app: &App, tokens: (&str, &str), wrong: &[Wrong]) -> RequestBuilder {
    let is = |one: Wrong| wrong.contains(&one);
    let mut query = Vec::new();
    query.extend(is(UrlTooLong).then(|| format!("x={}", "x".repeat(9000))));
    query.extend(is(Unreadable).then(|| "x=%ZZ".to_owned()));
    let path = if is(Path) { "/api/residential/clientele" } else { CLIENT };
    let method = if is(Wrong::Method) { Method::PUT } else { Method::POST };
    let mut request = app.request(method, &format!("{path}?{}", query.join("&")));
    if !is(NoToken) {
        request = request.bearer_auth(if is(Scope) { tokens.1 } else { tokens.0 });
    }
    if is(Accept) {
        request = request.header("accept", "text/html");
    }
    let customer_id = if is(Duplicate) { "taken" } else { "" };
    let email = if is(Invalid) { "nobody" } else { "email@email.com" };
    let mut body = json_of(&steve_but(&[("customer_id", customer_id), ("email", email)]));
    if is(TooLarge) {
        body.insert("padding".to_owned(), "x".repeat(70_000).into());
    }
    let media_type = if is(MediaType) { "text/plain" } else { "application/json" };
    request.header("content-type", media_type).body(serde_json::to_vec(&body).expect("JSON"))
}

#[tokio::test]
async fn of_two_things_wrong_with_a_creation_the_earlier_is_told() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let (good, weak) = (partner.log_in(&app).await, partner.log_in_for(&app, "client:read").await);
    good.create(&app, &steve_but(&[("customer_id", "taken")])).await;

    for (at, (first, status, error)) in ORDER.iter().enumerate() {
        for (second, ..) in &ORDER[at..] {
            let request = creation(&app, (&good.token, &weak.token), &[*first, *second]);
            let reply = Reply::of(request).await;
            assert_eq!((reply.status, reply.error()), (*status, *error), "{first:?} and {second:?}");
        }
    }
    assert_eq!(app.rows("clients").await, 1);
    assert_eq!(Reply::of(creation(&app, (&good.token, ""), &[])).await.status, 201);
}

#[tokio::test]
async fn of_two_things_wrong_with_a_change_of_status_the_earlier_is_told() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let (good, weak) = (partner.log_in(&app).await, partner.log_in_for(&app, "client:read").await);
    let id = good.new_client(&app).await;
    let activate = |id: i64, more: &str| format!("{CLIENT}/{id}/activate{more}");
    let html = |request: RequestBuilder| request.header("accept", "text/html");
    let long = format!("?{}", "x".repeat(9000));
    let large = "x".repeat(70_000);

    for (request, error) in [
        (html(app.request(Method::PUT, &activate(id, &long))), "uri_too_long"),
        (html(app.request(Method::PUT, &activate(id, ""))), "method_not_allowed"),
        (html(app.get(&activate(id, ""))), "not_acceptable"),
        (app.get(&activate(0, "")).body(large.clone()), "unauthenticated"),
        (weak.get(&app, &activate(0, "")).body(large.clone()), "insufficient_scope"),
        (good.get(&app, &activate(0, "")).body(large), "payload_too_large"),
        (good.get(&app, &activate(0, "")).body("x"), "invalid_request"),
        (good.get(&app, &activate(0, "")), "not_found"),
    ] {
        assert_eq!(Reply::of(request).await.error(), error);
    }
    assert_eq!(app.status(id).await.0, "pending");
}

#[tokio::test]
async fn the_scope_that_lacks_is_named() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let reader = partner.log_in_for(&app, "client:read").await;

    for (path, scope) in [
        (CLIENT.to_owned(), "client:create"),
        (format!("{CLIENT}/1/activate"), "client:activate"),
        (format!("{CLIENT}/1/suspend"), "client:suspend"),
    ] {
        let reply = Reply::of(reader.post(&app, &path).form(&steve_harris())).await;
        reply.is_refused(403, "insufficient_scope", &format!("The access token lacks the scope {scope}."));
        let challenge = reply.header("www-authenticate");
        assert!(challenge.starts_with(r#"Bearer realm="DNA API", error="insufficient_scope""#), "{challenge}");
        assert!(challenge.ends_with(&format!(r#"scope="{scope}""#)), "{challenge}");
    }
    app.has_no_client().await;
}
