//! Imports that meet others who want the same `customer_id` or the same name.

use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};

use super::row;
use crate::support::{App, Caller, acme, database, steve_but, until};

const NDJSON: &str = "application/x-ndjson";

/// So many sessions of this database wait for a lock.
async fn until_waiting(app: &App, count: i64) {
    until("they wait for a lock", async || {
        let waiting: i64 = sqlx::query_scalar(
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
        )
        .fetch_one(&app.db)
        .await
        .expect("a count");
        waiting == count
    })
    .await;
}

/// Writes a client of that `customer_id`, and tells its id; that is committed when the caller pleases.
async fn write(db: &mut PgConnection, customer_id: &str) -> i64 {
    let sql = "insert into clients (partner_id, ns_domain, customer_id, email, first_name, last_name, address, zipcode,
                                    same_billing_address, billing_address, billing_zipcode)
               select id, $1 || '.other', $1, 'x@example.com', 'X', 'X', 'X', '33134', true, 'X', '33134' from partners
               returning id";
    sqlx::query_scalar(sql).bind(customer_id).fetch_one(db).await.expect("a client")
}

fn counts(told: &[Value]) -> [&Value; 5] {
    let sum = told.last().expect("a summary");
    ["result", "rows", "created", "existing", "failed"].map(|name| &sum[name])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn imports_at_once_create_each_client_once_and_all_end_well() {
    for query in ["?mode=all", "?mode=rows"] {
        let (app, caller) = acme().await;
        let names = ["Adrian", "Bruce", "Dave", "Janick", "Nicko"];
        let there: Vec<String> = (0..1_200).map(|n| row(names[n % 5], &n.to_string())).collect();
        let back: Vec<String> = there.iter().rev().cloned().collect();
        let (there, back) = (there.join("\n"), back.join("\n"));

        let (first, second, third) = tokio::join!(
            caller.import(&app, query, NDJSON, there.clone()),
            caller.import(&app, query, NDJSON, back.clone()),
            caller.import(&app, "?mode=all", NDJSON, back),
        );

        let all = [&first, &second, &third];
        assert!(
            all.iter().all(|told| told.last().expect("a summary")["result"] == "OK"),
            "{query}: {:?}",
            all.map(|told| counts(told))
        );
        let created: u64 = all.iter().filter_map(|told| counts(told)[2].as_u64()).sum();
        assert_eq!((created, app.rows("clients").await), (1_200, 1_200), "{query}");
        let numbers: Vec<u64> = first.iter().filter_map(|line| line["row"].as_u64()).collect();
        assert_eq!(numbers, (1..=1_200).collect::<Vec<_>>());
        let highest: i64 =
            sqlx::query_scalar("select max(taken) from ns_domain_counters").fetch_one(&app.db).await.expect("one");
        assert_eq!(highest, 240, "{query}: a number was left out");
    }
}

#[tokio::test]
async fn a_row_whose_customer_id_is_taken_while_it_is_created_is_told_as_one_that_exists() {
    for query in ["?mode=all", "?mode=rows"] {
        let (app, caller) = acme().await;
        let mut other = database::connect_like(&app.db).await;
        let mut creation = other.begin().await.expect("a transaction");
        let id = write(&mut creation, "2").await;
        let file = [row("Steve", "1"), row("Steve", "2"), row("Steve", "3")].join("\n");

        let import = caller.import(&app, query, NDJSON, file);
        let (told, ()) = tokio::join!(import, async {
            until_waiting(&app, 1).await;
            creation.commit().await.expect("committed");
        });

        assert_eq!(
            told[1],
            json!({"row": 2, "result": "EXISTS", "client": {"id": id, "ns_domain": "2.other"}}),
            "{query}"
        );
        let domains = [0, 2].map(|place| &told[place]["client"]["ns_domain"]);
        assert_eq!(domains, ["steveharris.com", "steveharris2.com"], "{query}");
        assert_eq!(counts(&told), [&json!("OK"), &json!(3), &json!(2), &json!(1), &json!(0)], "{query}");
    }
}

/// The creation holds the counter of its name while it waits for its `customer_id`: an import that came to that counter
/// later would wait for it in turn.
#[tokio::test]
async fn a_creation_that_meets_an_import_in_one_transaction_is_told_that_the_client_exists() {
    let (app, caller) = acme().await;
    let mut other = database::connect_like(&app.db).await;
    let mut obstacle = other.begin().await.expect("a transaction");
    write(&mut obstacle, "2").await;
    let mut file = vec![row("Steve", "1"), row("Steve", "2")];
    file.extend((3..=600).map(|n| row("Steve", &n.to_string())));
    file.push(row("Bruce", "601"));

    let import = caller.import(&app, "?mode=all", NDJSON, file.join("\n"));
    let (told, reply, ()) = tokio::join!(
        import,
        async {
            until_waiting(&app, 1).await;
            caller.create(&app, &steve_but(&[("first_name", "Bruce"), ("customer_id", "1")])).await
        },
        async {
            until_waiting(&app, 2).await;
            obstacle.rollback().await.expect("rolled back");
        }
    );

    assert_eq!(counts(&told)[..3], [&json!("OK"), &json!(601), &json!(601)], "{:?}", told.last());
    assert_eq!((reply.status, reply.error()), (409, "duplicate_customer_id"));
    assert_eq!(reply.json["client"]["id"], told[0]["client"]["id"]);
}

/// What gets past every check of ours, the database refuses.
async fn refuses_dora(app: &App) {
    app.execute("alter table clients add constraint no_dora check (first_name <> 'Dora')").await;
}

fn doras() -> String {
    let file = (1..=700).map(|n| row(if n == 107 || n == 307 { "Dora" } else { "Steve" }, &n.to_string()));
    file.collect::<Vec<_>>().join("\n")
}

fn refused(told: &[Value]) -> Vec<u64> {
    let failed = told.iter().filter(|line| line["error"] == "invalid_request");
    failed.filter_map(|line| line["row"].as_u64()).collect()
}

#[tokio::test]
async fn a_row_that_the_database_refuses_spoils_no_other() {
    let (app, caller) = acme().await;
    refuses_dora(&app).await;

    let told = caller.import(&app, "", NDJSON, doras()).await;

    assert_eq!(refused(&told), [107, 307]);
    assert_eq!(counts(&told), [&json!("ERROR"), &json!(700), &json!(698), &json!(0), &json!(2)]);
    assert_eq!(told[699]["client"]["ns_domain"], "steveharris698.com");
    assert_eq!(app.rows("clients").await, 698);
}

#[tokio::test]
async fn all_or_nothing_a_row_that_the_database_refuses_is_named_and_nothing_is_left() {
    let (app, caller) = acme().await;
    refuses_dora(&app).await;

    let told = caller.import(&app, "?mode=all", NDJSON, doras()).await;

    assert_eq!((refused(&told), told.len()), (vec![107, 307], 3));
    assert_eq!(counts(&told), [&json!("ERROR"), &json!(700), &json!(0), &json!(0), &json!(2)]);
    app.has_no_client().await;
}

#[tokio::test]
async fn a_customer_id_that_comes_twice_in_a_file_is_one_client_however_far_apart() {
    for query in ["?mode=all", "?mode=rows"] {
        let (app, caller) = acme().await;
        let file: Vec<String> = (0..1_100).map(|n| row("Steve", &(n % 550).to_string())).collect();

        let told = caller.import(&app, query, NDJSON, file.join("\n")).await;

        assert_eq!(counts(&told), [&json!("OK"), &json!(1_100), &json!(550), &json!(550), &json!(0)], "{query}");
        for n in 0..550 {
            assert_eq!(told[n]["client"], told[n + 550]["client"], "{query}");
            let number = if n == 0 { String::new() } else { (n + 1).to_string() };
            assert_eq!(told[n]["client"]["ns_domain"], format!("steveharris{number}.com"), "{query}");
        }
        let ids =
            |told: &[Value]| told[..550].iter().filter_map(|line| line["client"]["id"].as_i64()).collect::<Vec<_>>();
        assert!(ids(&told).is_sorted(), "{query}");
    }
}

/// All that is stored of the partner's one client, but for ids and times.
async fn stored(app: &App, caller: &Caller) -> Value {
    let sql = "select json_build_object(
        'client', (select to_jsonb(c) - '{id,partner_id,created_at,updated_at,status_changed_at,last_position}'::text[] from clients c),
        'words', (select json_agg(word order by word) from client_words where client_id = (select id from clients)),
        'events', (select json_agg(to_jsonb(e) - '{id,partner_id,client_id,at,position,request_id,user_id,oauth_client_id}'::text[])
                   from client_events e join clients c on c.id = e.client_id and c.partner_id = e.partner_id and c.created_at = e.at
                    and c.last_position = e.position),
        'author', (select user_id::text || oauth_client_id::text from client_events),
        'domains', (select json_agg(ns_domain) from ns_domains join clients c using (partner_id, ns_domain) where client_id = c.id),
        'counters', (select json_agg(n) from ns_domain_counters n))";
    let mut stored: Value = sqlx::query_scalar(sql).fetch_one(&app.db).await.expect("JSON");
    let claims = caller.claims();
    let author =
        claims["sub"].as_str().expect("a user").to_owned() + claims["client_id"].as_str().expect("an OAuth client");
    assert_eq!(stored["author"].take(), author);
    stored
}

#[tokio::test]
async fn what_an_import_stores_is_what_a_creation_stores() {
    let plain = steve_but(&[("first_name", "Çelik"), ("customer_id", "C-1"), ("start_billing_date", "2026-12-01")]);
    let billed = steve_but(&[("has_subreseller_id", "no"), ("subreseller_id", ""), ("same_billing_address", "no")]);
    for parameters in [plain, billed] {
        let (one, caller) = acme().await;
        let (many, other) = acme().await;
        let row = Value::Object(crate::support::json_of(&parameters)).to_string();

        assert_eq!(caller.create(&one, &parameters).await.status, 201);
        let told = other.import(&many, "", NDJSON, row).await;

        assert_eq!(told[0]["result"], "OK", "{told:?}");
        let (created, imported) = (stored(&one, &caller).await, stored(&many, &other).await);
        assert_eq!(created, imported);
        assert!(
            ["client", "words", "events", "domains", "counters"].iter().all(|part| !created[part].is_null()),
            "{created}"
        );
    }
}
