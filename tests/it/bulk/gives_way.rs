//! Imports that the database makes give way, in a statement or at its commit: the transaction is done again, and what is
//! told of a row is told once.

use serde_json::{Value, json};
use sqlx::{Connection as _, raw_sql};

use super::row;
use crate::support::{acme, database, until};

const NDJSON: &str = "application/x-ndjson";
const IN_A_STATEMENT: &str =
    "create trigger give_way after insert on clients for each statement execute function give_way()";
const AT_THE_COMMIT: &str = "create constraint trigger give_way after insert on clients deferrable initially deferred
                             for each row execute function give_way()";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_that_gave_way_is_done_again_and_tells_each_row_once() {
    for (query, trigger) in [
        ("?mode=rows", IN_A_STATEMENT),
        ("?mode=rows", AT_THE_COMMIT),
        ("?mode=all", IN_A_STATEMENT),
        ("?mode=all", AT_THE_COMMIT),
    ] {
        let (app, caller) = acme().await;
        // The second and the third time that something is written.
        let function = "create sequence tries;
                        create function give_way() returns trigger language plpgsql as $$ begin
                            if nextval('tries') in (2, 3) then raise 'conflict' using errcode = '40001'; end if;
                            return null;
                        end $$";
        raw_sql(function).execute(&app.db).await.expect("a function");
        raw_sql(trigger).execute(&app.db).await.expect("a trigger");
        let file: Vec<String> = (1..=1_200).map(|n| row("Steve", &n.to_string())).collect();

        let told = caller.import(&app, query, NDJSON, file.join("\n")).await;

        assert!(app.log().matches("trying again").count() >= 2, "{query}: nothing gave way");
        let (sum, rows) = told.split_last().expect("a summary");
        let numbers: Vec<u64> = rows.iter().filter_map(|line| line["row"].as_u64()).collect();
        assert_eq!(numbers, (1..=1_200).collect::<Vec<_>>(), "{query}");
        assert!(rows.iter().all(|line| line["result"] == "OK"), "{query}");
        assert_eq!([&sum["result"], &sum["rows"], &sum["created"]], [&json!("OK"), &json!(1_200), &json!(1_200)]);
        let last: &Value = &rows[1_199]["client"]["ns_domain"];
        assert_eq!(last, "steveharris1200.com", "{query}: no name was left out");
        for table in ["clients", "client_events"] {
            assert_eq!(app.rows(table).await, 1_200, "{query}");
        }
    }
}

#[tokio::test]
async fn an_import_that_gives_way_for_ever_ends_and_tells_that_later_may_be_better() {
    for (query, created) in [("?mode=rows", 500), ("?mode=all", 0)] {
        let (app, caller) = acme().await;
        let always = "create function give_way() returns trigger language plpgsql as $$ begin
                          if (select count(*) from clients) > 500 then raise 'conflict' using errcode = '40P01'; end if;
                          return null;
                      end $$";
        raw_sql(always).execute(&app.db).await.expect("a function");
        raw_sql(IN_A_STATEMENT).execute(&app.db).await.expect("a trigger");
        let file: Vec<String> = (1..=600).map(|n| row("Steve", &n.to_string())).collect();

        let told = caller.import(&app, query, NDJSON, file.join("\n")).await;

        let sum = told.last().expect("a summary");
        assert_eq!((&sum["result"], &sum["error"]), (&json!("ERROR"), &json!("temporarily_unavailable")), "{query}");
        assert_eq!((told.len() - 1, &sum["created"]), (created, &json!(created)), "{query}");
        until("the last one is rolled back", async || {
            app.rows("clients").await == i64::try_from(created).expect("few")
        })
        .await;
    }
}

#[tokio::test]
async fn an_import_that_waits_too_long_for_another_transaction_ends_and_nothing_of_it_is_left() {
    let (app, caller) = acme().await;
    let mut other = database::connect_like(&app.db).await;
    let mut held = other.begin().await.expect("a transaction");
    let obstacle = "insert into clients (partner_id, ns_domain, customer_id, email, first_name, last_name, address, zipcode,
                                         same_billing_address, billing_address, billing_zipcode)
                    select id, 'x.other', '5', 'x@example.com', 'X', 'X', 'X', '33134', true, 'X', '33134' from partners";
    raw_sql(obstacle).execute(&mut *held).await.expect("an obstacle");
    let file: Vec<String> = (1..=600).map(|n| row("Steve", &n.to_string())).collect();

    let told = caller.import(&app, "?mode=all", NDJSON, file.join("\n")).await;

    let sum = told.last().expect("a summary");
    assert_eq!((&sum["result"], &sum["error"]), (&json!("ERROR"), &json!("temporarily_unavailable")));
    assert_eq!((told.len(), &sum["created"]), (1, &json!(0)));
    held.rollback().await.expect("the end");
    assert_eq!(app.rows("clients").await, 0);
}
