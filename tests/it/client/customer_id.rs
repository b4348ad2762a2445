//! `customer_id`: the partner's own id of a client, which no two of its clients have.

use serde_json::json;

use crate::support::{App, Caller, Reply, acme, json_of, steve_but, steve_harris, steve_json};

async fn create(app: &App, caller: &Caller, customer_id: &str) -> Reply {
    caller.create(app, &steve_but(&[("customer_id", customer_id)])).await
}

#[tokio::test]
async fn a_taken_one_is_refused_with_the_client_that_has_it() {
    let (app, caller) = acme().await;
    let first = create(&app, &caller, "C-1").await;
    assert_eq!(first.json["client"]["customer_id"], "C-1");
    let parameters = steve_but(&[("first_name", "Bruce"), ("customer_id", " C-1 ")]);

    let object = caller.create(&app, &parameters).await;
    let documented = Reply::of(caller.creation(&app).query(&parameters)).await;
    let in_json = caller.create_json(&app, &json_of(&parameters).into()).await;

    for reply in [object, documented, in_json] {
        let body = json!({
            "result": "ERROR",
            "error": "duplicate_customer_id",
            "message": "The customer id belongs to another client.",
            "client": {"id": first.json["client"]["id"], "ns_domain": "steveharris.com"},
            "request_id": reply.header("x-request-id"),
        });
        assert_eq!((reply.status, &reply.text), (409, &body.to_string()));
    }
    for table in ["clients", "client_events", "ns_domains", "ns_domain_counters"] {
        assert_eq!(app.rows(table).await, 1, "{table}");
    }
}

#[tokio::test]
async fn it_stays_taken_whatever_becomes_of_the_client() {
    let (app, caller) = acme().await;
    let id = create(&app, &caller, "C-1").await.json["client"]["id"].as_i64().expect("an id");

    for action in ["activate", "suspend"] {
        assert_eq!(caller.transition(&app, id, action).await.status, 200);
        assert_eq!(create(&app, &caller, "C-1").await.json["client"]["id"], id);
    }
}

#[tokio::test]
async fn partners_do_not_see_each_others() {
    let (app, acme) = acme().await;
    let other = app.partner("Other").await.log_in(&app).await;
    let of_acme = create(&app, &acme, "C-1").await;

    let of_other = create(&app, &other, "C-1").await;
    let again = create(&app, &other, "C-1").await;

    assert_eq!(of_other.status, 201, "{}", of_other.text);
    assert_eq!((again.status, &again.json["client"]["id"]), (409, &of_other.json["client"]["id"]));
    assert_eq!(again.json["client"]["ns_domain"], "steveharris2.com");
    assert_ne!(again.json["client"]["id"], of_acme.json["client"]["id"]);
}

#[tokio::test]
async fn it_is_compared_to_the_letter_and_many_may_have_none() {
    let (app, caller) = acme().await;

    for customer_id in ["a", "A", "ä", "a\u{308}", "1", "01", "🎸", "", "", " "] {
        let reply = create(&app, &caller, customer_id).await;
        assert_eq!(reply.status, 201, "{customer_id}: {}", reply.text);
    }
    assert_eq!(caller.create(&app, &steve_harris()).await.status, 201);
}

#[tokio::test]
async fn a_number_is_not_a_text() {
    let (app, caller) = acme().await;

    for value in [json!(1), json!(true), json!(1.5)] {
        let reply = caller.create_json(&app, &steve_json("customer_id", value)).await;
        reply.is_invalid(&[("customer_id", "The customer id format is invalid.")]);
    }
}
