//! Counts of subresellers' clients are what a count of the clients gives, whatever happened since they were counted.

use dna_api::housekeeping;
use serde_json::{Value, json};
use sqlx::Connection as _;

use crate::support::{App, CLIENT, Caller, Operator, acme, database, steve_but, until};

/// Waits until no other test's transaction runs that began before what is there.
async fn all_can_be_counted(app: &App) {
    until("all events can be counted", async || {
        let sql = "select coalesce(max(position) < event_horizon(), true) from client_events";
        sqlx::query_scalar(sql).fetch_one(&app.db).await.expect("an answer")
    })
    .await;
}

async fn count(app: &App) {
    all_can_be_counted(app).await;
    count_what_can_be(app).await;
}

async fn count_what_can_be(app: &App) {
    housekeeping::counted(&app.state, 1).await.expect("counts");
}

/// Every subreseller that is told, one to a page.
async fn told(app: &App, caller: &Caller) -> Vec<Value> {
    let pages = caller.pages(app, "/api/residential/subreseller", "limit=1").await;
    pages.iter().flat_map(|page| page["subresellers"].as_array().expect("subresellers").clone()).collect()
}

/// The same, from the clients.
async fn counted_by_hand(app: &App, partner: &str) -> Vec<Value> {
    let sql = "select subreseller_id, count(*) filter (where status = 'pending'), count(*) filter (where status = 'active'),
                      count(*) filter (where status = 'suspended'), count(*) filter (where status = 'cancelled'), count(*)
               from clients where partner_id = (select id from partners where name = $1) and subreseller_id is not null
               group by 1 order by subreseller_id collate \"C\"";
    let rows: Vec<(String, i64, i64, i64, i64, i64)> =
        sqlx::query_as(sql).bind(partner).fetch_all(&app.db).await.expect("counts");
    let told = |(id, pending, active, suspended, cancelled, total)| {
        json!({"subreseller_id": id, "clients": {"pending": pending, "active": active, "suspended": suspended,
               "cancelled": cancelled, "total": total}})
    };
    rows.into_iter().map(told).collect()
}

async fn agree(app: &App, caller: &Caller, when: &str) -> Vec<Value> {
    let told = told(app, caller).await;
    assert_eq!(told, counted_by_hand(app, "Acme").await, "{when}");
    told
}

async fn client(app: &App, caller: &Caller, subreseller: &str) -> i64 {
    let has = if subreseller.is_empty() { "false" } else { "true" };
    let reply = caller.create(app, &steve_but(&[("has_subreseller_id", has), ("subreseller_id", subreseller)])).await;
    reply.json["client"]["id"].as_i64().expect("an id")
}

/// Whether the partner's counts are up to date, so that nothing else is looked at.
async fn kept(app: &App) -> bool {
    sqlx::query_scalar("select client_counts_position(id) is not null from partners where name = 'Acme'")
        .fetch_one(&app.db)
        .await
        .expect("an answer")
}

#[tokio::test]
async fn they_agree_after_whatever_changes_a_client_counted_or_not() {
    let (app, caller) = acme().await;
    let operator = Operator::of(&app).await;
    let ids = [client(&app, &caller, "a").await, client(&app, &caller, "b").await, client(&app, &caller, "").await];
    agree(&app, &caller, "not counted yet").await;
    assert!(!kept(&app).await);
    count(&app).await;
    assert!(kept(&app).await);
    agree(&app, &caller, "counted").await;

    for counting in [false, true] {
        let agree = async |when: &str| {
            agree(&app, &caller, when).await;
            if counting {
                count(&app).await;
                agree(&app, &caller, when).await;
            }
            assert!(kept(&app).await, "{when}");
        };
        for action in ["activate", "suspend", "cancel", "activate"] {
            caller.transition(&app, ids[0], action).await;
            agree(action).await;
        }
        let moved = [("a", "c"), ("c", "b"), ("b", ""), ("", "é"), ("é", "a")];
        for (from, to) in moved {
            let has = if to.is_empty() { "false" } else { "true" };
            let reply = caller.change(&app, ids[0], &[("has_subreseller_id", has), ("subreseller_id", to)]).await;
            assert_eq!(reply.status, 200, "{}", reply.text);
            agree(&format!("moved from {from:?} to {to:?}")).await;
        }
        let erased = client(&app, &caller, "d").await.to_string();
        operator.does(&["client", "set-status", &erased, "suspended", "--reason", "because"]);
        agree("set by an operator").await;
        operator.does(&["client", "erase", &erased, "--reason", "because"]);
        agree("erased").await;
        let row = "{\"has_subreseller_id\":true,\"subreseller_id\":\"e\",\"email\":\"a@b.co\",\"first_name\":\"A\",\"last_name\":\"B\",\"zipcode\":\"33134\",\"address\":\"1\",\"same_billing_address\":true}\n";
        let import = caller.post(&app, &format!("{CLIENT}/import")).header("content-type", "application/x-ndjson");
        let reply = import.body(row.repeat(3)).send().await.expect("a reply");
        let told = reply.text().await.expect("the results");
        assert!(told.contains("\"created\":3"), "{told}");
        agree("imported").await;
    }
    assert_eq!(counted_by_hand(&app, "Acme").await.len(), 4, "a, b, d and e");
}

