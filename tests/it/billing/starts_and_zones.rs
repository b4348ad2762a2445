//! The day that billing starts on, and where a day begins.

use serde_json::json;

use super::{billing, clients, history};
use crate::support::acme;

#[tokio::test]
async fn the_start_is_the_one_that_holds_now_and_moves_no_day_before_the_activation() {
    let (app, caller) = acme().await;
    let client = caller.new_client(&app).await;
    caller.transition(&app, client, "activate").await;
    caller.transition(&app, client, "activate").await;
    let today: chrono::NaiveDate =
        sqlx::query_scalar("select (now() at time zone 'UTC')::date").fetch_one(&app.db).await.expect("a day");
    let month = format!("month={}", today.format("%Y-%m"));
    let day = |days| (today + chrono::TimeDelta::days(days)).format("%Y-%m-%d").to_string();

    for (start, days) in
        [(day(1), None), (day(0), Some(1)), (day(40), None), (day(-40), Some(1)), (String::new(), Some(1))]
    {
        let reply = caller.change(&app, client, &[("start_billing_date", &start)]).await;
        assert_eq!(reply.status, 200, "{}", reply.text);

        let reply = billing(&app, &caller, &month).await;

        let found = clients(&reply).first().and_then(|client| client["days"].as_i64());
        assert_eq!(found, days, "{start:?} on {today}");
    }
}

#[tokio::test]
async fn a_day_is_one_in_utc_wherever_the_database_believes_to_be() {
    let (app, caller) = acme().await;
    let client = caller.new_client(&app).await;
    history(&app, client, &[("2024-03-01T03:00:00Z", "active"), ("2024-03-31T23:30:00Z", "suspended")]).await;
    let name: String = sqlx::query_scalar("select current_database()").fetch_one(&app.db).await.expect("a name");
    for zone in ["America/New_York", "Asia/Kathmandu", "Europe/Madrid"] {
        let sql = sqlx::AssertSqlSafe(format!("alter database {name} set timezone = '{zone}'"));
        sqlx::raw_sql(sql).execute(&app.db).await.expect("a setting");
        let there = app.second().await;

        let reply = billing(&there, &caller, "month=2024-03").await;

        let told = clients(&reply)[0];
        assert_eq!(
            (&told["days"], &told["from"], &told["to"]),
            (&json!(31), &json!("2024-03-01"), &json!("2024-03-31"))
        );
        assert_eq!(clients(&billing(&there, &caller, "month=2024-04").await).len(), 0, "{zone}");
        assert_eq!(clients(&billing(&there, &caller, "month=2024-02").await).len(), 0, "{zone}");
    }
}
