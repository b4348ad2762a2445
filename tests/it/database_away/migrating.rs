//! A migration beside traffic: it waits for its tables without anybody waiting behind it.

use std::{borrow::Cow, cell::Cell, time::Duration};

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

#[tokio::test]
async fn a_reader_of_six_seconds_delays_the_migration_and_nobody_else() {
    let (app, caller) = acme().await;
    let mut reader = database::connect_like(&app.db).await;
    let mut reading = reader.begin().await.expect("a transaction");
    sqlx::query("select count(*) from clients").execute(&mut *reading).await.expect("a reading");

    let (done, start) = (Cell::new(false), Instant::now());
    let migrator = and("alter table clients add column note text", false);
    let options = app.db.connect_options();
    let migrating = async {
        let applied = schema::apply(&migrator, &options).await.expect("a migration");
        done.set(true);
        applied
    };
    let traffic = async {
        let (mut longest, mut reading) = (Duration::ZERO, Some(reading));
        while !done.get() {
            let asked = Instant::now();
            assert_eq!(Reply::of(caller.post(&app, CLIENT).form(&steve_harris())).await.status, 201);
            longest = longest.max(asked.elapsed());
            if start.elapsed() > Duration::from_secs(6)
                && let Some(reading) = reading.take()
            {
                reading.rollback().await.expect("the end");
            }
            sleep(Duration::from_millis(5)).await;
        }
        longest
    };
    let (applied, longest) = tokio::join!(migrating, traffic);
    assert_eq!(applied, ["9999 next"]);
    assert!(start.elapsed() > Duration::from_secs(6) && start.elapsed() < Duration::from_secs(12));
    assert!(longest < Duration::from_secs(1), "{longest:?}");
    println!("a reader of 6 s: longest reply {longest:?}, migrated after {:?}", start.elapsed());
    // The server of before goes on with the schema of after.
    assert_eq!(Reply::of(app.get("/readyz")).await.status, 200);
}

#[tokio::test]
async fn two_servers_that_migrate_at_once_do_not_wait_for_each_other_in_a_circle() {
    let (app, _) = acme().await;
    let options = app.db.connect_options();
    let index = "create index concurrently clients_zipcode_idx on clients (zipcode)";
    let migrator = and(index, true);
    let (one, other) = tokio::join!(schema::apply(&migrator, &options), schema::apply(&migrator, &options));
    let applied: usize =
        [one, other].into_iter().map(|done| done.unwrap_or_else(|error| panic!("{error}, {}", app.log())).len()).sum();
    assert_eq!(applied, 1, "one of them did it");
    let mut connection = sqlx::PgConnection::connect_with(&options).await.expect("a connection");
    let valid: bool =
        sqlx::query_scalar("select indisvalid from pg_index where indexrelid = 'clients_zipcode_idx'::regclass")
            .fetch_one(&mut connection)
            .await
            .expect("an index");
    assert!(valid);
    connection.close().await.expect("closing");
}