#[tokio::test]
async fn a_page_is_full_where_later_events_emptied_subresellers_of_it() {
    let (app, caller) = acme().await;
    let mut ids = Vec::new();
    for subreseller in ["a", "b", "c", "d", "e"] {
        ids.push(client(&app, &caller, subreseller).await);
    }
    count(&app).await;
    for id in &ids[..3] {
        caller.change(&app, *id, &[("subreseller_id", "z")]).await;
    }

    let page = caller.read(&app, "/api/residential/subreseller?limit=2").await;
    let told: Vec<_> =
        page.json["subresellers"].as_array().expect("some").iter().map(|s| &s["subreseller_id"]).collect();
    assert_eq!(told, ["d", "e"]);
    assert_eq!(agree(&app, &caller, "the rest").await.len(), 3);
    for id in &ids {
        caller.change(&app, *id, &[("has_subreseller_id", "false"), ("subreseller_id", "")]).await;
    }
    assert_eq!(agree(&app, &caller, "nobody has one").await.len(), 0);
    count(&app).await;
    assert_eq!(agree(&app, &caller, "nobody has one, counted").await.len(), 0);
    assert_eq!(app.rows("client_counts").await, 1, "those without are counted too");
}

#[tokio::test]
async fn what_commits_late_is_counted_once() {
    let (app, caller) = acme().await;
    let id = client(&app, &caller, "a").await;
    let mut late = database::connect_like(&app.db).await;
    // It goes on although others go on, whatever isolation the tests run under.
    let begin = "begin isolation level read committed";
    let mut transaction = late.begin_with(begin).await.expect("a transaction");
    // It has its transaction's id before all that follows, and is committed after it.
    sqlx::query("select event_position()").execute(&mut *transaction).await.expect("a position");
    caller.transition(&app, id, "activate").await;
    let moved = client(&app, &caller, "b").await;
    count_what_can_be(&app).await;
    agree(&app, &caller, "while it runs").await;
    sqlx::query("update ns_domain_counters set taken = taken").execute(&mut *transaction).await.expect("some work");
    caller.change(&app, moved, &[("subreseller_id", "a")]).await;
    count_what_can_be(&app).await;
    agree(&app, &caller, "while it runs, counted").await;
    transaction.commit().await.expect("a commit");

    agree(&app, &caller, "committed").await;
    count(&app).await;
    assert_eq!(agree(&app, &caller, "counted").await.len(), 1);
}

#[tokio::test]
async fn a_move_by_a_server_of_the_version_before_is_found_and_counted_anew() {
    let (app, caller) = acme().await;
    let ids = [client(&app, &caller, "a").await, client(&app, &caller, "b").await];
    count(&app).await;

    caller.change(&app, ids[0], &[("subreseller_id", "b")]).await;
    app.execute("update client_events set from_subreseller_id = null").await;

    assert!(!kept(&app).await, "the counts do not tell");
    agree(&app, &caller, "moved").await;
    caller.transition(&app, ids[1], "activate").await;
    count(&app).await;
    assert!(kept(&app).await, "they do again");
    agree(&app, &caller, "counted anew").await;
}

/// Three transactions, each with a third of the crowd.
const THIRDS: &str = "
    do $$ begin
        for part in 0..2 loop
            with changed as (
                update clients c set status = 'cancelled', subreseller_id = '8'
                from clients old where old.partner_id = c.partner_id and old.id = c.id and c.id % 3 = part
                returning c.partner_id, c.id, old.status as was, coalesce(old.subreseller_id, '') as moved_from
            )
            insert into client_events (partner_id, client_id, id, kind, from_status, to_status, at, request_id, changed,
                                       from_subreseller_id)
            select partner_id, id, event_id(clock_timestamp()), 'updated', was, 'cancelled', now(), 'crowd-2',
                   array['subreseller_id'], moved_from
            from changed;
            commit;
        end loop;
    end $$";

#[tokio::test]
async fn a_crowd_is_counted_in_steps_that_servers_share() {
    let (app, caller) = acme().await;
    app.crowd("Acme", 30_000, 3).await;
    tokio::join!(count(&app), count(&app));
    assert_eq!(agree(&app, &caller, "a crowd").await.len(), 25);

    app.execute(THIRDS).await;
    agree(&app, &caller, "30,000 events since").await;
    all_can_be_counted(&app).await;
    let step = async || app.counts_clients(20_001).await;
    assert!(step().await);
    agree(&app, &caller, "a step").await;
    assert!(!step().await, "fewer are left");
    tokio::join!(count(&app), count(&app));
    assert_eq!(agree(&app, &caller, "all").await.len(), 1);
}

#[tokio::test]
async fn a_test_partners_clients_are_counted_when_it_asks_since_they_can_be_purged() {
    let app = App::start().await;
    let operator = Operator::of(&app).await;
    let caller = operator.adds_partner(&app, &["QA", "--test"]).log_in(&app).await;
    client(&app, &caller, "a").await;
    count(&app).await;

    assert_eq!((app.rows("client_counts_until").await, told(&app, &caller).await.len()), (0, 1));
    operator.does(&["partner", "purge", "QA"]);
    count(&app).await;
    assert_eq!(told(&app, &caller).await.len(), 0);
}
