//! A client's personal data is erased, and its id, domain and history stay.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

use crate::support::{App, CLIENT, Caller, Operator, Reply, steve_but};

/// What is personal of the client, in words that nothing else has.
const PERSONAL: [(&str, &str); 9] = [
    ("email", "zyxwa@example.com"),
    ("first_name", "Zyxwb"),
    ("last_name", "Zyxwc"),
    ("address", "1 Zyxwd Street"),
    ("zipcode", "98761"),
    ("same_billing_address", "false"),
    ("billing_address", "2 Zyxwe Street"),
    ("billing_zipcode", "98762"),
    ("customer_id", "Zyxwf"),
];

/// Creates the client under an `Idempotency-Key`: its reply is kept, and is personal too.
fn create(app: &App, caller: &Caller) -> RequestBuilder {
    caller.post(app, CLIENT).header("Idempotency-Key", "first").form(&steve_but(&PERSONAL))
}

async fn erased_soon() -> (App, Operator, Caller, i64) {
    let app = App::start().await;
    let operator = Operator::of(&app).await;
    let caller = app.partner("Acme").await.log_in(&app).await;
    let created = Reply::of(create(&app, &caller)).await;
    let id = created.json["client"]["id"].as_i64().expect("an id");
    let path = format!("{CLIENT}/{id}");
    let changed = caller.request(&app, Method::PATCH, &path).form(&[("address", "3 Zyxwd Street")]);
    assert_eq!(Reply::of(changed.header("Idempotency-Key", "second")).await.status, 200);
    let because = [("reason", "Zyxwg told us")];
    Reply::of(caller.post(&app, &format!("{path}/activate")).form(&because)).await;
    operator.does(&["client", "find", "--q", "zyxwb"]);
    operator.does(&["client", "set-status", &id.to_string(), "suspended", "--reason", "Zyxwh does not pay"]);
    (app, operator, caller, id)
}

/// Tables of which some row has that text, whatever the letter case.
async fn tables_with(app: &App, text: &str) -> Vec<String> {
    let tables: Vec<String> = sqlx::query_scalar(
        "select table_name::text from information_schema.tables where table_schema = 'public' order by 1",
    )
    .fetch_all(&app.db)
    .await
    .expect("tables");
    let mut found = Vec::new();
    for table in tables {
        let sql =
            AssertSqlSafe(format!("select exists (select from {table} t where strpos(lower(t::text), lower($1)) > 0)"));
        if sqlx::query_scalar(sql).bind(text).fetch_one(&app.db).await.expect("an answer") {
            found.push(table);
        }
    }
    found
}

/// Replies that are kept under a key and have that text in their body, which is bytes in the table.
async fn replies_with(app: &App, text: &str) -> i64 {
    let sql = "select count(*) from idempotent_replies where strpos(lower(convert_from(body, 'UTF8')), $1) > 0";
    sqlx::query_scalar(sql).bind(text).fetch_one(&app.db).await.expect("a number")
}

#[tokio::test]
async fn no_trace_of_the_person_is_left_but_the_domain() {
    let (app, operator, _, id) = erased_soon().await;
    let before = tables_with(&app, "zyxw").await;
    assert_eq!(before, ["client_events", "client_words", "clients", "ns_domain_counters", "ns_domains"]);
    assert_eq!(replies_with(&app, "zyxw").await, 2);

    let erase = ["client", "erase", &id.to_string(), "--reason", "GDPR request 17", "--confirm", "ZYXWBZYXWC.com"];
    let told = operator.does(&erase);

    assert_eq!(told, json!({"id": id, "ns_domain": "zyxwbzyxwc.com", "erased": true}));
    for (name, value) in PERSONAL.into_iter().filter(|(name, _)| *name != "same_billing_address") {
        assert_eq!(tables_with(&app, value).await, if name.ends_with("_name") { before[2..].to_vec() } else { vec![] });
    }
    for word in ["zyxwd", "zyxwe", "zyxwf", "zyxwg", "zyxwh"] {
        assert_eq!(tables_with(&app, word).await, [""; 0], "{word}");
    }
    assert_eq!(app.rows("client_words").await, 0);
    assert_eq!(replies_with(&app, "").await, 0, "their bodies are gone");
}

#[tokio::test]
async fn id_domain_and_history_stay_and_the_service_and_its_billing_end() {
    let (app, operator, caller, id) = erased_soon().await;
    let text = id.to_string();
    let events = operator.does(&["client", "events", &text]);
    let (known, mut kept) = (events.as_array().expect("events").len(), events);

    operator.does(&["client", "erase", &text, "--reason", "GDPR request 17"]);

    let after = operator.does(&["client", "events", &text]);
    for event in kept.as_array_mut().expect("events") {
        event["reason"] = Value::Null;
    }
    assert_eq!(after.as_array().expect("events")[..known], kept.as_array().expect("events")[..]);
    let last = &after[known];
    assert_eq!((&last["type"], &last["reason"]), (&"erased".into(), &"GDPR request 17".into()));
    assert_eq!((&last["from_status"], &last["to_status"]), (&"suspended".into(), &"cancelled".into()));
    assert_eq!((&last["from_billing_status"], &last["to_billing_status"]), (&"active".into(), &"suspended".into()));
    let shown = operator.does(&["client", "show", &text]);
    assert_eq!((&shown["ns_domain"], &shown["subreseller_id"]), (&"zyxwbzyxwc.com".into(), &"1234".into()));
    assert!(shown["erased_at"].is_string() && shown["email"] == "", "{shown}");
    let month = format!("/api/residential/billing?month={}", app.state.clock.now().format("%Y-%m"));
    let billing = Reply::of(caller.get(&app, &month)).await;
    assert_eq!(billing.json["subresellers"][0]["clients"][0]["id"], id, "what was owed is owed");
    let feed = Reply::of(caller.get(&app, "/api/residential/event?limit=200")).await;
    assert_eq!(feed.json["events"].as_array().expect("events").last().expect("an event")["type"], "erased");
    let entry = app.audit().await.into_iter().rfind(|entry| entry.detail["command"] == "client erase");
    assert_eq!(entry.expect("an entry").detail["target"], text);
}

