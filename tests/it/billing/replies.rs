//! How it is asked, and told.

use serde_json::json;

use super::{billing, clients, history};
use crate::support::{App, Caller, Reply, acme, steve_but};

const ACTIVE: &[(&str, &str)] = &[("2024-02-10T00:00:00Z", "active"), ("2024-02-12T00:00:00Z", "suspended")];

async fn billed(app: &App, caller: &Caller, changes: &[(&str, &str)]) -> i64 {
    let reply = caller.create(app, &steve_but(changes)).await;
    let id = reply.json["client"]["id"].as_i64().expect("an id");
    history(app, id, ACTIVE).await;
    id
}

#[tokio::test]
async fn clients_are_grouped_by_subreseller_those_without_first() {
    let (app, caller) = acme().await;
    let of_b = billed(&app, &caller, &[("subreseller_id", "b"), ("customer_id", "C-1")]).await;
    let of_a = billed(&app, &caller, &[("subreseller_id", "B")]).await;
    let alone = [("has_subreseller_id", "false"), ("subreseller_id", "")];
    let first = billed(&app, &caller, &alone).await;
    let second = billed(&app, &caller, &alone).await;

    let reply = billing(&app, &caller, "month=2024-02").await;

    let line = |id: i64, domain: &str, customer: Option<&str>| json!({"id": id, "ns_domain": domain, "customer_id": customer, "days": 2, "from": "2024-02-10", "to": "2024-02-11"});
    let expected = json!({"result": "OK", "month": "2024-02", "complete": true, "subresellers": [
        {"subreseller_id": null, "days": 4,
         "clients": [line(first, "steveharris3.com", None), line(second, "steveharris4.com", None)]},
        {"subreseller_id": "B", "days": 2, "clients": [line(of_a, "steveharris2.com", None)]},
        {"subreseller_id": "b", "days": 2, "clients": [line(of_b, "steveharris.com", Some("C-1"))]},
    ], "next": null});
    assert_eq!(reply.json, expected);
    let one = billing(&app, &caller, "month=2024-02&subreseller_id=b").await;
    assert_eq!(one.json["subresellers"], json!([expected["subresellers"][2]]));
}

#[tokio::test]
async fn pages_lead_through_all_of_them_once() {
    let (app, caller) = acme().await;
    let mut ids = Vec::new();
    for subreseller in ["y", "x", "y", "x", "x"] {
        ids.push((subreseller, billed(&app, &caller, &[("subreseller_id", subreseller)]).await));
    }
    ids.sort_unstable();

    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let reply = billing(&app, &caller, &format!("month=2024-02&limit=2{after}")).await;
        found.extend(clients(&reply).iter().map(|client| client["id"].as_i64().expect("an id")));
        let Some(next) = reply.json["next"].as_str() else { break };
        let link = format!("</api/residential/billing?month=2024%2D02&limit=2&after={next}>; rel=\"next\"");
        assert_eq!(reply.header("link"), link);
        after = format!("&after={next}");
    }

    assert_eq!(found, ids.iter().map(|(_, id)| *id).collect::<Vec<_>>());
    let other = billing(&app, &caller, &format!("month=2024-01{after}")).await;
    other.is_refused(400, "invalid_request", "The cursor in after does not belong to this list.");
}

#[tokio::test]
async fn it_is_csv_for_who_asks_for_that() {
    let (app, caller) = acme().await;
    let id = billed(&app, &caller, &[("subreseller_id", "a, \"b\""), ("customer_id", "C-1")]).await;
    let text = format!(
        "subreseller_id,id,ns_domain,customer_id,days,from,to\r\n\
         \"a, \"\"b\"\"\",{id},steveharris.com,\"C-1\",2,2024-02-10,2024-02-11\r\n"
    );
    for (query, accept, csv) in [
        ("&format=csv", "*/*", true),
        ("&format=csv", "application/json", true),
        ("", "text/csv", true),
        ("", "text/csv, application/json", false),
        ("", "text/html, */*", false),
        ("&format=json", "text/csv", false),
    ] {
        let request = caller.get(&app, &format!("/api/residential/billing?month=2024-02{query}"));
        let reply = Reply::read(request.header("accept", accept)).await;
        let content_type = reply.header("content-type");
        assert_eq!((reply.status, reply.header("vary")), (200, "Accept"));
        if csv {
            assert_eq!((content_type, &reply.text), ("text/csv; charset=utf-8; header=present", &text), "{accept}");
        } else {
            assert_eq!(content_type, "application/json", "{query} {accept}");
        }
    }
    let neither = caller.get(&app, "/api/residential/billing?month=2024-02").header("accept", "text/html");
    Reply::of(neither).await.is_refused(406, "not_acceptable", "The reply is JSON: accept application/json.");
}

#[tokio::test]
async fn a_month_that_is_missing_wrong_or_to_come_is_refused() {
    let (app, caller) = acme().await;
    billing(&app, &caller, "").await.is_invalid(&[("month", "The month field is required.")]);
    for month in ["2024", "2024-13", "2024-00", "2024-2", "24-02", "2024-02-01", "0000-01", "9999-01", "%2B024-02"] {
        billing(&app, &caller, &format!("month={month}"))
            .await
            .is_invalid(&[("month", "The month format is invalid.")]);
    }
    billing(&app, &caller, "month=2062-01&format=xml")
        .await
        .is_invalid(&[("month", "The month has not begun."), ("format", "The format format is invalid.")]);
    let unknown = billing(&app, &caller, "month=2024-01&moth=1").await;
    unknown.is_refused(400, "invalid_request", "There is a parameter that is unknown here.");
}

#[tokio::test]
async fn nobody_sees_another_partners_or_without_the_scope() {
    let (app, caller) = acme().await;
    billed(&app, &caller, &[]).await;
    let other = app.partner("Other").await;
    let none = billing(&app, &other.log_in(&app).await, "month=2024-02").await;
    assert_eq!(none.json["subresellers"], json!([]));
    let creator = other.log_in_for(&app, "client:create").await;
    for path in ["/api/residential/billing?month=2024-02", "/api/residential/subreseller"] {
        assert_eq!(Reply::of(creator.get(&app, path)).await.error(), "insufficient_scope");
        assert_eq!(Reply::of(app.get(path)).await.error(), "unauthenticated");
        assert_eq!(Reply::of(creator.post(&app, path)).await.error(), "method_not_allowed");
    }
}
