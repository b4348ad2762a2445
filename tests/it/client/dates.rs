//! `start_billing_date`: a real day in either of two forms.

use serde_json::{Value, json};

use crate::support::{acme, steve_but, steve_harris, steve_json};

#[tokio::test]
async fn a_real_day_is_kept_in_either_form() {
    let (app, caller) = acme().await;

    for (sent, kept) in [
        ("2017-05-23", "2017-05-23"),
        ("05/23/2017", "2017-05-23"),
        ("2024-02-29", "2024-02-29"),
        ("02/29/2024", "2024-02-29"),
        ("2000-02-29", "2000-02-29"),
        ("01/02/2017", "2017-01-02"),
        ("1999-12-31", "1999-12-31"),
        ("2199-12-31", "2199-12-31"),
        (" 2017-05-23 ", "2017-05-23"),
    ] {
        let reply = caller.create(&app, &steve_but(&[("start_billing_date", sent)])).await;
        assert_eq!(reply.json["client"]["start_billing_date"], kept, "{sent}: {}", reply.text);
        let stored: String =
            sqlx::query_scalar("select to_char(start_billing_date, 'YYYY-MM-DD') from clients where id = $1")
                .bind(reply.json["client"]["id"].as_i64())
                .fetch_one(&app.db)
                .await
                .expect("a date");
        assert_eq!(stored, kept);
    }
    let without = caller.create(&app, &steve_harris()).await;
    assert_eq!(without.json["client"]["start_billing_date"], Value::Null);
}

#[tokio::test]
async fn what_is_no_day_or_in_another_form_is_refused() {
    let (app, caller) = acme().await;
    let why = [("start_billing_date", "The start billing date is not a valid date.")];

    for text in [
        "2023-02-29",
        "02/29/2023",
        "2100-02-29",
        "13/45/2024",
        "2024-13-45",
        "2024-00-10",
        "2024-01-00",
        "04/31/2024",
        "29/02/2024",
        "2024-2-9",
        "2/9/2024",
        "02-29-2024",
        "2024/02/29",
        "24-02-29",
        "02/29/24",
        "20240229",
        "0000-01-01",
        "2024-02-29T00:00:00Z",
        "2024-02 -29",
        "+2024-02-9",
        "-024-02-29",
        "２０２４-０２-２９",
        "2024-02-29x",
        "12024-01-1",
        "tomorrow",
        "now",
        "infinity",
        "0",
        "1495497600",
    ] {
        caller.create(&app, &steve_but(&[("start_billing_date", text)])).await.is_invalid(&why);
    }
    for value in [json!(20_240_229), json!(1.5), json!(true), json!(false)] {
        caller.create_json(&app, &steve_json("start_billing_date", value)).await.is_invalid(&why);
    }
    app.has_no_client().await;
}
