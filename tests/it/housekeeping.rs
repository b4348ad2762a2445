//! What is over is removed, and nothing else, and nobody waits for it.

use std::time::{Duration, Instant};

use dna_api::housekeeping;

use crate::support::{App, Reply, steve_harris};

/// So many refresh tokens of the one user there is, which expire then.
const TOKENS: &str = "
    insert into refresh_tokens (partner_id, token_hash, sid, oauth_client_id, user_id, scope, expires_at)
    select u.partner_id, sha256((expires || n)::bytea), gen_random_uuid(), o.id, u.id, 'client:create',
           now() + expires::interval
    from users u join oauth_clients o using (partner_id),
         (values ('-40 days', 10000), ('-1 hour', 50), ('1 hour', 100)) as kinds (expires, many),
         generate_series(1, many) as n";

/// Remembers how many rows each statement removed.
const WATCH: &str = "
    create table removals (removed bigint);
    create function removed() returns trigger language plpgsql as
        $$ begin insert into removals select count(*) from gone; return null; end $$;
    create trigger removed after delete on refresh_tokens referencing old table as gone
        for each statement execute function removed()";

async fn count(app: &App, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(&app.db).await.expect(sql)
}

#[tokio::test]
async fn of_many_rows_all_that_are_over_go_in_small_batches_while_requests_go_on() {
    let app = App::start().await;
    let caller = app.partner("Acme").await.log_in(&app).await;
    app.execute(TOKENS).await;
    app.execute(WATCH).await;

    let state = app.state.clone();
    let round = tokio::spawn(async move { housekeeping::round(&state).await });
    let mut slowest = Duration::ZERO;
    while !round.is_finished() {
        let start = Instant::now();
        assert_eq!(caller.create(&app, &steve_harris()).await.status, 201);
        assert_eq!(Reply::of(app.get("/readyz")).await.status, 200);
        slowest = slowest.max(start.elapsed());
    }

    round.await.expect("a task").expect("all that is over");
    assert_eq!(count(&app, "select count(*) from refresh_tokens where expires_at < now() - interval '1 day'").await, 0);
    // The caller's own, those that live, and those that have expired only just.
    assert_eq!(app.rows("refresh_tokens").await, 151);
    assert!(count(&app, "select max(removed) from removals").await <= 500);
    assert_eq!(count(&app, "select sum(removed)::bigint from removals").await, 10_000);
    assert!(slowest < Duration::from_secs(5), "{slowest:?}");
}

#[tokio::test]
async fn servers_on_one_database_share_the_work_and_do_not_wait_for_each_other() {
    let app = App::start().await;
    let second = app.second().await;
    app.partner("Acme").await;
    app.execute(TOKENS).await;
    app.execute(WATCH).await;
    // What another server is at.
    let mut held = app.db.begin().await.expect("a transaction");
    sqlx::raw_sql("select from refresh_tokens where expires_at < now() - interval '1 day' limit 100 for update")
        .execute(&mut *held)
        .await
        .expect("locks");

    let (one, other) = tokio::join!(housekeeping::round(&app.state), housekeeping::round(&second.state));
    one.and(other).expect("all that nobody is at");
    assert_eq!(app.rows("refresh_tokens").await, 250);
    held.rollback().await.expect("no locks");
    housekeeping::round(&second.state).await.expect("the rest");
    assert_eq!(app.rows("refresh_tokens").await, 150);
    assert_eq!(count(&app, "select sum(removed)::bigint from removals").await, 10_000);
}

#[tokio::test]
async fn what_is_over_is_found_by_an_index() {
    let app = App::start().await;
    app.partner("Acme").await;
    app.execute(TOKENS).await;
    app.execute("analyze refresh_tokens").await;
    let plan: Vec<String> = sqlx::query_scalar(
        "explain select from refresh_tokens where expires_at < now() - interval '50 days' order by expires_at limit 500",
    )
    .fetch_all(&app.db)
    .await
    .expect("a plan");
    assert!(plan.join("\n").contains("refresh_tokens_expires_at_idx"), "{plan:?}");
}
