//! What an import makes of its rows.

use serde_json::{Value, json};

use super::row;
use crate::support::acme;

const NDJSON: &str = "application/x-ndjson";

fn sum(rows: u64, created: u64, existing: u64, failed: u64, dry_run: bool) -> Value {
    let result = if failed == 0 { "OK" } else { "ERROR" };
    json!({"result": result, "rows": rows, "created": created, "existing": existing, "failed": failed, "dry_run": dry_run})
}

#[tokio::test]
async fn each_row_stands_for_itself_and_is_told_by_its_number() {
    let (app, caller) = acme().await;
    let file = [
        row("Steve", "1"),
        r#"{"email":"x","first_name":"Dora"}"#.to_owned(),
        String::new(),
        "[]".to_owned(),
        row("Steve", "1"),
        row("Bruce", ""),
    ];

    let told = caller.import(&app, "", NDJSON, file.join("\n")).await;

    assert_eq!(told.len(), 6);
    let first = &told[0]["client"];
    assert_eq!(
        told[0],
        json!({"row": 1, "result": "OK", "client": {"id": first["id"], "ns_domain": "steveharris.com"}})
    );
    assert_eq!(
        (&told[1]["row"], &told[1]["result"], &told[1]["error"]),
        (&json!(2), &json!("ERROR"), &json!("validation_failed"))
    );
    assert_eq!(told[1]["errors"]["email"], json!(["The email must be a valid email address."]));
    assert_eq!(
        told[2],
        json!({"row": 3, "result": "ERROR", "error": "invalid_request", "message": "The row is not a JSON object."})
    );
    assert_eq!(told[3], json!({"row": 4, "result": "EXISTS", "client": first}));
    assert_eq!((&told[4]["row"], &told[4]["client"]["ns_domain"]), (&json!(5), &json!("bruceharris.com")));
    assert_eq!(told[5], sum(5, 2, 1, 2, false));
    let event = &app.events(first["id"].as_i64().expect("an id")).await[0];
    let claims = caller.claims();
    assert_eq!(
        (json!(event.user_id), json!(event.oauth_client_id)),
        (claims["sub"].clone(), claims["client_id"].clone())
    );
    assert_eq!(event.to_status, "pending");
}

#[tokio::test]
async fn csv_has_a_row_of_names_and_quotes_as_in_rfc_4180() {
    let (app, caller) = acme().await;
    let names = "has_subreseller_id,email,first_name,last_name,zipcode,address,same_billing_address,customer_id,note";
    let file = format!(
        "\u{feff}{names}\r\nno,a@example.com,Dora,\"Núñez\",02134,\"1 Main Street, \"\"A\"\"\",yes,7,ignored\r\nno,a@example.com\r\n"
    );

    let told = caller.import(&app, "", "text/csv; charset=utf-8", file).await;

    assert_eq!(told[0]["client"]["ns_domain"], "doranunez.com", "{told:?}");
    assert_eq!(told[1]["message"], "The row has another number of fields than the first row has names.");
    assert_eq!(told[2], sum(2, 1, 0, 1, false));
    let kept: (String, String) =
        sqlx::query_as("select zipcode, address from clients").fetch_one(&app.db).await.expect("one");
    assert_eq!(kept, ("02134".to_owned(), "1 Main Street, \"A\"".to_owned()));
}

/// What is longer than a request that creates one client may be is no row; those after it are.
#[tokio::test]
async fn a_row_that_is_too_long_is_named_and_read_over() {
    let (app, caller) = acme().await;
    let long = "x".repeat(64 * 1024 + 1);
    let told = |told: &[Value]| {
        let rows = told.iter().map(|line| (line["row"].clone(), line["error"].clone(), line["message"].clone()));
        rows.collect::<Vec<_>>()
    };
    let too_long =
        |row: u64| (json!(row), json!("payload_too_large"), json!("The row may not be greater than 64 KiB."));
    let good = |row: u64| (json!(row), Value::Null, Value::Null);
    let sum = (Value::Null, Value::Null, Value::Null);

    let note = format!(r#"{{"note":"{long}"}}"#);
    let fits = format!("{}{}", row("Steve", "2"), " ".repeat(60 * 1024));
    let file = [row("Steve", "1"), note, fits, row("Steve", "3"), long.clone()].join("\n");
    let ndjson = told(&caller.import(&app, "", NDJSON, file).await);
    assert_eq!(ndjson, [good(1), too_long(2), good(3), good(4), too_long(5), sum.clone()]);

    let names = "has_subreseller_id,email,first_name,last_name,zipcode,address,same_billing_address,note";
    let steve = "no,a@example.com,Steve,Harris,33134,1 Main Street,yes";
    let many = ",".repeat(2_000);
    let file = format!("{names}\n{steve},\"{long}\n{long}\"\n{steve},x\n{many}\n{steve},\n{steve},\"{long}{long}");
    let csv = told(&caller.import(&app, "", "text/csv", file).await);
    assert_eq!(csv, [too_long(1), good(2), too_long(3), good(4), too_long(5), sum]);
}

#[tokio::test]
async fn all_or_nothing_writes_nothing_where_a_row_fails_and_names_each_that_does() {
    let (app, caller) = acme().await;
    let file = [row("Steve", "1"), "{}".to_owned(), row("Dora", "2"), "x".to_owned()].join("\n");

    let told = caller.import(&app, "?mode=all", NDJSON, file).await;

    let failed: Vec<_> = told.iter().filter_map(|line| line["row"].as_u64()).collect();
    assert_eq!((failed, told.last()), (vec![2, 4], Some(&sum(4, 0, 0, 2, false))));
    app.has_no_client().await;

    let file = [row("Steve", "1"), row("Dora", "2"), row("Dora", "2")].join("\n");
    let told = caller.import(&app, "?mode=all", NDJSON, file).await;
    assert_eq!(told.last(), Some(&sum(3, 2, 1, 0, false)), "{told:?}");
    assert_eq!((told.len(), app.rows("clients").await), (4, 2));
}

#[tokio::test]
async fn a_dry_run_tells_what_would_come_of_it_and_writes_nothing() {
    let (app, caller) = acme().await;
    let file = [row("Steve", "1"), row("Dora", "1"), "{}".to_owned()].join("\n");

    let told = caller.import(&app, "?dry_run=true", NDJSON, file).await;

    assert_eq!(told[0], json!({"row": 1, "result": "OK"}));
    assert_eq!(told[1], json!({"row": 2, "result": "EXISTS"}));
    assert_eq!((&told[2]["result"], &told[3]), (&json!("ERROR"), &sum(3, 1, 1, 1, true)));
    let file = [row("Steve", "1"), row("Dora", "1"), "{}".to_owned()].join("\n");
    let told = caller.import(&app, "?dry_run=true&mode=all", NDJSON, file).await;
    assert_eq!(told.last(), Some(&sum(3, 0, 1, 1, true)), "all or nothing, it would be nothing");
    app.has_no_client().await;
}

#[tokio::test]
async fn a_file_that_does_not_arrive_whole_creates_nothing() {
    let (app, caller) = acme().await;
    let body = row("Steve", "1") + "\n" + &row("Dora", "2");
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: {NDJSON}\r\nConnection: close\r\nContent-Length: 9999\r\n\r\n{body}",
        super::IMPORT,
        caller.token
    );

    let reply = app.send_half_closed(head).await;

    assert!(reply.text.contains("incomplete") || reply.status == 400 || reply.text.is_empty(), "{reply:?}");
    app.has_no_client().await;
}
