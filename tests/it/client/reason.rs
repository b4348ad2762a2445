//! Why: the reason of a change of status.

use reqwest::{Method, RequestBuilder, multipart};
use serde_json::{Value, json};

use crate::support::{App, CLIENT, Caller, Reply, acme};

const ACTIONS: [&str; 3] = ["activate", "suspend", "cancel"];

fn request(app: &App, caller: &Caller, id: i64, action: &str) -> RequestBuilder {
    caller.post(app, &format!("{CLIENT}/{id}/{action}"))
}

async fn reasons(app: &App, caller: &Caller, id: i64) -> Vec<Value> {
    let events = caller.read(app, &format!("{CLIENT}/{id}/events")).await;
    events.json["events"].as_array().expect("events").iter().map(|event| event["reason"].clone()).collect()
}

#[tokio::test]
async fn it_is_kept_in_whatever_form_it_comes() {
    let (app, caller) = acme().await;
    let id = caller.new_client(&app).await;
    let ask = |action| request(&app, &caller, id, action);

    for request in [
        ask("activate").form(&[("reason", " moved in ")]),
        ask("suspend").json(&json!({"reason": "has not paid"})),
        ask("cancel").multipart(multipart::Form::new().text("reason", "moved out — for good 🙂")),
        ask("activate").query(&[("reason", "came back")]),
        caller.get(&app, &format!("{CLIENT}/{id}/suspend?reason=by+GET")),
        ask("activate").json(&json!({"reason": null})),
        ask("suspend").form(&[("reason", "")]),
        ask("cancel"),
    ] {
        let reply = Reply::of(request).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
    }

    let told =
        json!([null, "moved in", "has not paid", "moved out — for good 🙂", "came back", "by GET", null, null, null]);
    assert_eq!(Value::from(reasons(&app, &caller, id).await), told);
}

#[tokio::test]
async fn it_is_one_line_of_plain_text_of_500_characters_at_most() {
    let (app, caller) = acme().await;

    for action in ACTIONS {
        let id = caller.new_client(&app).await;
        for (reason, why) in [
            ("é".repeat(501), "The reason may not be greater than 500 characters."),
            ("two\nlines".to_owned(), "The reason format is invalid."),
            ("a\0b".to_owned(), "The reason format is invalid."),
            ("\u{202E}txt".to_owned(), "The reason format is invalid."),
        ] {
            Reply::of(request(&app, &caller, id, action).form(&[("reason", &reason)]))
                .await
                .is_invalid(&[("reason", why)]);
        }
        let structure = request(&app, &caller, id, action).json(&json!({"reason": ["x"]}));
        Reply::of(structure).await.is_invalid(&[("reason", "The reason format is invalid.")]);
        let twice = request(&app, &caller, id, action).query(&[("reason", "a")]).form(&[("reason", "b")]);
        Reply::of(twice).await.is_invalid(&[("reason", "The reason was given twice.")]);
        assert_eq!(app.events(id).await.len(), 1);
        let longest = request(&app, &caller, id, action).form(&[("reason", "é".repeat(500))]);
        assert_eq!(Reply::of(longest).await.status, 200);
    }
}

#[tokio::test]
async fn a_wrong_one_comes_before_an_unknown_client_and_a_change_that_changes_nothing() {
    let (app, caller) = acme().await;
    let long = "x".repeat(501);

    for id in [4711, 1] {
        for action in ACTIONS {
            let reply = Reply::of(request(&app, &caller, id, action).form(&[("reason", &long)])).await;
            reply.is_invalid(&[("reason", "The reason may not be greater than 500 characters.")]);
        }
    }
}

#[tokio::test]
async fn one_of_a_change_that_changes_nothing_is_not_kept() {
    let (app, caller) = acme().await;
    let id = caller.new_client(&app).await;
    caller.transition(&app, id, "activate").await;

    Reply::of(request(&app, &caller, id, "activate").form(&[("reason", "again")])).await;

    assert_eq!(reasons(&app, &caller, id).await, [Value::Null, Value::Null]);
}

#[tokio::test]
async fn a_large_body_is_ignored_where_bodies_always_were() {
    let (app, caller) = acme().await;
    let id = caller.new_client(&app).await;
    let large = format!("reason={}", "x".repeat(70_000));

    for action in ACTIONS {
        let request = request(&app, &caller, id, action).body(large.clone());
        let reply = Reply::of(request.header("content-type", "application/x-www-form-urlencoded")).await;
        assert_eq!(reply.status, if action == "cancel" { 413 } else { 200 });
    }
    assert_eq!(Reply::of(caller.request(&app, Method::GET, &format!("{CLIENT}/{id}"))).await.status, 200);
}
