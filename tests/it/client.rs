//! Create, activate and suspend a client.

use crate::support::{App, Reply, steve_harris};
use serde_json::json;

#[tokio::test]
async fn the_example_values_of_the_documents_table_create_a_client() {
    let app = App::start().await;
    let caller = app.partner("Acme").await.log_in(&app).await;

    let reply = Reply::of(caller.post(&app, "/api/residential/client").query(&steve_harris())).await;

    assert_eq!(reply.status, 200);
    let id = &reply.json[0]["client"]["id"];
    assert_eq!(reply.json, json!([{"result": "OK", "client": {"id": id, "ns_domain": "steveharris.com"}}]));
}