#[tokio::test]
async fn the_api_answers_410_from_then_on_and_lists_it_no_more() {
    let (app, operator, caller, id) = erased_soon().await;
    operator.does(&["client", "erase", &id.to_string(), "--reason", "GDPR request 17"]);

    let path = |rest: &str| format!("{CLIENT}/{id}{rest}");
    let domain = "/api/residential/domain/zyxwbzyxwc.com".to_owned();
    for (method, path, form) in [
        (Method::GET, path(""), &[][..]),
        (Method::PATCH, path(""), &[("address", "4 Road")]),
        (Method::POST, path(""), &[("address", "4 Road")]),
        (Method::POST, path("/activate"), &[]),
        (Method::GET, path("/activate"), &[]),
        (Method::POST, path("/suspend"), &[]),
        (Method::POST, path("/cancel"), &[]),
        (Method::GET, path("/events"), &[]),
        (Method::GET, domain, &[]),
    ] {
        let request = caller.request(&app, method.clone(), &path);
        let request = if form.is_empty() { request } else { request.form(form) };
        let reply = Reply::of(request).await;
        assert_eq!((reply.status, reply.error()), (410, "gone"), "{method} {path}: {}", reply.text);
    }
    let repeated = Reply::of(create(&app, &caller)).await;
    assert_eq!((repeated.status, repeated.error()), (410, "gone"), "{}", repeated.text);
    let export = Reply::read(caller.get(&app, &format!("{CLIENT}/export"))).await;
    assert_eq!((export.status, export.text.as_str()), (200, ""));
    let list = Reply::of(caller.get(&app, CLIENT)).await;
    assert_eq!(list.json["clients"], json!([]));
    let stranger = app.partner("Other").await.log_in(&app).await;
    assert_eq!(Reply::of(stranger.get(&app, &path(""))).await.status, 404);
    let again = caller.create(&app, &steve_but(&PERSONAL)).await;
    assert_eq!(again.status, 201, "the customer id is free: {}", again.text);
    assert_eq!(again.json["client"]["ns_domain"], "zyxwbzyxwc2.com");
}

#[tokio::test]
async fn a_mistake_is_told_in_a_line_and_erases_nothing() {
    let (app, operator, caller, id) = erased_soon().await;
    let text = id.to_string();
    let wrong = operator.fails(&["client", "erase", &text, "--reason", "x", "--confirm", "steveharris.com"]);
    assert_eq!(wrong, format!("dna-api: nothing was erased: the domain of client {id} is zyxwbzyxwc.com"));
    let unknown = operator.fails(&["client", "erase", "999999", "--reason", "x"]);
    assert_eq!(unknown, "dna-api: there is no client 999999: see `dna-api client find`");
    assert!(operator.misuses(&["client", "erase", &text]));
    assert_eq!(Reply::of(caller.get(&app, &format!("{CLIENT}/{id}"))).await.status, 200);

    operator.does(&["client", "erase", &text, "--reason", "x"]);
    let line = operator.fails(&["client", "erase", &text, "--reason", "x"]);
    assert_eq!(line, format!("dna-api: client {id} was erased already"));
    let line = operator.fails(&["client", "set-status", &text, "active", "--reason", "x"]);
    assert_eq!(line, format!("dna-api: client {id} was erased: its status stays"));
}

#[tokio::test]
async fn at_a_terminal_the_domain_must_be_typed_whatever_its_letter_case() {
    let (app, operator, caller, id) = erased_soon().await;
    let text = id.to_string();
    let erase = ["client", "erase", &text, "--reason", "x"];
    let asks = format!("This cannot be undone. Type the domain of client {id} to erase it (zyxwbzyxwc.com): ");
    let refuses = format!("dna-api: nothing was erased: the domain of client {id} is zyxwbzyxwc.com\n");

    for typed in ["steveharris.com\n", "y\n", "\n", "\u{4}"] {
        let output = operator.on_a_terminal(&erase, typed);
        let said = String::from_utf8(output.stderr).expect("UTF-8");
        assert_eq!((output.status.code(), said), (Some(1), format!("{asks}{refuses}")), "{typed:?}");
        assert_eq!(output.stdout, b"", "{typed:?}");
        assert_eq!(Reply::of(caller.get(&app, &format!("{CLIENT}/{id}"))).await.status, 200, "{typed:?}");
    }
    let named = operator.on_a_terminal(&[&erase[..], &["--confirm", "steveharris.com"]].concat(), "zyxwbzyxwc.com\n");
    assert_eq!(String::from_utf8(named.stderr).expect("UTF-8"), refuses, "who names it is not asked");

    let output = operator.on_a_terminal(&[&erase[..], &["--json"]].concat(), " ZYXWBzyxwc.com \n");

    assert_eq!((output.status.code(), String::from_utf8(output.stderr).expect("UTF-8")), (Some(0), asks));
    let told: Value = serde_json::from_slice(&output.stdout).expect("one JSON document");
    assert_eq!(told, json!({"id": id, "ns_domain": "zyxwbzyxwc.com", "erased": true}));
    assert_eq!(Reply::of(caller.get(&app, &format!("{CLIENT}/{id}"))).await.status, 410);
}
