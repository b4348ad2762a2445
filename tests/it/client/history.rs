//! A client's history.

use serde_json::{Value, json};

use crate::support::{CLIENT, Reply, acme, steve_harris};

#[tokio::test]
async fn each_event_says_what_from_what_to_what_why_when_who_and_by_which_request() {
    let (app, caller) = acme().await;
    let create = caller.creation(&app).form(&steve_harris()).header("x-request-id", "creation-1");
    let id = Reply::of(create).await.json["client"]["id"].as_i64().expect("an id");
    let cancel = caller.post(&app, &format!("{CLIENT}/{id}/cancel")).form(&[("reason", "moved out")]);
    Reply::of(cancel.header("x-request-id", "cancellation-1")).await;
    let username: String = sqlx::query_scalar("select username from users").fetch_one(&app.db).await.expect("a user");

    let events = caller.read(&app, &format!("{CLIENT}/{id}/events")).await;

    let told = events.json["events"].as_array().expect("events");
    let client = json!({"id": id, "ns_domain": "steveharris.com"});
    let by = json!({"client_id": caller.claims()["client_id"], "user_id": caller.claims()["sub"], "username": username,
                    "operator": false});
    let whole = caller.read(&app, &format!("{CLIENT}/{id}")).await.json["client"].clone();
    let created = json!({"id": told[0]["id"], "type": "created", "client": client, "from": null,
                         "to": {"status": "pending", "billing_status": "none"}, "changed": [], "reason": null,
                         "at": whole["created_at"], "by": by, "request_id": "creation-1"});
    let cancelled = json!({"id": told[1]["id"], "type": "cancelled", "client": client,
                           "from": {"status": "pending", "billing_status": "none"},
                           "to": {"status": "cancelled", "billing_status": "none"}, "changed": [],
                           "reason": "moved out", "at": whole["status_changed_at"], "by": by,
                           "request_id": "cancellation-1"});
    let body = json!({"result": "OK", "events": [created, cancelled], "next": null});
    assert_eq!((events.status, events.text), (200, body.to_string()));
}

#[tokio::test]
async fn it_comes_oldest_or_newest_first_page_by_page() {
    let (app, caller) = acme().await;
    let id = caller.new_client(&app).await;
    for action in ["activate", "suspend", "cancel", "activate"] {
        caller.transition(&app, id, action).await;
    }
    let path = format!("{CLIENT}/{id}/events");
    let kinds = async |query: &str| {
        let pages = caller.pages(&app, &path, query).await;
        let events = pages.iter().flat_map(|page| page["events"].as_array().expect("events"));
        events.map(|event| event["type"].as_str().expect("a type").to_owned()).collect::<Vec<_>>()
    };
    let oldest = ["created", "activated", "suspended", "cancelled", "activated"];
    let mut newest = oldest;
    newest.reverse();

    for limit in 1..=6 {
        assert_eq!(kinds(&format!("limit={limit}")).await, oldest);
        assert_eq!(kinds(&format!("order=asc&limit={limit}")).await, oldest);
        assert_eq!(kinds(&format!("order=desc&limit={limit}")).await, newest);
    }
    let first = caller.read(&app, &format!("{path}?limit=2&order=desc")).await;
    assert!(first.header("link").starts_with(&format!("<{path}?order=desc&limit=2&after=")), "{first:?}");
}

#[tokio::test]
async fn what_an_operator_did_is_told_and_not_which_account_of_ours() {
    let (app, caller) = acme().await;
    let id = caller.new_client(&app).await;
    app.execute(
        "insert into client_events (partner_id, client_id, id, kind, from_status, to_status, at, operator)
         select partner_id, id, event_id(now()), 'reset', 'active', 'pending', now(), 'root-of-ours' from clients",
    )
    .await;

    let events = caller.read(&app, &format!("{CLIENT}/{id}/events?order=desc")).await;

    let event = &events.json["events"][0];
    assert_eq!(event["type"], "reset");
    assert_eq!(event["by"], json!({"client_id": null, "user_id": null, "username": null, "operator": true}));
    assert_eq!(event["request_id"], Value::Null);
    assert!(!events.text.contains("root-of-ours"));
}

#[tokio::test]
async fn ids_are_uuids_of_version_7_that_sort_as_the_events_happened() {
    let (app, caller) = acme().await;
    let id = caller.new_client(&app).await;
    for _ in 0..20 {
        caller.transition(&app, id, "activate").await;
        caller.transition(&app, id, "suspend").await;
    }

    let events = caller.read(&app, &format!("{CLIENT}/{id}/events")).await;

    let events = events.json["events"].as_array().expect("events");
    assert_eq!(events.len(), 41);
    for pair in events.windows(2) {
        assert!(pair[0]["id"].as_str() < pair[1]["id"].as_str() && pair[0]["at"].as_str() < pair[1]["at"].as_str());
    }
    let ids: Vec<uuid::Uuid> =
        events.iter().map(|e| e["id"].as_str().expect("an id").parse().expect("a UUID")).collect();
    for (id, event) in ids.iter().zip(events) {
        let (seconds, nanos) = id.get_timestamp().expect("a time").to_unix();
        let at = chrono::DateTime::parse_from_rfc3339(event["at"].as_str().expect("a time")).expect("a time");
        assert_eq!((id.get_version_num(), id.get_variant()), (7, uuid::Variant::RFC4122));
        assert_eq!((seconds, nanos / 1_000_000), (at.timestamp().unsigned_abs(), at.timestamp_subsec_millis()));
    }
}

#[tokio::test]
async fn a_clock_that_goes_back_does_not_put_a_later_event_before_an_earlier_one() {
    let (app, caller) = acme().await;
    let id = caller.new_client(&app).await;
    app.execute("update clients set updated_at = now() + interval '1 hour'").await;
    caller.transition(&app, id, "activate").await;
    caller.transition(&app, id, "suspend").await;

    let events = caller.read(&app, &format!("{CLIENT}/{id}/events")).await;

    let kinds: Vec<&str> =
        events.json["events"].as_array().expect("events").iter().filter_map(|e| e["type"].as_str()).collect();
    assert_eq!(kinds, ["created", "activated", "suspended"]);
}
