//! Change what is told of a client.

use reqwest::{Method, multipart};
use serde_json::{Value, json};

use crate::support::{CLIENT, Reply, acme, steve_but, steve_harris};

#[tokio::test]
async fn what_is_sent_changes_and_the_rest_stays_in_every_form_of_a_request() {
    let (app, caller) = acme().await;
    let id = caller.new_client(&app).await;
    let path = format!("{CLIENT}/{id}");
    let mut expected = caller.read(&app, &path).await.json["client"].clone();

    for (name, value, request) in [
        ("email", "a@b.example", caller.post(&app, &path).form(&[("email", "a@b.example")])),
        ("first_name", "Łukasz", caller.request(&app, Method::PATCH, &path).json(&json!({"first_name": " Łukasz "}))),
        ("last_name", "O'Neil", caller.request(&app, Method::PATCH, &path).query(&[("last_name", "O'Neil")])),
        ("customer_id", "C-7", caller.post(&app, &path).multipart(multipart::Form::new().text("customer_id", "C-7"))),
        ("start_billing_date", "2024-02-29", caller.post(&app, &path).query(&[("start_billing_date", "02/29/2024")])),
        ("subreseller_id", "77", caller.post(&app, &path).json(&json!({"subreseller_id": 77}))),
    ] {
        let reply = Reply::of(request).await;

        assert_eq!(reply.status, 200, "{}", reply.text);
        let client = &reply.json["client"];
        assert!(client["updated_at"].as_str() > expected["updated_at"].as_str(), "{name}");
        expected[name] = value.into();
        expected["updated_at"] = client["updated_at"].clone();
        assert_eq!(client, &expected);
        assert_eq!(caller.read(&app, &path).await.text, reply.text);
    }
    assert_eq!(app.events(id).await.len(), 7);
}

#[tokio::test]
async fn an_event_names_what_changed_and_keeps_no_value() {
    let (app, caller) = acme().await;
    let id = caller.new_client(&app).await;
    caller.transition(&app, id, "activate").await;

    caller
        .change(&app, id, &[("address", "1 New street"), ("email", "email@email.com"), ("has_subreseller_id", "no")])
        .await;

    let events = caller.read(&app, &format!("{CLIENT}/{id}/events?order=desc&limit=1")).await;
    let event = &events.json["events"][0];
    assert_eq!(event["type"], "updated");
    assert_eq!(event["changed"], json!(["has_subreseller_id", "subreseller_id", "address", "billing_address"]));
    assert_eq!(event["from"], json!({"status": "active", "billing_status": "active"}));
    assert_eq!(event["to"], event["from"]);
    let stored: String = sqlx::query_scalar("select string_agg(e::text, ' ') from client_events e")
        .fetch_one(&app.db)
        .await
        .expect("events");
    assert!(!stored.contains("street") && !stored.contains("email.com"), "{stored}");
}

#[tokio::test]
async fn what_changes_nothing_leaves_no_event_and_no_trace() {
    let (app, caller) = acme().await;
    let id = caller.new_client(&app).await;
    let before = caller.read(&app, &format!("{CLIENT}/{id}")).await;

    for parameters in [&steve_harris()[..], &[], &[("email", " email@email.com ")], &[("fluffiness", "5")]] {
        let reply = caller.change(&app, id, parameters).await;
        assert_eq!((reply.status, &reply.text), (200, &before.text));
        assert_eq!(reply.header("etag"), before.header("etag"));
    }
    assert_eq!(app.events(id).await.len(), 1);
}

#[tokio::test]
async fn the_billing_address_follows_the_address_where_it_is_the_same() {
    let (app, caller) = acme().await;
    let id = caller.new_client(&app).await;
    let billing = |reply: &Reply| {
        let client = &reply.json["client"];
        [client["same_billing_address"].clone(), client["billing_address"].clone(), client["billing_zipcode"].clone()]
    };

    let moved = caller.change(&app, id, &[("address", "1 New street"), ("zipcode", "00501")]).await;
    assert_eq!(billing(&moved), [json!(true), json!("1 New street"), json!("00501")]);
    let own = [("sameBillingAddress", "no"), ("billing_address", "PO Box 1"), ("billing_zipcode", "10001")];
    assert_eq!(billing(&caller.change(&app, id, &own).await), [json!(false), json!("PO Box 1"), json!("10001")]);
    let moved = caller.change(&app, id, &[("address", "2 New street"), ("billing_zipcode", "10002")]).await;
    assert_eq!(billing(&moved), [json!(false), json!("PO Box 1"), json!("10002")]);
    let same = caller.change(&app, id, &[("same_billing_address", "true"), ("billing_zipcode", "nonsense")]).await;
    assert_eq!(billing(&same), [json!(true), json!("2 New street"), json!("00501")]);
}

