//! The subresellers in use.

use serde_json::json;

use crate::support::{Reply, acme, steve_but};

#[tokio::test]
async fn subresellers_are_listed_with_how_many_clients_of_each_status_they_have() {
    let (app, caller) = acme().await;
    for (subreseller, actions) in
        [("7", &[][..]), ("7", &["activate"]), ("7", &["activate", "cancel"]), ("10", &["suspend"]), ("é", &[])]
    {
        let reply = caller.create(&app, &steve_but(&[("subreseller_id", subreseller)])).await;
        let id = reply.json["client"]["id"].as_i64().expect("an id");
        for action in actions {
            caller.transition(&app, id, action).await;
        }
    }
    caller.create(&app, &steve_but(&[("has_subreseller_id", "false"), ("subreseller_id", "")])).await;
    app.partner("Other").await.log_in(&app).await.new_client(&app).await;

    let reply = Reply::of(caller.get(&app, "/api/residential/subreseller")).await;

    let counts = |pending, active, suspended, cancelled| {
        json!({"pending": pending, "active": active, "suspended": suspended, "cancelled": cancelled,
               "total": pending + active + suspended + cancelled})
    };
    let expected = [("10", counts(0, 0, 1, 0)), ("7", counts(1, 1, 0, 1)), ("é", counts(1, 0, 0, 0))];
    let expected = expected.map(|(id, clients)| json!({"subreseller_id": id, "clients": clients}));
    assert_eq!(reply.json, json!({"result": "OK", "subresellers": expected, "next": null}));

    let first = Reply::of(caller.get(&app, "/api/residential/subreseller?limit=2")).await;
    assert_eq!(first.json["subresellers"], json!(expected[..2]));
    let next = first.json["next"].as_str().expect("a cursor");
    assert_eq!(first.header("link"), format!("</api/residential/subreseller?limit=2&after={next}>; rel=\"next\""));
    let second = Reply::of(caller.get(&app, &format!("/api/residential/subreseller?limit=2&after={next}"))).await;
    assert_eq!(second.json, json!({"result": "OK", "subresellers": expected[2..], "next": null}));
}

#[tokio::test]
async fn who_has_none_gets_an_empty_list() {
    let (app, caller) = acme().await;
    let reply = Reply::of(caller.get(&app, "/api/residential/subreseller")).await;
    assert_eq!(reply.json, json!({"result": "OK", "subresellers": [], "next": null}));
}
