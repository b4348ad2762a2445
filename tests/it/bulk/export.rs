//! What an export holds.

use super::{EXPORT, lines, row};
use crate::support::{Reply, acme, steve_but};

#[tokio::test]
async fn an_export_has_every_client_of_the_partner_and_no_other_as_a_read_shows_it() {
    let (app, caller) = acme().await;
    let other = app.partner("Other").await.log_in(&app).await;
    other.new_client(&app).await;
    let file: Vec<String> = (0..450).map(|n| row("Steve", &n.to_string())).collect();
    caller.import(&app, "", "application/x-ndjson", file.join("\n")).await;

    let reply = Reply::read(caller.get(&app, EXPORT)).await;
    assert_eq!(reply.header("content-type"), "application/x-ndjson");
    let clients = lines(&reply.text);

    assert_eq!(clients.len(), 450);
    let read = Reply::of(caller.get(&app, &format!("/api/residential/client/{}", clients[300]["id"]))).await;
    assert_eq!(clients[300], read.json["client"]);
}

#[tokio::test]
async fn an_export_as_csv_can_be_imported_again() {
    let (app, caller) = acme().await;
    let address = "=1+1, \"quoted\"";
    caller.create(&app, &steve_but(&[("customer_id", "C-1"), ("address", address)])).await;
    caller.create(&app, &steve_but(&[("customer_id", "C-2"), ("same_billing_address", "no")])).await;
    let other = app.partner("Other").await.log_in(&app).await;

    let export = Reply::read(caller.get(&app, &format!("{EXPORT}?format=csv"))).await;
    assert_eq!(export.header("content-type"), "text/csv; charset=utf-8");
    let export = export.text;
    assert!(export.starts_with("id,ns_domain,status,billing_status,customer_id,"), "{export}");
    let told = other.import(&app, "", "text/csv", export).await;

    assert_eq!(told[2]["created"], 2, "{told:?}");
    let same: i64 = sqlx::query_scalar(
        "select count(*) from clients a join clients b using (customer_id, email, address, billing_address, subreseller_id)
         where a.partner_id < b.partner_id",
    )
    .fetch_one(&app.db)
    .await
    .expect("a count");
    assert_eq!(same, 2);
}

#[tokio::test]
async fn an_export_of_nothing_is_empty_but_for_the_names_of_its_columns() {
    let (app, caller) = acme().await;

    let ndjson = Reply::read(caller.get(&app, EXPORT)).await;
    let csv = Reply::read(caller.get(&app, &format!("{EXPORT}?format=csv"))).await;

    assert_eq!((ndjson.text.as_str(), csv.text.lines().count()), ("", 1));
}

#[tokio::test]
async fn an_export_takes_the_filters_of_a_list_and_has_what_the_list_has() {
    let (app, caller) = acme().await;
    for n in 0..6 {
        let (name, subreseller) = (["Steve", "Bruce"][n % 2], ["a", "b", "c"][n % 3]);
        let id = n.to_string();
        let changes = [("first_name", name), ("subreseller_id", subreseller), ("customer_id", id.as_str())];
        let reply = caller.create(&app, &steve_but(&changes)).await;
        if n < 3 {
            caller.transition(&app, reply.json["client"]["id"].as_i64().expect("an id"), "activate").await;
        }
    }

    let filters = [
        ("?status=active", 3),
        ("?subreseller_id=b", 2),
        ("?subreseller_id=b&status=active", 1),
        ("?q=bruce", 3),
        ("?q=bruce&status=pending&format=ndjson", 2),
        ("?email=EMAIL@email.com", 6),
        ("?customer_id=4", 1),
        ("?ns_domain=SteveHarris2.com", 1),
        ("?created_after=2020-01-01", 6),
        ("?created_before=2020-01-01", 0),
    ];
    for (query, count) in filters {
        let export = caller.get(&app, &format!("{EXPORT}{query}")).send().await.expect("a reply");
        assert_eq!(export.status(), 200, "{query}");
        let exported: Vec<_> =
            lines(&export.text().await.expect("a body")).iter().map(|client| client["id"].as_i64()).collect();
        assert_eq!(exported.len(), count, "{query}");
        let listed = caller.ids(&app, &query.replace("&format=ndjson", "")).await;
        assert_eq!(exported, listed.into_iter().map(Some).collect::<Vec<_>>(), "{query}");
    }
}

#[tokio::test]
async fn an_export_is_of_the_format_that_the_caller_accepts_unless_one_is_asked_for() {
    let (app, caller) = acme().await;
    caller.new_client(&app).await;

    let (ndjson, csv) = ("application/x-ndjson", "text/csv; charset=utf-8");
    let cases = [
        ("", "*/*", ndjson),
        ("", "application/json", ndjson),
        ("", "application/x-ndjson", ndjson),
        ("", "application/jsonl", ndjson),
        ("", "text/csv", csv),
        ("", "Text/CSV; q=0.5, text/html", csv),
        ("", "text/csv, application/x-ndjson", ndjson),
        ("", "text/csv, application/json;q=0", csv),
        ("?format=csv", "application/x-ndjson", csv),
        ("?format=ndjson", "text/csv", ndjson),
    ];
    for (query, accept, expected) in cases {
        let export =
            caller.get(&app, &format!("{EXPORT}{query}")).header("accept", accept).send().await.expect("a reply");
        assert_eq!(
            (export.status().as_u16(), &export.headers()["content-type"]),
            (200, &expected.parse().expect("a value")),
            "{accept}"
        );
        assert_eq!(export.headers()["vary"], "Accept");
        let first = export.text().await.expect("a body").chars().next();
        assert_eq!(first, Some(if expected == csv { 'i' } else { '{' }), "{accept}");
    }
    for accept in ["text/html", "text/csv;q=0", "application/xml"] {
        let export = Reply::of(caller.get(&app, EXPORT).header("accept", accept)).await;
        assert_eq!((export.status, export.error()), (406, "not_acceptable"), "{accept}");
    }
}
