//! Twins: the same request with the same key, while the first still runs.

use std::time::{Duration, Instant};

use reqwest::Method;

use super::is_replay;
use crate::support::{App, CLIENT, Caller, Reply, acme, steve_harris, until};

/// Makes every creation take this long.
async fn slow_down(app: &App, seconds: &'static str) {
    let sql = format!(
        "create function slow() returns trigger language plpgsql as
         $$ begin perform pg_sleep({seconds}); return new; end $$;
         create trigger slow before insert on clients for each row execute function slow();"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&app.db).await.expect("a trigger");
}

/// Waits until a creation is in the middle of its work.
async fn until_one_runs(app: &App) {
    until("a creation runs", async || {
        let sql = "select exists (select from pg_stat_activity
                   where datname = current_database() and wait_event = 'PgSleep')";
        sqlx::query_scalar(sql).fetch_one(&app.db).await.expect("an answer")
    })
    .await;
}

async fn create(app: &App, caller: &Caller, key: &str) -> Reply {
    Reply::of(caller.keyed(app, Method::POST, CLIENT, key).form(&steve_harris())).await
}

#[tokio::test]
async fn twins_wait_for_the_first_and_replay_it() {
    let (app, caller) = acme().await;
    slow_down(&app, "0.5").await;

    let (first, again) = tokio::join!(create(&app, &caller, "k"), async {
        until_one_runs(&app).await;
        create(&app, &caller, "k").await
    });

    assert_eq!(first.status, 201, "{}", first.text);
    is_replay(&again, &first);
}

#[tokio::test]
async fn a_crowd_of_twins_on_two_servers_makes_one_client() {
    let (app, caller) = acme().await;
    let second = app.second().await;

    for key in ["a", "b", "c"] {
        let crowd = (0..16).map(|n| create(if n % 2 == 0 { &app } else { &second }, &caller, key));
        let mut replies = Vec::new();
        for reply in join_all(crowd).await {
            assert_eq!(reply.status, 201, "{}", reply.text);
            replies.push(reply);
        }
        assert!(replies.iter().all(|reply| reply.text == replies[0].text));
        assert_eq!(replies.iter().filter(|reply| reply.header("idempotent-replayed").is_empty()).count(), 1);
    }
    assert_eq!(app.rows("clients").await, 3);
}

async fn join_all(futures: impl Iterator<Item = impl Future<Output = Reply>>) -> Vec<Reply> {
    let mut pending: Vec<_> = futures.map(Box::pin).collect();
    let mut done: Vec<Option<Reply>> = pending.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (future, slot) in pending.iter_mut().zip(&mut done).filter(|(_, slot)| slot.is_none()) {
            if let std::task::Poll::Ready(reply) = future.as_mut().poll(context) {
                *slot = Some(reply);
            }
        }
        if done.iter().all(Option::is_some) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    done.into_iter().flatten().collect()
}

#[tokio::test]
async fn after_two_seconds_a_twin_is_told_to_come_back() {
    let (app, caller) = acme().await;
    slow_down(&app, "4").await;

    let (first, (refused, waited)) = tokio::join!(create(&app, &caller, "k"), async {
        until_one_runs(&app).await;
        let start = Instant::now();
        (create(&app, &caller, "k").await, start.elapsed())
    });

    refused.is_refused(409, "idempotency_key_in_use", "A request with this Idempotency-Key is still running.");
    assert_eq!(refused.header("retry-after"), "1");
    assert!((Duration::from_millis(1900)..Duration::from_millis(3900)).contains(&waited), "{waited:?}");
    assert_eq!(first.status, 201, "{}", first.text);
    is_replay(&create(&app, &caller, "k").await, &first);
}

#[tokio::test]
async fn the_twin_of_one_that_fails_is_carried_out() {
    let (app, caller) = acme().await;
    app.execute(
        "create sequence tries;
         create function fails_once() returns trigger language plpgsql as $$ begin
             if nextval('tries') = 1 then perform pg_sleep(0.5); raise 'once'; end if;
             return new;
         end $$;
         create trigger fails_once before insert on clients for each row execute function fails_once();",
    )
    .await;
    let request = || caller.keyed(&app, Method::POST, CLIENT, "k").form(&steve_harris());

    let (first, twin) = tokio::join!(Reply::even_a_failure(request()), async {
        until_one_runs(&app).await;
        Reply::of(request()).await
    });

    assert_eq!((first.status, first.error()), (500, "server_error"));
    assert_eq!((twin.status, twin.header("idempotent-replayed")), (201, ""), "{}", twin.text);
    assert_eq!(app.rows("clients").await, 1);
}

#[tokio::test]
async fn one_that_hangs_up_leaves_its_key_free() {
    let (app, caller) = acme().await;
    slow_down(&app, "0.5").await;
    let request = caller.keyed(&app, Method::POST, CLIENT, "k").form(&steve_harris());
    assert!(request.timeout(Duration::from_millis(200)).send().await.is_err(), "it should take longer");

    let again = create(&app, &caller, "k").await;

    assert_eq!(again.status, 201, "{}", again.text);
    assert_eq!(app.rows("clients").await, 1);
}
