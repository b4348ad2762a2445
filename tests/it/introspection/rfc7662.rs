//! RFC 7662, a row for each MUST and REQUIRED of §2 (and of §4 that concerns a reply).

use reqwest::RequestBuilder;

use super::{PATH, form, request};
use crate::{
    support::{App, Reply},
    token::{with, without},
};

/// What the standard says, a request that shows it, and whether the reply obeys.
type Row = (&'static str, RequestBuilder, fn(&Reply) -> bool);

fn is(reply: &Reply, status: u16, error: &str) -> bool {
    (reply.status, reply.error()) == (status, error)
}

fn is_inactive(reply: &Reply) -> bool {
    (reply.status, reply.text.as_str()) == (200, r#"{"active":false}"#)
}

#[tokio::test]
async fn introspection_is_as_it_says() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let stranger = app.partner("Other").await;
    let (caller, ended) = (partner.log_in(&app).await, partner.log_in(&app).await);
    let revoke = app.post("/api/oauth/revoke").form(&form(&partner, &ended.token));
    assert_eq!(Reply::of(revoke).await.status, 200);
    let whole = form(&partner, &caller.token);
    let bare = without(without(whole.clone(), "client_id"), "client_secret");
    let hint = |hint| request(&app, &with(whole.clone(), "token_type_hint", hint));
    let rows: Vec<Row> = vec![
        ("2: POST with an urlencoded body", request(&app, &whole), |reply| reply.json["active"] == true),
        ("2.1: not by GET, where the token would be in logs", app.get(PATH).query(&whole), |reply| reply.status == 405),
        ("2.1: token is required", request(&app, &without(whole.clone(), "token")), |reply| {
            is(reply, 400, "invalid_request")
        }),
        ("2.1: a wrong hint extends the search", hint("refresh_token"), |reply| reply.json["active"] == true),
        ("2.1: an unknown hint may be ignored", hint("x"), |reply| reply.json["active"] == true),
        ("2.1: some authorization is required", request(&app, &bare), |reply| is(reply, 401, "invalid_client")),
        ("2.3: wrong client credentials are 401", request(&app, &with(whole.clone(), "client_secret", "x")), |reply| {
            is(reply, 401, "invalid_client") && reply.header("www-authenticate").starts_with("Basic realm=")
        }),
        ("2.2: application/json, and an object", request(&app, &whole), |reply| {
            reply.header("content-type") == "application/json" && reply.json.is_object()
        }),
        ("2.2: active is required, a boolean", request(&app, &whole), |reply| reply.json["active"].is_boolean()),
        ("2.2: scope is space-delimited", request(&app, &whole), |reply| {
            reply.json["scope"].as_str().is_some_and(|scope| scope.contains("client:create client:activate"))
        }),
        ("2.2: times are integers in seconds", request(&app, &whole), |reply| {
            ["exp", "iat", "nbf"].iter().all(|time| reply.json[*time].is_i64())
        }),
        ("2.2: an unknown token is inactive, and no error", request(&app, &form(&partner, "x")), is_inactive),
        ("2.2: so is a revoked one", request(&app, &form(&partner, &ended.token)), is_inactive),
        ("2.2: and its refresh token", request(&app, &form(&partner, &ended.refresh_token)), is_inactive),
        ("2.2: and one that the caller may not know of", request(&app, &form(&stranger, &caller.token)), is_inactive),
        ("4: replies are not cached", request(&app, &whole), |reply| reply.header("cache-control") == "no-store"),
    ];
    for (says, request, obeys) in rows {
        let reply = Reply::of(request).await;
        assert!(obeys(&reply), "{says}\n{reply:?}");
    }
}
