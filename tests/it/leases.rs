//! A server's connections: handed on as they are where all is known to have ended, and the long way where it is not.

use std::time::Duration;

use dna_api::{
    installation::shares,
    metrics::database::Pool,
    store::{db::Db, pool::Sessions, pulse::Pulse},
};
use sqlx::{Executor as _, PgConnection};
use tokio::time::sleep;

use crate::{
    hang_ups::give_up_after,
    support::{App, database, until},
};

/// A server's connections, at most `max`, and one of the test's own.
async fn connections(max: u32) -> (Db, PgConnection) {
    let options = database::fresh().await;
    let db = Db::new(&options, max, Sessions::Own, &Pulse::default(), Pool::default());
    let mut outside = database::connect_like(&db.pool()).await;
    outside.execute("create table written (n bigint)").await.expect("a table");
    (db, outside)
}

async fn count(outside: &mut PgConnection, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(outside).await.expect("a count")
}

const OPEN: &str = "select count(*) from pg_stat_activity
    where datname = current_database() and state like 'idle in transaction%'";

#[tokio::test]
async fn what_is_dropped_half_way_swallows_no_later_write() {
    let (db, mut outside) = connections(2).await;
    let insert = async |n: i64| sqlx::query("insert into written values ($1)").bind(n).execute(&db).await;
    let mut acknowledged = 0;

    for round in 0..300 {
        let polls = 1 + round % 8;
        match round % 4 {
            0 => give_up_after(polls, db.begin()).await,
            1 => give_up_after(polls, db.begin_with("begin; set local lock_timeout = '2s'")).await,
            2 => give_up_after(polls, insert(-1)).await,
            _ => {
                let half = async {
                    let mut transaction = db.begin().await?;
                    transaction.execute("insert into written values (-1)").await?;
                    transaction.commit().await
                };
                give_up_after(polls, half).await;
            }
        }
        if insert(1).await.is_ok() {
            acknowledged += 1;
        }
    }

    assert_eq!(count(&mut outside, "select count(*) from written where n = 1").await, acknowledged);
    until("nothing is open", async || count(&mut outside, OPEN).await == 0).await;
}

#[tokio::test]
async fn a_transaction_that_is_dropped_is_rolled_back_though_it_had_failed() {
    let (db, mut outside) = connections(1).await;
    let session = "select pg_backend_pid()";
    let mut transaction = db.begin().await.expect("a transaction");
    let before: i32 = sqlx::query_scalar(session).fetch_one(&mut *transaction).await.expect("its session");
    transaction.execute("insert into written values (1)").await.expect("a row");
    transaction.execute("select 1 / 0").await.expect_err("no number");

    drop(transaction);

    let after: i32 = sqlx::query_scalar(session).fetch_one(&db).await.expect("the connection");
    assert_eq!(after, before, "it was not worth a new connection");
    assert_eq!(count(&mut outside, "select count(*) from written").await, 0);
}

#[tokio::test]
async fn a_statement_is_all_that_is_sent_for_it() {
    let (db, mut outside) = connections(1).await;

    for n in 0..3_i64 {
        sqlx::query("insert into written values ($1)").bind(n).execute(&db).await.expect("a row");
    }

    let last = "select query from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()";
    let last: Vec<String> = sqlx::query_scalar(last).fetch_all(&mut outside).await.expect("the sessions");
    assert_eq!(last, ["insert into written values ($1)"]);
    assert_eq!(db.size(), (1, 1, 1));
}

#[tokio::test]
async fn each_workers_share_is_its_own_and_lends_what_is_left() {
    let options = database::fresh().await;
    let db = Db::shared(&options, &[1, 2], Sessions::Own, &Pulse::default(), Pool::default());
    let [first, second] = db.shares().collect::<Vec<_>>().try_into().expect("two shares");
    let session = async |share: &Db| -> i32 {
        sqlx::query_scalar("select pg_backend_pid()").fetch_one(share).await.expect("a session")
    };
    let before = (session(&first).await, session(&second).await);

    let held = (first.acquire().await.expect("the first's one"), second.acquire().await.expect("one of the second's"));
    assert_ne!(session(&first).await, before.1, "it has none left, and the other has another");
    until("that is not kept, as it was opened for another", async || db.size() == (2, 0, 3)).await;
    let last = second.acquire().await.expect("the last one");
    for share in [&first, &second] {
        assert!(matches!(share.acquire().await, Err(sqlx::Error::PoolTimedOut)), "there are no more");
    }
    let waiting = tokio::spawn({
        let first = first.clone();
        async move { first.acquire().await.map(drop) }
    });
    sleep(Duration::from_millis(100)).await;
    last.put_back();
    waiting.await.expect("a task").expect("what the other has left meanwhile");
    drop(held);

    until("it comes back", async || db.size().1 == 3).await;
    assert_eq!(session(&first).await, before.0, "to the share that it is of");
    db.close().await;
    assert!(matches!(second.acquire().await, Err(sqlx::Error::PoolClosed)), "closed is closed for all");
}

#[tokio::test]
async fn a_change_that_changes_nothing_leaves_nothing_open() {
    let app = App::start().await;
    let caller = app.partner("Acme").await.log_in(&app).await;
    let client = caller.new_client(&app).await;

    let reply = caller.change(&app, client, &[("first_name", "Steve")]).await;

    assert_eq!(reply.status, 200, "{}", reply.text);
    let mut outside = database::connect_like(&app.db).await;
    assert_eq!(count(&mut outside, OPEN).await, 0);
}

#[test]
fn there_are_as_many_workers_as_cores_where_each_has_enough() {
    let cases: [(u32, u32, &[u32]); 7] = [
        (16, 1, &[16]),
        (16, 2, &[8, 8]),
        (16, 64, &[4, 4, 4, 4]),
        (17, 3, &[5, 6, 6]),
        (8, 2, &[4, 4]),
        (7, 2, &[7]),
        (2, 64, &[2]),
    ];
    for (connections, cores, shared_out) in cases {
        assert_eq!(shares(connections, cores), shared_out, "{connections} connections, {cores} cores");
    }
}
