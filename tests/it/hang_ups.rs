//! Callers that hang up in the middle: nothing of theirs stays behind, and nothing of anyone else's is lost.

use std::{future::poll_fn, pin::pin, task::Poll, time::Duration};

use dna_api::store;
use sqlx::{Connection as _, PgPool, postgres::PgPoolOptions};
use tokio::{
    io::AsyncWriteExt as _,
    net::TcpStream,
    task::JoinSet,
    time::{Instant, sleep},
};

use crate::support::{App, Reply, database, steve_harris};

/// Polls a future this often and drops it, wherever it stands.
pub async fn give_up_after(polls: usize, future: impl Future) {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(());
        }
        left -= 1;
        future.as_mut().poll(context).map(drop)
    })
    .await;
}

/// Begins transactions and lets go of them half-way, then writes without one. How many of the writes were acknowledged
/// and are not there.
async fn lost_writes(pool: &PgPool, other: &PgPool) -> i64 {
    sqlx::raw_sql("create table if not exists written (n bigint)").execute(other).await.expect("a table");
    sqlx::raw_sql("truncate written").execute(other).await.expect("an empty table");
    let mut acknowledged = 0;
    for round in 0..300 {
        give_up_after(1 + round % 8, pool.begin()).await;
        if sqlx::raw_sql("insert into written values (1)").execute(pool).await.is_ok() {
            acknowledged += 1;
        }
    }
    let there: i64 = sqlx::query_scalar("select count(*) from written").fetch_one(other).await.expect("a count");
    acknowledged - there
}

#[tokio::test]
async fn a_transaction_that_is_dropped_half_begun_swallows_no_later_write() {
    let options = database::fresh().await;
    let other = PgPoolOptions::new().connect_with(options.clone()).await.expect("a pool");

    let lost = lost_writes(&store::pool::pool(options, 2), &other).await;

    assert_eq!(lost, 0);
}

/// The check above, checked: on a pool without the rollback it does find lost writes. Once it finds none, sqlx has
/// mended its issues 4385 and 4393, and the rollback of `store::pool` can go.
#[tokio::test]
async fn without_the_rollback_such_a_transaction_swallows_writes() {
    let options = database::fresh().await;
    let other = PgPoolOptions::new().connect_with(options.clone()).await.expect("a pool");
    let plain = PgPoolOptions::new().max_connections(2).connect_with(options).await.expect("a pool");

    // Where a busy machine lets the database answer between two polls, nothing is half-way.
    for _ in 0..20 {
        if lost_writes(&plain, &other).await > 0 {
            return;
        }
    }
    panic!("nothing was lost");
}

/// Sends a request for a new client, and hangs up after a moment.
async fn create_and_hang_up(address: String, token: String, after: Duration) {
    let body =
        steve_harris().iter().map(|(name, value)| format!("{name}={}", value.replace(' ', "+"))).collect::<Vec<_>>();
    let body = body.join("&");
    let request = format!(
        "POST /api/residential/client HTTP/1.1\r\nHost: api\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let _ = stream.write_all(request.as_bytes()).await;
    sleep(after).await;
}

#[tokio::test]
async fn a_thousand_callers_that_hang_up_leave_nothing_open_and_lose_nothing() {
    let app = App::start().await;
    let caller = app.partner("Acme").await.log_in(&app).await;
    let address = app.url.trim_start_matches("http://").to_owned();

    let mut acknowledged = Vec::new();
    for round in 0..20 {
        let mut hanging_up = JoinSet::new();
        for n in 0..50_u64 {
            let after = Duration::from_micros((n * 7919 + round * 104_729) % 8_000);
            hanging_up.spawn(create_and_hang_up(address.clone(), caller.token.clone(), after));
        }
        let reply = Reply::of(caller.post(&app, "/api/residential/client").form(&steve_harris())).await;
        assert_eq!(reply.status, 201, "{}", reply.text);
        acknowledged.push(reply.json["client"]["id"].as_i64().expect("an id"));
        hanging_up.join_all().await;
    }

    let mut outside = database::connect_like(&app.db).await;
    let there: i64 = sqlx::query_scalar("select count(*) from clients where id = any($1)")
        .bind(&acknowledged)
        .fetch_one(&mut outside)
        .await
        .expect("a count");
    assert_eq!(there, 20, "an acknowledged client is gone");
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        let open: i64 = sqlx::query_scalar(
            "select count(*) from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'",
        )
        .fetch_one(&mut outside)
        .await
        .expect("a count");
        if open == 0 {
            break;
        }
        assert!(Instant::now() < deadline, "{open} transactions are left open");
        sleep(Duration::from_millis(50)).await;
    }
    let halves: i64 = sqlx::query_scalar(
        "select count(*) from clients c full join client_events e on e.client_id = c.id \
         full join ns_domains d on d.client_id = coalesce(c.id, e.client_id) \
         where c.id is null or e.id is null or d.client_id is null",
    )
    .fetch_one(&mut outside)
    .await
    .expect("a count");
    assert_eq!(halves, 0, "a client without its event or its domain");
    outside.close().await.expect("closing");
}
