//! Readings of one partner that come together: one statement, and to each caller its own answer.

use std::time::Duration;

use dna_api::{
    domain::{
        client::{Client, ClientId, Found},
        partner::PartnerId,
    },
    store::{StoreError, lease::Lease},
};
use futures_util::future::join_all;
use sqlx::{Postgres, Transaction};
use tokio::{task::yield_now, time::sleep};

use crate::support::{App, CLIENT, acme, until};

/// A partner, and so many clients of it.
async fn partner_with(app: &App, name: &'static str, clients: usize) -> (PartnerId, Vec<ClientId>) {
    let caller = app.partner(name).await.log_in(app).await;
    let mut ids = Vec::new();
    for _ in 0..clients {
        ids.push(client_id(caller.new_client(app).await));
    }
    let partner = sqlx::query_scalar("select id from partners where name = $1").bind(name);
    (PartnerId(partner.fetch_one(&app.db).await.expect("the partner")), ids)
}

fn client_id(id: i64) -> ClientId {
    ClientId::parse(&id.to_string()).expect("an id")
}

/// Reads all of them at the same time.
async fn read(app: &App, asked: &[(PartnerId, ClientId)]) -> Vec<Result<Found<Client>, StoreError>> {
    join_all(asked.iter().map(|&(partner, id)| app.state.readings.client(partner, id))).await
}

/// The id that was read; 0 where there is no such client, and -1 where it was erased.
fn seen(answer: &Result<Found<Client>, StoreError>) -> i64 {
    match answer.as_ref().expect("an answer") {
        Found::Here(client) => client.id,
        Found::Nothing => 0,
        Found::Erased => -1,
    }
}

/// How often the server's sessions have read clients by a plan for the ids at hand, and how often by one for any.
async fn statements(app: &App) -> (i64, i64) {
    let sql = "select coalesce(sum(custom_plans), 0)::bigint, coalesce(sum(generic_plans), 0)::bigint
               from pg_prepared_statements where statement like 'select id, ns_domain,%from clients where partner_id = $1 and id = any%'";
    let mut sessions = Vec::new();
    for _ in 0..app.state.db.size().0 {
        sessions.push(app.state.db.acquire().await.expect("a connection"));
    }
    let mut all = (0, 0);
    for session in &mut sessions {
        let (custom, generic): (i64, i64) = sqlx::query_as(sql).fetch_one(&mut **session).await.expect("statements");
        all = (all.0 + custom, all.1 + generic);
    }
    sessions.into_iter().for_each(Lease::put_back);
    all
}

/// Begins a reading, and lets go of it once everything else has had so many turns.
async fn gone_after<T>(turns: usize, reading: impl Future<Output = T>) {
    let wait = async {
        for _ in 0..turns {
            yield_now().await;
        }
    };
    tokio::select! {
        biased;
        _ = reading => {}
        () = wait => {}
    }
}

#[tokio::test]
async fn those_of_a_partner_are_one_statement() {
    let app = App::start().await;
    let (partner, ids) = partner_with(&app, "Acme", 5).await;
    let asked: Vec<_> = ids.iter().cycle().take(50).map(|&id| (partner, id)).collect();

    let answers = read(&app, &asked).await;

    let ids: Vec<i64> = asked.iter().map(|(_, id)| id.get()).collect();
    assert_eq!(answers.iter().map(seen).collect::<Vec<_>>(), ids);
    assert_eq!(statements(&app).await, (1, 0));
}

#[tokio::test]
async fn those_of_two_partners_are_two_and_neither_sees_what_is_the_other_s() {
    let app = App::start().await;
    let (acme, acmes) = partner_with(&app, "Acme", 1).await;
    let (zenith, zeniths) = partner_with(&app, "Zenith", 1).await;

    let answers = read(&app, &[(acme, acmes[0]), (zenith, acmes[0]), (zenith, zeniths[0]), (acme, zeniths[0])]).await;

    assert_eq!(answers.iter().map(seen).collect::<Vec<_>>(), [acmes[0].get(), 0, zeniths[0].get(), 0]);
    assert_eq!(statements(&app).await, (2, 0));
}

#[tokio::test]
async fn each_is_answered_by_itself_whatever_became_of_the_others() {
    let app = App::start().await;
    let (partner, ids) = partner_with(&app, "Acme", 3).await;
    let set = "update clients set erased_at = now() where id = $1";
    sqlx::query(set).bind(ids[0].get()).execute(&app.db).await.expect("an erased client");
    let set = "alter table clients drop constraint clients_status_check; update clients set status = 'odd' where id = ";
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("{set}{}", ids[1].get()))).execute(&app.db).await.expect("an odd one");

    let answers = read(&app, &[ids[0], ids[1], client_id(999_999), ids[2]].map(|id| (partner, id))).await;

    assert_eq!([0, 2, 3].map(|n| seen(&answers[n])), [-1, 0, ids[2].get()]);
    assert!(matches!(answers[1], Err(StoreError::Failed(_))), "{:?}", answers[1]);
}

