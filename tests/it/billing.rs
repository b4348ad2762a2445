//! Subresellers, and the days of a month on which clients were billable.

mod counts;
mod days;
mod replies;
mod starts_and_zones;
mod subresellers;

use serde_json::Value;

use crate::support::{App, Caller, Reply};

/// Sets a client's history anew: when its billing status became what.
async fn history(app: &App, client: i64, told: &[(&str, &str)]) {
    sqlx::query("delete from client_events where client_id = $1").bind(client).execute(&app.db).await.expect("none");
    let (mut at, mut to): (Vec<&str>, Vec<&str>) = (vec!["2023-01-01T00:00:00Z"], vec!["none"]);
    at.extend(told.iter().map(|(at, _)| at));
    to.extend(told.iter().map(|(_, to)| to));
    let sql = "insert into client_events (partner_id, client_id, id, kind, to_status, to_billing_status, at)
               select c.partner_id, c.id, event_id(at), 'updated', 'active', billing, at
               from clients c, unnest($2::text[]::timestamptz[], $3::text[]) as told (at, billing) where c.id = $1";
    sqlx::query(sql).bind(client).bind(at).bind(to).execute(&app.db).await.expect("a history");
}

async fn billing(app: &App, caller: &Caller, query: &str) -> Reply {
    Reply::of(caller.get(app, &format!("/api/residential/billing?{query}"))).await
}

/// Every client of a reply.
fn clients(reply: &Reply) -> Vec<&Value> {
    assert_eq!(reply.status, 200, "{}", reply.text);
    let groups = reply.json["subresellers"].as_array().expect("groups").iter();
    groups.flat_map(|group| group["clients"].as_array().expect("clients")).collect()
}
