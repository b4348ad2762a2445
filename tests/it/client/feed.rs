//! A partner's feed: every event of all its clients.

use serde_json::{Value, json};

use crate::support::{CLIENT, acme, steve_harris};

const FEED: &str = "/api/residential/event";

fn kinds(events: &[Value]) -> Vec<(i64, &str)> {
    let kind = |event: &'_ Value| event["client"]["id"].as_i64().expect("an id");
    events.iter().map(|event| (kind(event), event["type"].as_str().expect("a type"))).collect()
}

#[tokio::test]
async fn it_has_every_event_of_every_client_in_order_and_no_other_partners() {
    let (app, caller) = acme().await;
    let other = app.partner("Other").await.log_in(&app).await;
    let a = caller.new_client(&app).await;
    other.new_client(&app).await;
    let b = caller.new_client(&app).await;
    caller.transition(&app, a, "activate").await;
    caller.change(&app, b, &[("email", "a@b.example")]).await;
    caller.transition(&app, a, "cancel").await;

    let events = caller.feed(&app, 5).await;

    let expected = [(a, "created"), (b, "created"), (a, "activated"), (b, "updated"), (a, "cancelled")];
    assert_eq!(kinds(&events), expected);
    let history = caller.read(&app, &format!("{CLIENT}/{a}/events")).await;
    assert_eq!(json!([events[0], events[2], events[4]]), history.json["events"]);
}

#[tokio::test]
async fn whoever_was_away_goes_on_from_the_last_cursor() {
    let (app, caller) = acme().await;
    let nothing = caller.read(&app, FEED).await;
    assert_eq!(nothing.text, r#"{"result":"OK","events":[],"next":null}"#);
    let id = caller.new_client(&app).await;
    caller.feed(&app, 1).await;
    let first = caller.read(&app, &format!("{FEED}?limit=1")).await;
    let next = first.json["next"].as_str().expect("a cursor").to_owned();
    assert_eq!(first.header("link"), format!(r#"<{FEED}?limit=1&after={next}>; rel="next""#));

    let end = caller.read(&app, &format!("{FEED}?after={next}")).await;
    assert_eq!(end.json, json!({"result": "OK", "events": [], "next": next}));
    assert_eq!(end.header("link"), "");
    caller.transition(&app, id, "activate").await;
    caller.feed(&app, 2).await;
    let later = caller.read(&app, &format!("{FEED}?after={next}&limit=200")).await;
    assert_eq!(kinds(later.json["events"].as_array().expect("events")), [(id, "activated")]);
}

#[tokio::test]
async fn it_goes_on_in_order_where_the_data_moved_to_a_cluster_with_smaller_transaction_ids() {
    let (app, caller) = acme().await;
    let id = caller.new_client(&app).await;
    caller.transition(&app, id, "activate").await;
    caller.feed(&app, 2).await;
    // What was written so far had greater ids than this cluster's, and another one gave them out.
    app.execute("update client_events set position = position + 1000000000; update clients set last_position = last_position + 1000000000").await;
    app.execute("update event_eras set cluster = 1").await;

    app.migrate().await;
    caller.transition(&app, id, "cancel").await;

    assert_eq!(kinds(&caller.feed(&app, 3).await), [(id, "created"), (id, "activated"), (id, "cancelled")]);
    app.migrate().await;
    assert_eq!(app.rows("event_eras").await, 2);
}

#[tokio::test]
async fn an_event_that_a_server_of_the_version_before_writes_is_in_it() {
    let (app, caller) = acme().await;
    let id = Value::from(caller.new_client(&app).await);
    caller.create(&app, &steve_harris()).await;
    app.execute(
        "insert into client_events (partner_id, client_id, id, from_status, to_status, at, user_id, oauth_client_id, request_id)
         select partner_id, client_id, gen_random_uuid(), 'pending', 'active', now(), user_id, oauth_client_id, 'old-one-1'
         from client_events where client_id = 1",
    )
    .await;

    let events = caller.feed(&app, 3).await;

    assert_eq!((&events[2]["client"]["id"], &events[2]["type"]), (&id, &"activated".into()));
    assert_eq!(events[2]["from"], json!({"status": "pending", "billing_status": null}));
}