#[tokio::test]
async fn who_goes_takes_nobody_s_answer_along() {
    let app = App::start().await;
    let (partner, ids) = partner_with(&app, "Acme", 2).await;

    // The first, for whom the statement is begun, before it is sent and while it is carried out.
    for turns in 0..4 {
        let first = gone_after(turns, app.state.readings.client(partner, ids[0]));
        let ((), second) = tokio::join!(first, app.state.readings.client(partner, ids[1]));
        assert_eq!(seen(&second), ids[1].get());
    }
    // All of them: nothing is asked, and who comes next is served.
    let before = statements(&app).await;
    gone_after(0, app.state.readings.client(partner, ids[0])).await;
    yield_now().await;
    assert_eq!(statements(&app).await, before);
    assert_eq!(seen(&app.state.readings.client(partner, ids[0]).await), ids[0].get());
}

#[tokio::test]
async fn all_are_told_where_the_database_cannot_be_asked() {
    let app = App::start().await;
    let (partner, ids) = partner_with(&app, "Acme", 2).await;
    app.state.db.close().await;

    let answers = read(&app, &[(partner, ids[0]), (partner, ids[1]), (partner, ids[0])]).await;

    assert!(answers.iter().all(|answer| matches!(answer, Err(StoreError::Unavailable(_)))), "{answers:?}");
}

#[tokio::test]
async fn they_are_planned_once_however_many_come_together() {
    let app = App::start().await;
    let (partner, ids) = partner_with(&app, "Acme", 3).await;

    for n in 0..20 {
        read(&app, &ids.iter().take(1 + n % 3).map(|&id| (partner, id)).collect::<Vec<_>>()).await;
    }

    // Postgres tries five plans for the values at hand before it keeps one for all.
    assert_eq!(statements(&app).await, (5, 15));
}

/// How many sessions wait for a lock to read clients, and their end.
const WAIT: &str = "select count(*) from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock' and query like 'select id, ns_domain,%'";
const END: &str = "select count(pg_terminate_backend(pid)) from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock' and query like 'select id, ns_domain,%'";

/// A transaction that keeps everybody from the clients.
async fn lock(app: &App) -> Transaction<'static, Postgres> {
    let mut lock = app.db.begin().await.expect("a transaction");
    sqlx::raw_sql("lock table clients").execute(&mut *lock).await.expect("a lock");
    lock
}

async fn count(app: &App, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(&app.db).await.expect("a count")
}

/// Ends the one session that waits for the lock, then the lock.
async fn break_them(app: &App, lock: Transaction<'static, Postgres>) {
    until("they wait", async || count(app, WAIT).await == 1).await;
    assert_eq!(count(app, END).await, 1);
    lock.rollback().await.expect("no lock");
}

#[tokio::test]
async fn a_connection_that_breaks_under_them_is_tried_once_more() {
    let app = App::start().await;
    let (partner, ids) = partner_with(&app, "Acme", 2).await;
    let lock = lock(&app).await;
    let asked: Vec<_> = ids.iter().map(|&id| (partner, id)).collect();

    let (answers, ()) = tokio::join!(read(&app, &asked), break_them(&app, lock));

    assert_eq!(answers.iter().map(seen).collect::<Vec<_>>(), [ids[0].get(), ids[1].get()]);
    assert!(app.metrics().await.of("dna_db_retries_total{sqlstate=\"08006\"}") > 0.0);
}

#[tokio::test]
async fn what_nobody_waits_for_any_more_is_let_go_of() {
    let app = App::start().await;
    let (partner, ids) = partner_with(&app, "Acme", 2).await;
    let lock = lock(&app).await;
    let readings = app.state.readings.clone();
    let [mut first, mut second] = [0, 1].map(|n| {
        let (readings, id) = (readings.clone(), ids[n]);
        Box::pin(async move { readings.client(partner, id).await })
    });
    let both = async { tokio::join!(&mut first, &mut second) };
    let sent = async { until("they wait", async || count(&app, WAIT).await == 1).await };
    tokio::select! {
        _ = both => panic!("the clients are locked"),
        _ = sent => {}
    }

    drop(first);
    sleep(Duration::from_millis(300)).await;
    assert_eq!(count(&app, WAIT).await, 1, "the other one still waits");
    drop(second);

    until("nothing waits", async || count(&app, WAIT).await == 0).await;
    assert_eq!(app.state.db.size().0, 0, "it was not the statement that ended, by its own deadline");
    lock.rollback().await.expect("no lock");
    assert_eq!(seen(&app.state.readings.client(partner, ids[0]).await), ids[0].get());
}

#[tokio::test]
async fn what_is_logged_of_a_statement_names_the_request_that_it_is_sent_for() {
    let (app, caller) = acme().await;
    let path = format!("{CLIENT}/{}", caller.new_client(&app).await);
    let lock = lock(&app).await;

    let (reply, ()) = tokio::join!(caller.read(&app, &path), break_them(&app, lock));

    let (log, id) = (app.log(), reply.header("x-request-id"));
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert!(log.lines().any(|line| line.contains("trying again") && line.contains(id)), "{log}");
}
