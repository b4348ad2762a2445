//! Cancel a client, and whether it is billed.

use reqwest::Method;
use serde_json::json;

use crate::support::{App, CLIENT, Caller, Reply, acme};

async fn statuses(app: &App, caller: &Caller, id: i64) -> (String, String) {
    let client = caller.read(app, &format!("{CLIENT}/{id}")).await.json["client"].clone();
    let word = |name: &str| client[name].as_str().expect("a word").to_owned();
    (word("status"), word("billing_status"))
}

/// From each pair of statuses that there can be, each action, and what comes of it.
const OUTCOMES: [(&str, &str, &str, &str); 18] = [
    ("", "activate", "active", "active"),
    ("", "suspend", "suspended", "none"),
    ("", "cancel", "cancelled", "none"),
    ("activate", "activate", "active", "active"),
    ("activate", "suspend", "suspended", "active"),
    ("activate", "cancel", "cancelled", "suspended"),
    ("suspend", "activate", "active", "active"),
    ("suspend", "suspend", "suspended", "none"),
    ("suspend", "cancel", "cancelled", "none"),
    ("activate suspend", "activate", "active", "active"),
    ("activate suspend", "suspend", "suspended", "active"),
    ("activate suspend", "cancel", "cancelled", "suspended"),
    ("activate cancel", "activate", "active", "active"),
    ("activate cancel", "suspend", "suspended", "suspended"),
    ("activate cancel", "cancel", "cancelled", "suspended"),
    ("activate cancel suspend", "activate", "active", "active"),
    ("activate cancel suspend", "suspend", "suspended", "suspended"),
    ("activate cancel suspend", "cancel", "cancelled", "suspended"),
];

#[tokio::test]
async fn cancel_stops_service_and_billing_activate_restores_both_and_suspend_touches_the_service_alone() {
    let (app, caller) = acme().await;

    for (before, action, status, billing) in OUTCOMES {
        let id = caller.new_client(&app).await;
        for action in before.split_whitespace() {
            caller.transition(&app, id, action).await;
        }
        let was = (statuses(&app, &caller, id).await, app.events(id).await.len());

        let reply = caller.transition(&app, id, action).await;

        assert_eq!((reply.status, &reply.json["client"]["status"]), (200, &json!(status)), "{before} {action}");
        let is = statuses(&app, &caller, id).await;
        assert_eq!(is, (status.to_owned(), billing.to_owned()), "{before} {action}");
        assert_eq!(app.events(id).await.len(), was.1 + usize::from(is != was.0), "{before} {action}");
    }
}

#[tokio::test]
async fn the_reply_to_cancel_is_that_of_the_other_two() {
    let (app, caller) = acme().await;
    let id = caller.new_client(&app).await;

    let reply = caller.transition(&app, id, "cancel").await;

    let since = app.status(id).await.1.timestamp();
    let body = format!(
        r#"{{"result":"OK","timestamp":{since},"client":{{"id":{id},"ns_domain":"steveharris.com","status":"cancelled"}}}}"#
    );
    assert_eq!((reply.status, reply.text), (200, body));
    app.execute("update clients set status_changed_at = '2017-05-12 13:50:10.5Z'").await;
    assert_eq!(caller.transition(&app, id, "cancel").await.json["timestamp"], 1_494_597_010);
    assert_eq!(app.events(id).await.len(), 2);
}

#[tokio::test]
async fn cancel_is_a_post_that_reads_its_body_like_every_other() {
    let (app, caller) = acme().await;
    let id = caller.new_client(&app).await;
    let path = format!("{CLIENT}/{id}/cancel");

    for method in [Method::GET, Method::HEAD, Method::PUT, Method::DELETE] {
        let reply = Reply::of(caller.request(&app, method, &path)).await;
        assert_eq!((reply.status, reply.header("allow")), (405, "POST"));
    }
    let broken = caller.post(&app, &path).header("content-type", "application/json").body("{");
    Reply::of(broken).await.is_refused(400, "invalid_request", "The request body is not a JSON object.");
    let strange = Reply::of(caller.post(&app, &path).body("x")).await;
    assert_eq!(strange.error(), "unsupported_media_type");
    assert_eq!(app.events(id).await.len(), 1);
    let odd = Reply::of(caller.post(&app, &format!("{path}?unknown=1")).json(&json!({"also": []}))).await;
    assert_eq!(odd.status, 200);
}

#[tokio::test]
async fn an_active_client_that_an_older_server_activated_is_billed_once_it_is_activated_again() {
    let (app, caller) = acme().await;
    let id = caller.new_client(&app).await;
    app.execute("update clients set status = 'active', status_changed_at = '2017-05-12 13:50:10.5Z'").await;

    let reply = caller.transition(&app, id, "activate").await;

    assert_eq!(reply.json["timestamp"], 1_494_597_010);
    assert_eq!(statuses(&app, &caller, id).await, ("active".to_owned(), "active".to_owned()));
    assert_eq!(app.events(id).await.len(), 2);
}
