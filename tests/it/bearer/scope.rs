//! What a token allows.

use reqwest::Method;
use serde_json::json;

use super::{Stage, assert_error};
use crate::support::{App, Caller, Reply};

const PATHS: [(Method, &str, &str); 5] = [
    (Method::POST, "/api/residential/client", "client:create"),
    (Method::POST, "/api/residential/client/999/activate", "client:activate"),
    (Method::GET, "/api/residential/client/999/activate", "client:activate"),
    (Method::POST, "/api/residential/client/999/suspend", "client:suspend"),
    (Method::GET, "/api/residential/client/999/suspend", "client:suspend"),
];

#[track_caller]
fn assert_insufficient(reply: &Reply, scope: &str) {
    let message = format!("The access token lacks the scope {scope}.");
    let challenge = format!(
        r#"Bearer realm="DNA API", error="insufficient_scope", error_description="{message}", scope="{scope}""#
    );
    assert_error(reply, 403, "insufficient_scope", &message, &challenge);
}

#[tokio::test]
async fn a_token_without_the_scope_is_told_which_it_lacks() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    for scope in ["client:create", "client:activate", "client:suspend", "client:read client:update client:cancel"] {
        let caller = partner.log_in_for(&app, scope).await;
        for (method, path, needed) in PATHS {
            let reply = Reply::of(caller.request(&app, method, path)).await;
            if scope == needed {
                assert!([404, 422].contains(&reply.status), "{reply:?}");
            } else {
                assert_insufficient(&reply, needed);
            }
        }
    }
}

#[tokio::test]
async fn the_scope_comes_before_the_body_and_the_client() {
    let app = App::start().await;
    let caller = app.partner("Acme").await.log_in_for(&app, "client:read").await;
    let large = "x".repeat(70_000);
    let requests = [
        (caller.post(&app, "/api/residential/client").body(large), "client:create"),
        (caller.post(&app, "/api/residential/client").json(&json!([])), "client:create"),
        (caller.post(&app, "/api/residential/client/nonsense/activate"), "client:activate"),
        (caller.get(&app, "/api/residential/client/%ZZ/suspend").body("x"), "client:suspend"),
    ];
    for (request, needed) in requests {
        assert_insufficient(&Reply::of(request).await, needed);
    }
}

#[tokio::test]
async fn a_refreshed_token_of_a_narrower_scope_allows_no_more() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let login = partner.log_in(&app).await;
    let mut form = partner.refresh_grant(&login.refresh_token);
    form.push(("scope", "client:suspend".to_owned()));

    let narrow = Caller::of(&app, &Reply::of(app.post("/api/oauth/token").form(&form)).await);

    assert_insufficient(&narrow.transition(&app, 999, "activate").await, "client:activate");
    assert_eq!(narrow.transition(&app, 999, "suspend").await.status, 404);
    assert_eq!(login.transition(&app, 999, "activate").await.status, 404, "the login's own token is as it was");
}

#[tokio::test]
async fn it_is_the_claim_scope_that_counts() {
    let stage = Stage::new().await;
    let token = stage.forge.sign(&stage.header(), &stage.claims_with("scope", "client:create".into()));
    assert_insufficient(&super::present(&stage.app, &token).await, "client:activate");
}
