//! A migration beside traffic: it waits for its tables without anybody waiting behind it.

use std::{
    borrow::Cow,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use dna_api::store::schema;
use sqlx::{
    Connection as _,
    migrate::{Migration, MigrationType, Migrator},
};
use tokio::time::{Instant, sleep};

use crate::support::{CLIENT, Reply, acme, database, steve_harris};

/// This program's migrations, and one more.
fn and(sql: &'static str, no_tx: bool) -> Migrator {
    let mut migrator = sqlx::migrate!();
    let sql = sqlx::SqlSafeStr::into_sql_str(sql);
    let next = Migration::new(9999, Cow::Borrowed("next"), MigrationType::Simple, sql, no_tx);
    migrator.migrations = migrator.iter().cloned().chain([next]).collect();
    migrator
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_of_six_seconds_delays_the_migration_and_nobody_else() {
    let (app, caller) = acme().await;
    let mut reader = database::connect_like(&app.db).await;
    let mut reading = reader.begin().await.expect("a transaction");
    sqlx::query("select count(*) from clients").execute(&mut *reading).await.expect("a reading");

    let done = Arc::new(AtomicBool::new(false));
    let migrating = tokio::spawn({
        let (done, options) = (Arc::clone(&done), app.db.connect_options());
        async move {
            let applied = schema::apply(&and("alter table clients add column note text", false), &options).await;
            done.store(true, Ordering::Relaxed);
            applied.expect("a migration")
        }
    });
    let (start, mut longest) = (Instant::now(), Duration::ZERO);
    let mut reading = Some(reading);
    while !done.load(Ordering::Relaxed) {
        let asked = Instant::now();
        assert_eq!(Reply::of(caller.post(&app, CLIENT).form(&steve_harris())).await.status, 201);
        longest = longest.max(asked.elapsed());
        if start.elapsed() > Duration::from_secs(6) {
            drop(reading.take());
        }
        sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(migrating.await.expect("a task"), ["9999 next"]);
    assert!(start.elapsed() > Duration::from_secs(6) && start.elapsed() < Duration::from_secs(10));
    assert!(longest < Duration::from_millis(900), "{longest:?}");
    println!("a reader of 6 s: longest reply {longest:?}, migrated after {:?}", start.elapsed());
    // The server of before goes on with the schema of after.
    assert_eq!(Reply::of(app.get("/readyz")).await.status, 200);
}

#[tokio::test]
async fn two_servers_that_migrate_at_once_do_not_wait_for_each_other_in_a_circle() {
    let options = database::fresh().await;
    let index = "create index concurrently clients_email_idx on clients (email)";
    let both = [0, 1].map(|_| {
        let options = options.clone();
        tokio::spawn(async move { schema::apply(&and(index, true), &options).await.map(|_| ()) })
    });
    for migrated in both {
        migrated.await.expect("a task").expect("a migration");
    }
    let mut connection = sqlx::PgConnection::connect_with(&options).await.expect("a connection");
    let valid: bool =
        sqlx::query_scalar("select indisvalid from pg_index where indexrelid = 'clients_email_idx'::regclass")
            .fetch_one(&mut connection)
            .await
            .expect("an index");
    assert!(valid);
    connection.close().await.expect("closing");
}
