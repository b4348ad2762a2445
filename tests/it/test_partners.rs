//! Partners for trying things out.

use serde_json::json;

use crate::support::{App, CLIENT, Operator, Reply, steve_harris};

#[tokio::test]
async fn a_test_partners_clients_have_domains_under_test_and_are_never_billed() {
    let app = App::start().await;
    let operator = Operator::of(&app).await;
    let caller = operator.adds_partner(&app, &["QA", "--test"]).log_in(&app).await;
    let real = app.partner("Acme").await.log_in(&app).await;

    let ids = [caller.new_client(&app).await, caller.new_client(&app).await];
    let other = real.new_client(&app).await;
    caller.transition(&app, ids[0], "activate").await;
    real.transition(&app, other, "activate").await;

    let domain = async |caller: &crate::support::Caller, id: i64| {
        Reply::of(caller.get(&app, &format!("/api/residential/client/{id}"))).await.json["client"]["ns_domain"].clone()
    };
    assert_eq!(domain(&caller, ids[0]).await, "steveharris.test");
    assert_eq!(domain(&caller, ids[1]).await, "steveharris2.test");
    assert_eq!(domain(&real, other).await, "steveharris.com", "the numbers of one suffix are not another's");
    let path = format!("/api/residential/billing?month={}", app.state.clock.now().format("%Y-%m"));
    assert_eq!(Reply::of(caller.get(&app, &path)).await.json["subresellers"], json!([]));
    assert_eq!(Reply::of(real.get(&app, &path)).await.json["subresellers"][0]["days"], 1);
    let listed = operator.does(&["partner", "list"]);
    assert_eq!((&listed[0]["test"], &listed[1]["test"]), (&json!(false), &json!(true)), "{listed}");
    assert_eq!(operator.does(&["client", "show", &ids[0].to_string()])["test"], true);
}

#[tokio::test]
async fn a_test_partner_is_purged_again_and_again_and_no_domain_comes_back() {
    let app = App::start().await;
    let operator = Operator::of(&app).await;
    let caller = operator.adds_partner(&app, &["QA", "--test"]).log_in(&app).await;
    for round in 0..2 {
        let mut ids = Vec::new();
        for client in 0..3 {
            let request = caller.post(&app, CLIENT).header("Idempotency-Key", format!("key-{client}"));
            let reply = Reply::of(request.form(&steve_harris())).await;
            let number = round * 3 + client + 1;
            let number = if number == 1 { String::new() } else { number.to_string() };
            assert_eq!(reply.json["client"]["ns_domain"], format!("steveharris{number}.test"));
            ids.push(reply.json["client"]["id"].as_i64().expect("an id"));
        }
        caller.transition(&app, ids[0], "activate").await;

        assert_eq!(operator.does(&["partner", "purge", "QA"]), json!({"partner": "QA", "removed": 3}));

        for table in ["clients", "client_events", "client_words", "idempotent_replies"] {
            assert_eq!(app.rows(table).await, 0, "{table}");
        }
        let gone = Reply::of(caller.get(&app, &format!("/api/residential/client/{}", ids[0]))).await;
        assert_eq!((gone.status, gone.error()), (404, "not_found"));
        assert_eq!(app.last_audited().await.detail["command"], "partner purge");
    }
    assert_eq!(operator.does(&["partner", "purge", "QA"])["removed"], 0);
}

#[tokio::test]
async fn a_real_partner_is_not_purged() {
    let app = App::start().await;
    let operator = Operator::of(&app).await;
    let caller = app.partner("Acme").await.log_in(&app).await;
    let id = caller.new_client(&app).await;

    let line = operator.fails(&["partner", "purge", "Acme"]);
    assert_eq!(line, "dna-api: `Acme` is no test partner: its clients stay");
    let line = operator.fails(&["partner", "purge", "Nobody"]);
    assert_eq!(line, "dna-api: there is no partner `Nobody`: see `dna-api partner list`");
    assert_eq!(app.status(id).await.0, "pending");
    assert_eq!(app.events(id).await.len(), 1);
}
