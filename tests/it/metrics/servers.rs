//! What a server knows of itself, its database and its keys.

use std::time::Duration;

use chrono::TimeDelta;
use tokio::task::JoinSet;

use crate::support::{App, acme, until};

#[tokio::test]
async fn the_age_of_what_is_known_of_revocations_grows_while_the_database_tells_nothing() {
    let app = App::start().await;
    assert!(app.metrics().await.of("dna_revocation_lag_seconds") < 5.0);
    let locked = "begin; lock table token_families in access exclusive mode; select pg_sleep(3); commit";
    let db = app.db.clone();
    let locking = tokio::spawn(async move { sqlx::raw_sql(locked).execute(&db).await });
    until("it grows", async || app.metrics().await.of("dna_revocation_lag_seconds") > 1.5).await;
    locking.await.expect("a task").expect("a lock");
    until("it is fresh again", async || app.metrics().await.of("dna_revocation_lag_seconds") < 1.0).await;
}

#[tokio::test]
async fn how_far_the_clocks_differ() {
    let app = App::start().await;
    app.advance(TimeDelta::seconds(-30));
    until("it is seen", async || (app.metrics().await.of("dna_clock_skew_seconds") - 30.0).abs() < 2.0).await;
}

#[tokio::test]
async fn how_long_the_key_has_signed_that_signs_now() {
    let app = App::start().await;
    let older = "update signing_keys set signs_from = signs_from - interval '100 days'";
    sqlx::query(older).execute(&app.db).await.expect("a database");
    let hundred_days = 100.0 * 86_400.0;
    until("it is seen", async || app.metrics().await.of("dna_signing_key_age_seconds") >= hundred_days).await;
}

#[tokio::test]
async fn connections_and_waits_that_end_without_one() {
    let (app, caller) = acme().await;
    let mut held = Vec::new();
    for _ in 0..8 {
        held.push(app.state.db.acquire().await.expect("a connection"));
    }
    let of = |name: &str, state: &str| {
        let labels = "db_client_connection_pool_name=\"requests\"";
        if state.is_empty() {
            format!("{name}{{{labels}}}")
        } else {
            format!("{name}{{{labels},db_client_connection_state=\"{state}\"}}")
        }
    };
    let refused = tokio::spawn(caller.get(&app, "/api/residential/client").send());
    until("it waits", async || app.metrics().await.of(&of("db_client_connection_pending_requests", "")) > 0.0).await;
    let metrics = app.metrics().await;
    for (name, state, value) in [
        ("db_client_connection_count", "used", 8.0),
        ("db_client_connection_count", "idle", 0.0),
        ("db_client_connection_max", "", 8.0),
    ] {
        assert!((metrics.of(&of(name, state)) - value).abs() < f64::EPSILON, "{name} {state}:\n{}", metrics.text);
    }
    assert_eq!(refused.await.expect("a task").expect("a reply").status(), 503);
    drop(held);
    let metrics = app.metrics().await;
    assert!(metrics.of(&of("db_client_connection_timeouts_total", "")) >= 1.0);
    assert!(metrics.of(&of("db_client_connection_pending_requests", "")) < 1.0);
    assert!(metrics.of(&of("db_client_connection_wait_time_seconds_count", "")) >= 8.0);
}

#[tokio::test]
async fn what_is_done_again_by_what_was_in_its_way() {
    let app = App::start().await;
    let metrics = &app.state.metrics.database.requests.retries;
    let tries = std::sync::atomic::AtomicU32::new(0);
    let conflict = async || {
        if tries.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 2 {
            return Ok(());
        }
        let raised = "do $$ begin raise exception using errcode = '40001'; end $$";
        sqlx::raw_sql(raised).execute(&app.db).await.map(drop)
    };
    dna_api::store::retry::repeatable(metrics, conflict).await.expect("the third time");
    let told = app.metrics().await.of("dna_db_retries_total{sqlstate=\"40001\"}");
    assert!((told - 2.0).abs() < f64::EPSILON, "{told}");
}

#[tokio::test]
async fn the_process_as_the_system_sees_it() {
    let app = App::start().await;
    let mut busy = JoinSet::new();
    busy.spawn_blocking(|| {
        let start = std::time::Instant::now();
        while start.elapsed() < Duration::from_millis(50) {}
    });
    busy.join_all().await;
    let metrics = app.metrics().await;
    for (name, least) in [
        ("process_cpu_time_seconds_total{cpu_mode=\"user\"}", 0.001),
        ("process_memory_usage_bytes", 1e6),
        ("process_thread_count", 2.0),
        ("process_unix_file_descriptor_count", 3.0),
        ("dna_process_file_descriptor_limit", 64.0),
        ("process_uptime_seconds", 0.01),
    ] {
        assert!(metrics.of(name) >= least, "{name}:\n{}", metrics.text);
    }
}
