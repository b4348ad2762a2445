//! Operators find, see and mend clients of any partner.

use serde_json::{Value, json};

use crate::support::{App, Caller, Operator, Reply, steve_but};

async fn two_partners() -> (App, Operator, [Caller; 2], [i64; 2]) {
    let app = App::start().await;
    let operator = Operator::of(&app).await;
    let callers = [app.partner("Acme").await.log_in(&app).await, app.partner("Other").await.log_in(&app).await];
    let create = async |caller: &Caller, more: &[(&str, &str)]| {
        caller.create(&app, &steve_but(more)).await.json["client"]["id"].as_i64().expect("an id")
    };
    let ids = [
        create(&callers[0], &[("customer_id", "C-1")]).await,
        create(&callers[1], &[("last_name", "Böhm"), ("email", "b@example.com"), ("customer_id", "C-1")]).await,
    ];
    (app, operator, callers, ids)
}

fn ids(found: &Value) -> Vec<i64> {
    found.as_array().expect("an array").iter().map(|client| client["id"].as_i64().expect("an id")).collect()
}

#[tokio::test]
async fn clients_are_found_among_all_partners_or_one_and_each_look_is_on_record() {
    let (app, operator, _, [acmes, others]) = two_partners().await;
    let id = others.to_string();
    let cases: [(&[&str], &[i64]); 10] = [
        (&["--customer-id", "C-1"], &[acmes, others]),
        (&["--customer-id", "C-1", "--partner", "Other"], &[others]),
        (&["--email", "B@example.com"], &[others]),
        (&["--ns-domain", "steveharris.com"], &[acmes]),
        (&["--q", "bohm steve"], &[others]),
        (&["--q", "steve", "--subreseller-id", "1234"], &[acmes, others]),
        (&["--q", "steve", "--limit", "1"], &[acmes]),
        (&[&id], &[others]),
        (&[&id, "--partner", "Acme"], &[]),
        (&["--q", "nobody"], &[]),
    ];
    for (arguments, expected) in cases {
        assert_eq!(ids(&operator.does(&[&["client", "find"], arguments].concat())), expected, "{arguments:?}");
        let entry = app.last_audited().await;
        assert_eq!((entry.kind.as_str(), &entry.detail["command"]), ("operator", &json!("client find")));
        assert_eq!(entry.detail["clients"], json!(expected));
        assert!(!entry.detail.to_string().to_lowercase().contains("example.com"), "{}", entry.detail);
    }
    assert!(operator.misuses(&["client", "find"]));
    assert!(operator.misuses(&["client", "find", "--partner", "Acme"]));
    let line = operator.fails(&["client", "find", "--email", "nothing"]);
    assert_eq!(line, "dna-api: The email must be a valid email address.");
}

#[tokio::test]
async fn a_client_is_shown_with_what_happened_to_it() {
    let (app, operator, [caller, _], [id, _]) = two_partners().await;
    let body = Reply::of(
        caller.post(&app, &format!("/api/residential/client/{id}/suspend")).form(&[("reason", "did not pay")]),
    );
    assert_eq!(body.await.status, 200);
    let text = id.to_string();

    let shown = operator.does(&["client", "show", &text]);
    assert_eq!(
        (&shown["partner"], &shown["status"], &shown["test"]),
        (&"Acme".into(), &"suspended".into(), &json!(false))
    );
    assert_eq!((&shown["email"], &shown["erased_at"]), (&"email@email.com".into(), &Value::Null));
    assert_eq!(app.last_audited().await.detail["target"], text);
    let events = operator.does(&["client", "events", &text]);
    assert_eq!((&events[0]["type"], &events[1]["type"]), (&"created".into(), &"suspended".into()));
    assert_eq!((&events[1]["reason"], &events[1]["operator"]), (&"did not pay".into(), &Value::Null));
    assert_eq!(ids(&json!([shown])), [id]);
    assert_eq!(operator.does(&["client", "events", &text, "--limit", "1"])[0]["type"], "suspended");
    for command in ["show", "events"] {
        let line = operator.fails(&["client", command, "999999"]);
        assert_eq!(line, "dna-api: there is no client 999999: see `dna-api client find`");
    }
    assert!(operator.misuses(&["client", "show", "x"]));
}

#[tokio::test]
async fn a_status_that_an_operator_sets_has_its_event_and_its_billing() {
    let (app, operator, [caller, _], [id, _]) = two_partners().await;
    let text = id.to_string();
    for (status, billing, kind) in [
        ("suspended", "none", "suspended"),
        ("active", "active", "activated"),
        ("suspended", "active", "suspended"),
        ("cancelled", "suspended", "cancelled"),
        ("active", "active", "activated"),
        ("pending", "suspended", "reset"),
        ("pending", "suspended", "reset"),
    ] {
        let set = operator.does(&["client", "set-status", &text, status, "--reason", "as the partner wished"]);
        let expected = json!({"id": id, "ns_domain": "steveharris.com", "status": status, "billing_status": billing});
        assert_eq!(set, expected);
        let entry = app.last_audited().await;
        assert_eq!((&entry.detail["command"], &entry.detail["status"]), (&"client set-status".into(), &status.into()));
        let events = Reply::of(caller.get(&app, &format!("/api/residential/client/{id}/events?order=desc"))).await;
        let newest = &events.json["events"][0];
        assert_eq!((&newest["type"], &newest["reason"]), (&kind.into(), &"as the partner wished".into()));
        assert_eq!((&newest["by"]["operator"], &newest["by"]["username"]), (&json!(true), &Value::Null));
    }
    let events = operator.does(&["client", "events", &text]);
    assert_eq!(events.as_array().map(Vec::len), Some(7), "the last one changed nothing");
    assert!(events[6]["operator"].is_string(), "{events}");
    assert!(operator.misuses(&["client", "set-status", &text, "asleep", "--reason", "x"]));
    assert!(operator.misuses(&["client", "set-status", &text, "active"]));
    assert!(operator.misuses(&["client", "set-status", &text, "active", "--reason", "two\nlines"]));
    let line = operator.fails(&["client", "set-status", "999999", "active", "--reason", "x"]);
    assert_eq!(line, "dna-api: there is no client 999999: see `dna-api client find`");
}