#[tokio::test]
async fn an_optional_member_is_taken_away_by_an_empty_value() {
    let (app, caller) = acme().await;
    let full = steve_but(&[("customer_id", "C-1"), ("start_billing_date", "2026-01-01")]);
    let id = caller.create(&app, &full).await.json["client"]["id"].as_i64().expect("an id");

    let path = format!("{CLIENT}/{id}");
    let request = caller.request(&app, Method::PATCH, &path);
    let reply = Reply::of(request.json(&json!({"customer_id": null, "start_billing_date": ""}))).await;

    let client = &reply.json["client"];
    assert_eq!((&client["customer_id"], &client["start_billing_date"]), (&Value::Null, &Value::Null));
    assert_eq!(caller.create(&app, &full).await.status, 201);
    let reply = caller.change(&app, id, &[("has_subreseller_id", "false")]).await;
    assert_eq!(reply.json["client"]["subreseller_id"], Value::Null);
}

#[tokio::test]
async fn a_customer_id_that_another_client_has_is_refused_and_nothing_changes() {
    let (app, caller) = acme().await;
    let holder = caller.create(&app, &steve_but(&[("customer_id", "C-1")])).await.json["client"].clone();
    let id = caller.new_client(&app).await;
    let before = caller.read(&app, &format!("{CLIENT}/{id}")).await.text;

    let reply = caller.change(&app, id, &[("customer_id", "C-1"), ("email", "a@b.example")]).await;

    assert_eq!((reply.status, reply.error()), (409, "duplicate_customer_id"));
    assert_eq!(reply.json["client"], json!({"id": holder["id"], "ns_domain": holder["ns_domain"]}));
    assert_eq!(caller.read(&app, &format!("{CLIENT}/{id}")).await.text, before);
    assert_eq!(app.events(id).await.len(), 1);
}

#[tokio::test]
async fn a_change_of_what_has_changed_since_is_refused_with_if_match() {
    let (app, caller) = acme().await;
    let id = caller.new_client(&app).await;
    let path = format!("{CLIENT}/{id}");
    let seen = caller.read(&app, &path).await.header("etag").to_owned();
    let change = async |tag: &str, email: &str| {
        Reply::of(caller.request(&app, Method::PATCH, &path).header("if-match", tag).form(&[("email", email)])).await
    };

    let first = change(&seen, "first@b.example").await;
    assert_eq!(first.status, 200);
    for stale in [seen.as_str(), "\"x\"", "x", "", &format!("W/{}", first.header("etag"))] {
        let lost = change(stale, "second@b.example").await;
        lost.is_refused(412, "precondition_failed", "The client has changed since it was read.");
    }
    assert_eq!(change(&seen, "nobody").await.status, 422);
    let listed = format!("\"x\", {}", first.header("etag"));
    assert_eq!(change(&listed, "third@b.example").await.json["client"]["email"], "third@b.example");
    assert_eq!(change("*", "fourth@b.example").await.status, 200);
    assert_eq!(app.events(id).await.len(), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_that_saw_the_same_one_changes_and_the_other_is_told() {
    let (app, caller) = acme().await;
    let id = caller.new_client(&app).await;
    let path = format!("{CLIENT}/{id}");

    for round in 0..20 {
        let seen = caller.read(&app, &path).await.header("etag").to_owned();
        let change = async |who: &str| {
            let email = format!("{who}{round}@b.example");
            let request = caller.request(&app, Method::PATCH, &path).header("if-match", &seen);
            Reply::of(request.form(&[("email", email)])).await.status
        };
        let mut statuses: [u16; 2] = tokio::join!(change("a"), change("b")).into();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 412]);
    }
    assert_eq!(app.events(id).await.len(), 21);
}
