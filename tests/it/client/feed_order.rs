//! The feed while transactions commit in another order than they began.

use std::{
    collections::HashSet,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use dna_api::{
    domain::{
        client::{ClientId, Transition},
        event::{Author, Origin},
        partner::PartnerId,
    },
    store,
};
use serde_json::Value;

use crate::support::{App, Caller, acme, until};

const FEED: &str = "/api/residential/event";

async fn page(app: &App, caller: &Caller, after: &mut String) -> Vec<Value> {
    let page = caller.read(app, &format!("{FEED}?limit=200{after}")).await;
    if let Some(next) = page.json["next"].as_str() {
        *after = format!("&after={next}");
    }
    page.json["events"].as_array().unwrap_or_else(|| panic!("{}", page.text)).clone()
}

fn partner(caller: &Caller) -> PartnerId {
    PartnerId(caller.claims()["partner"].as_str().expect("a partner").parse().expect("a UUID"))
}

#[tokio::test]
async fn what_began_earlier_and_commits_later_is_waited_for() {
    let (app, caller) = acme().await;
    let id = caller.new_client(&app).await;
    caller.feed(&app, 1).await;
    let mut after = String::new();
    page(&app, &caller, &mut after).await;
    let origin = Origin { partner: partner(&caller), author: Author::Operator("op"), request_id: None, reason: None };
    let mut slow = app.db.begin().await.expect("a transaction");
    let slow_id = ClientId::parse(&id.to_string()).expect("an id");
    store::client_status::change(&mut *slow, origin, slow_id, Transition::ACTIVATE).await.expect("a change");

    let quick = caller.new_client(&app).await;
    for _ in 0..20 {
        assert_eq!(page(&app, &caller, &mut after).await, [Value::Null; 0]);
    }
    slow.commit().await.expect("a commit");

    let mut events = Vec::new();
    until("both are there", async || {
        events.extend(page(&app, &caller, &mut after).await);
        events.len() >= 2
    })
    .await;
    let told: Vec<_> = events.iter().map(|e| (e["client"]["id"].clone(), e["type"].clone())).collect();
    assert_eq!(told, [(id.into(), "activated".into()), (quick.into(), "created".into())]);
}

/// A transaction that has its id before it comes to the client must not put its event before that of one which came
/// between.
#[tokio::test]
async fn one_clients_events_stay_in_order_whatever_began_first() {
    let (app, caller) = acme().await;
    let id = caller.new_client(&app).await;
    let mut early = app.db.begin_with("begin isolation level read committed").await.expect("a transaction");
    sqlx::query("select pg_current_xact_id()::text").execute(&mut *early).await.expect("an id");

    caller.transition(&app, id, "activate").await;
    let origin = Origin { partner: partner(&caller), author: Author::Operator("op"), request_id: None, reason: None };
    let client = ClientId::parse(&id.to_string()).expect("an id");
    store::client_status::change(&mut *early, origin, client, Transition::CANCEL).await.expect("a change");
    early.commit().await.expect("a commit");

    let events = caller.feed(&app, 3).await;
    let kinds: Vec<_> = events.iter().map(|event| event["type"].as_str().expect("a type")).collect();
    assert_eq!(kinds, ["created", "activated", "cancelled"]);
}

/// Writes to one client and to new ones, as often as the long form of the test asks.
async fn write(app: &App, caller: &Caller, id: i64, actions: [&str; 2], rounds: usize) {
    for round in 0..rounds {
        let reply = caller.transition(app, id, actions[round % 2]).await;
        assert_eq!(reply.status, 200);
        if round % 5 == 0 {
            caller.new_client(app).await;
        }
    }
}

/// 100 rounds, or as many as `TEST_ROUNDS` says: its long form has 1,000.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_writers_leave_an_unbroken_chain_and_the_feed_misses_and_repeats_nothing() {
    let rounds = std::env::var("TEST_ROUNDS").map_or(100, |rounds| rounds.parse().expect("a number"));
    let (app, caller) = acme().await;
    let id = caller.new_client(&app).await;
    // Commits come late, each by another time, so that they are seldom in the order of the transactions' ids.
    app.execute(
        "create function dawdle() returns trigger language plpgsql as
             'begin perform pg_sleep(random() * 0.02); return null; end';
         create constraint trigger dawdle after insert on client_events deferrable initially deferred
             for each row execute function dawdle()",
    )
    .await;
    let done = AtomicBool::new(false);
    let writers = async {
        tokio::join!(
            write(&app, &caller, id, ["activate", "suspend"], rounds),
            write(&app, &caller, id, ["cancel", "activate"], rounds)
        );
        done.store(true, Ordering::Relaxed);
    };
    let poll = async {
        let (mut seen, mut after) = (Vec::new(), String::new());
        while !done.load(Ordering::Relaxed) {
            seen.extend(page(&app, &caller, &mut after).await);
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let all = usize::try_from(app.rows("client_events").await).expect("a count");
        until("the feed is read to its end", async || {
            seen.extend(page(&app, &caller, &mut after).await);
            seen.len() >= all
        })
        .await;
        (seen, all)
    };

    let ((), (seen, all)) = tokio::join!(writers, poll);

    let ids: HashSet<_> = seen.iter().map(|event| event["id"].as_str().expect("an id")).collect();
    assert_eq!((seen.len(), ids.len()), (all, all));
    let chain: Vec<&Value> = seen.iter().filter(|event| event["client"]["id"] == id).collect();
    assert!(chain.len() > rounds / 2, "the two hardly met: {} events", chain.len());
    for pair in chain.windows(2) {
        assert_eq!(pair[1]["from"], pair[0]["to"]);
        assert_ne!(pair[1]["from"], pair[1]["to"]);
    }
    let history = caller.pages(&app, &format!("/api/residential/client/{id}/events"), "limit=200").await;
    let history: Vec<&Value> = history.iter().flat_map(|page| page["events"].as_array().expect("events")).collect();
    assert_eq!(history, chain);
}
