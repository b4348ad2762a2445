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
