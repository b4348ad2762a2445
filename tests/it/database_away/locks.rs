//! A database whose rows somebody else holds: requests wait for them, though not for ever, and not all of the server.

use std::time::Duration;

use dna_api::{
    metrics::database::Pool,
    store::{
        db::Db,
        pool::{Sessions, pool},
        pulse::Pulse,
    },
};
use sqlx::{Executor as _, PgConnection};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

use crate::support::{App, Reply, acme, database, until};

/// Somebody who holds a client's row.
async fn holder_of(app: &App, id: i64) -> PgConnection {
    let mut holder = database::connect_like(&app.db).await;
    holder.execute("begin").await.expect("a transaction");
    sqlx::query("select from clients where id = $1 for update").bind(id).execute(&mut holder).await.expect("a lock");
    holder
}

#[tokio::test]
async fn what_takes_too_long_is_ended_by_the_database_and_changes_nothing_later() {
    let (app, caller) = acme().await;
    let id = caller.new_client(&app).await;
    let path = format!("/api/residential/client/{id}/activate");
    let mut holder = holder_of(&app, id).await;

    // One who waits to the end, and one who hangs up meanwhile.
    let start = Instant::now();
    let (reply, _) = tokio::join!(
        Reply::even_a_failure(caller.post(&app, &path)),
        timeout(Duration::from_millis(300), caller.post(&app, &path).send()),
    );
    assert_eq!((reply.status, reply.error()), (503, "temporarily_unavailable"), "{reply:?}");
    assert!(start.elapsed() < Duration::from_secs(7), "{:?}", start.elapsed());

    holder.execute("rollback").await.expect("the end");
    sleep(Duration::from_millis(500)).await;
    let status: String = sqlx::query_scalar("select status from clients where id = $1")
        .bind(id)
        .fetch_one(&app.db)
        .await
        .expect("a row");
    assert_eq!(status, "pending");
    assert_eq!(caller.transition(&app, id, "activate").await.status, 200);
}

#[tokio::test]
async fn where_all_connections_wait_for_a_lock_the_next_caller_is_told_within_two_seconds() {
    let (app, caller) = acme().await;
    let id = caller.new_client(&app).await;
    let path = format!("/api/residential/client/{id}/activate");
    let mut holder = holder_of(&app, id).await;

    let mut waiting = JoinSet::new();
    for _ in 0..8 {
        let request = caller.post(&app, &path);
        waiting.spawn(async move { Reply::even_a_failure(request).await.status });
    }
    let waiters =
        "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    until("all connections wait", async || {
        sqlx::query_scalar::<_, i64>(waiters).fetch_one(&app.db).await.expect("a count") == 8
    })
    .await;
    let start = Instant::now();
    let next = Reply::even_a_failure(caller.get(&app, "/api/residential/client")).await;
    assert_eq!((next.status, next.header("retry-after")), (503, "1"), "{next:?}");
    assert!(start.elapsed() < Duration::from_millis(2_600), "{:?}", start.elapsed());
    // Busy is not ill: whoever balances the load leaves this server in.
    assert_eq!(Reply::of(app.get("/readyz")).await.status, 200);

    holder.execute("rollback").await.expect("the end");
    assert!(waiting.join_all().await.into_iter().all(|status| status == 200));
}

#[tokio::test]
async fn a_database_that_answers_anybody_is_not_given_up_by_those_who_wait_for_a_table() {
    let (app, caller) = acme().await;
    let id = caller.new_client(&app).await;
    let read = format!("/api/residential/client/{id}");
    let mut holder = database::connect_like(&app.db).await;
    holder.execute("begin").await.expect("a transaction");
    // All that requests and the background read: nothing of theirs is answered.
    sqlx::query("lock table clients, partners, oauth_clients, users, token_families in access exclusive mode")
        .execute(&mut holder)
        .await
        .expect("a lock");

    let (read, ready, ()) = tokio::join!(
        Reply::even_a_failure(caller.get(&app, &read)),
        async {
            sleep(Duration::from_secs(2)).await;
            Reply::even_a_failure(app.get("/readyz")).await.status
        },
        async {
            sleep(Duration::from_secs(3)).await;
            holder.execute("rollback").await.expect("the end");
        },
    );

    assert_eq!((read.status, ready), (200, 200), "{read:?}");
}

#[tokio::test]
async fn a_servers_sessions_are_limited_and_an_operators_are_not() {
    let options = database::fresh().await;
    let limits = async |pool: sqlx::PgPool| -> Vec<(String, String)> {
        let sql = "select name, setting from pg_settings where name in ('statement_timeout',
                   'idle_in_transaction_session_timeout', 'client_connection_check_interval') order by name";
        sqlx::query_as(sql).fetch_all(&pool).await.expect("settings")
    };
    let set = |values: [&str; 3]| {
        let names = ["client_connection_check_interval", "idle_in_transaction_session_timeout", "statement_timeout"];
        names.into_iter().zip(values).map(|(name, value)| (name.to_owned(), value.to_owned())).collect::<Vec<_>>()
    };
    let serving = |sessions| Db::new(&options, 1, sessions, &Pulse::default(), Pool::default()).pool();
    assert_eq!(limits(serving(Sessions::Own)).await, set(["1000", "10000", "5000"]));
    assert_eq!(limits(serving(Sessions::Shared)).await, set(["0", "0", "0"]), "nothing is set in a pooler's session");
    assert_eq!(limits(pool(options.clone(), 1)).await, set(["0", "0", "0"]));
}
