//! Transactions that the database makes give way: they are done again, and no caller sees it.

use std::time::Instant;

use sqlx::{Connection as _, error::DatabaseError};
use tokio::task::JoinSet;

use dna_api::{
    metrics::database::Pool,
    store::{StoreError, db::Db, pool::Sessions, pulse::Pulse},
};

use crate::support::{App, CLIENT, Reply, database, steve_harris};

/// A server whose every transaction is serializable, as those of distributed engines are.
async fn serializable() -> App {
    let options = database::fresh().await;
    let name = options.get_database().expect("a name");
    database::administer(&format!("alter database {name} set default_transaction_isolation = serializable")).await;
    App::start_on(options).await
}

#[tokio::test]
async fn callers_that_meet_under_serializable_isolation_notice_nothing() {
    let app = serializable().await;
    let partner = app.partner("Acme").await;
    let caller = partner.log_in(&app).await;
    let id = caller.new_client(&app).await;

    let mut asking = JoinSet::new();
    for n in 0..4 {
        let action = if n % 2 == 0 { "activate" } else { "suspend" };
        for request in [
            caller.post(&app, CLIENT).form(&steve_harris()),
            caller.post(&app, CLIENT).header("Idempotency-Key", format!("key-{n}")).form(&steve_harris()),
            caller.post(&app, &format!("{CLIENT}/{id}/{action}")),
            caller.post(&app, &format!("{CLIENT}/{id}")).form(&[("first_name", format!("Steve {n}"))]),
            app.post("/api/oauth/token").form(&partner.password_grant()),
        ] {
            asking.spawn(Reply::even_a_failure(request));
        }
    }
    let replies = asking.join_all().await;
    let conflicts = app.log().matches("trying again").count();
    for reply in replies {
        assert!(matches!(reply.status, 200 | 201), "{reply:?}");
    }
    assert!(conflicts > 0, "nobody met anybody");
}

#[tokio::test]
async fn a_statement_that_gave_way_is_repeated_for_five_seconds_and_then_told() {
    let options = database::fresh().await;
    let db = Db::new(&options, 1, Sessions::Own, &Pulse::default(), Pool::default());
    let mut outside = database::connect_like(&db.pool()).await;
    sqlx::raw_sql("create sequence tries; create sequence breaks").execute(&mut outside).await.expect("sequences");
    let give_way = "create function give_way(times bigint) returns bigint language plpgsql as $$ begin
                        if nextval('tries') <= times then raise 'conflict' using errcode = '40001'; end if;
                        return currval('tries');
                    end $$;
                    create function break(times bigint) returns bigint language plpgsql as $$ begin
                        if nextval('breaks') <= times then perform pg_terminate_backend(pg_backend_pid()); end if;
                        return currval('breaks');
                    end $$";
    sqlx::raw_sql(give_way).execute(&mut outside).await.expect("functions");
    let ask = async |sql: &'static str, times: i64| sqlx::query_scalar::<_, i64>(sql).bind(times).fetch_one(&db).await;

    // A write as well as a reading: what gave way has not happened.
    assert_eq!(ask("with w as (select give_way($1) n) select n from w", 9).await.expect("the tenth time"), 10);
    sqlx::raw_sql("alter sequence tries restart").execute(&mut outside).await.expect("anew");
    let start = Instant::now();
    let error = ask("select give_way($1)", i64::MAX).await.expect_err("too often");
    let took = start.elapsed();
    assert_eq!(error.as_database_error().and_then(DatabaseError::code).as_deref(), Some("40001"));
    assert!((5.0..8.0).contains(&took.as_secs_f64()), "{took:?}");
    let tried: i64 =
        sqlx::query_scalar("select last_value from tries").fetch_one(&mut outside).await.expect("a number");
    assert!((16..=200).contains(&tried), "with pauses that grow to a third of a second: {tried}");

    // A connection that breaks says nothing of what was on it: a reading is asked again, once, and a write never.
    assert_eq!(ask("select break($1)", 1).await.expect("the second time"), 2);
    sqlx::raw_sql("alter sequence breaks restart").execute(&mut outside).await.expect("anew");
    ask("with w as (select break($1) n) select n from w", 1).await.expect_err("not known to be a reading");
    let tried: i64 =
        sqlx::query_scalar("select last_value from breaks").fetch_one(&mut outside).await.expect("a number");
    assert_eq!(tried, 1);
    outside.close().await.expect("closing");
}

#[tokio::test]
async fn whatever_ends_a_session_means_that_the_database_is_away() {
    let options = database::fresh().await;
    let db = Db::new(&options, 1, Sessions::Own, &Pulse::default(), Pool::default());
    let fatal = sqlx::query("select set_config('role', 'nobody there', false)").execute(&db).await;
    assert!(matches!(fatal.map_err(StoreError::from), Err(StoreError::Failed(_))), "an error is one of ours");
    let end = "do $$ begin perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(1); end $$";
    let ended = sqlx::query(end).execute(&db).await.map_err(StoreError::from);
    assert!(matches!(ended, Err(StoreError::Unavailable(_))), "{ended:?}");
    let none = db.pool().connect_options().as_ref().clone().options([("search_path", "x"), ("nonsense", "1")]);
    let refused = sqlx::PgConnection::connect_with(&none).await.map_err(StoreError::from);
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "FATAL, of a class that is ours else");
}
