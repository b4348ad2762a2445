//! How a server knows what was revoked, and what it does where it cannot.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use dna_api::store::token_family::revoked_since;
use sqlx::Connection as _;
use uuid::Uuid;

use super::{assert_done, assert_refused_within_a_second, revoke};
use crate::{
    bearer::{assert_taken, present},
    support::{App, Reply, database, until},
};

const REVOKE_ALL: &str = "update token_families set revoked_at = clock_timestamp(), revoked_for = 'asked'";

/// Waits until a server has asked again.
async fn until_it_has_asked(app: &App) {
    let before = app.state.revoked.since();
    until("the server asks", async || app.state.revoked.since() != before).await;
}

#[tokio::test]
async fn a_server_that_starts_knows_from_its_first_request_what_was_revoked() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let (ended, good) = (partner.log_in(&app).await, partner.log_in(&app).await);
    assert_done(&revoke(&app, &partner, &ended.token).await);
    let third = app.second().await;
    assert_eq!(present(&third, &ended.token).await.status, 401);
    assert_taken(&present(&third, &good.token).await);
}

#[tokio::test]
async fn a_revocation_that_commits_late_is_not_missed() {
    let app = App::start().await;
    let caller = app.partner("Acme").await.log_in(&app).await;
    let mut connection = database::connect_like(&app.db).await;
    let mut transaction = connection.begin().await.expect("a transaction");
    sqlx::raw_sql(REVOKE_ALL).execute(&mut *transaction).await.expect("done");
    for _ in 0..4 {
        until_it_has_asked(&app).await;
    }
    assert_taken(&present(&app, &caller.token).await);

    transaction.commit().await.expect("committed");

    assert_refused_within_a_second(&app, &caller.token).await;
}

#[tokio::test]
async fn a_server_whose_connections_are_cut_learns_all_the_same() {
    let app = App::start().await;
    let second = app.second().await;
    let partner = app.partner("Acme").await;
    let caller = partner.log_in(&app).await;
    let mut outside = database::connect_like(&app.db).await;
    let cut = "select pg_terminate_backend(pid) from pg_stat_activity
               where datname = current_database() and pid <> pg_backend_pid()";
    sqlx::raw_sql(cut).execute(&mut outside).await.expect("cut");
    sqlx::raw_sql(REVOKE_ALL).execute(&mut outside).await.expect("done");
    for server in [&app, &second] {
        let request = || server.post("/api/residential/client/1/activate").bearer_auth(&caller.token);
        until("the token is refused", async || Reply::even_a_failure(request()).await.status == 401).await;
    }
}

#[tokio::test]
async fn what_is_asked_for_is_what_is_new_and_a_minute_more_and_all_where_nothing_is_known() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let mut sids = Vec::new();
    for ago in [0.0, 30.0, 600.0, 23.0 * 3600.0, 25.0 * 3600.0] {
        let sid = partner.log_in(&app).await.claims()["sid"].as_str().and_then(|sid| sid.parse().ok()).expect("a sid");
        sqlx::query(
            "update token_families set revoked_at = now() - make_interval(secs => $2), revoked_for = 'asked' where sid = $1",
        )
        .bind::<Uuid>(sid)
        .bind(ago)
        .execute(&app.db)
        .await
        .expect("done");
        sids.push(sid);
    }
    let told = async |since| {
        let news = revoked_since(&app.db, since).await.expect("a database");
        let mut told: Vec<usize> =
            news.sids.iter().map(|sid| sids.iter().position(|known| known == sid).expect("ours")).collect();
        told.sort_unstable();
        told
    };
    let now = revoked_since(&app.db, None).await.expect("a database").as_of;
    assert_eq!(told(None).await, [0, 1, 2, 3], "no access token is older than a day");
    assert_eq!(told(Some(now)).await, [0, 1]);
    assert_eq!(told(Some(now - TimeDelta::minutes(15))).await, [0, 1, 2], "nothing is lost in a gap");
    assert_eq!(told(Some(now + TimeDelta::days(1))).await, [0, 1], "nor where the database's clock was put back");
    app.execute("update token_families set ends_at = now() - interval '2 minutes'").await;
    assert_eq!(told(None).await, [0; 0], "what is over need not be known");
}

#[tokio::test]
async fn among_many_logins_the_question_reads_only_what_was_revoked_lately() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let caller = partner.log_in(&app).await;
    app.execute(
        "insert into token_families (partner_id, sid, oauth_client_id, user_id, ends_at, revoked_at, revoked_for)
         select partner_id, gen_random_uuid(), oauth_client_id, user_id, ends_at,
                case when n % 10 = 0 then now() - interval '1 day' * (n % 90 + 2) end,
                case when n % 10 = 0 then 'asked' end
         from token_families, generate_series(1, 200000) n",
    )
    .await;
    app.execute("analyze token_families").await;
    assert_done(&revoke(&app, &partner, &caller.token).await);

    let (whole, by_index, read) = scans(&app).await;

    until("the server has asked often", async || scans(&app).await.1 >= by_index + 8).await;

    let (whole_now, by_index_now, read_now) = scans(&app).await;
    assert_eq!(whole_now, whole, "the table was read whole");
    assert!(read_now - read <= 2 * (by_index_now - by_index), "{read} {read_now}");
    assert_eq!(revoked_since(&app.db, None).await.expect("a database").sids.len(), 1);
}

/// How often the table was read whole, how often the index of what was revoked was asked, and how much it gave.
async fn scans(app: &App) -> (i64, i64, i64) {
    sqlx::query_as(
        "select t.seq_scan, i.idx_scan, i.idx_tup_read from pg_stat_user_tables t join pg_stat_user_indexes i using (relid)
         where i.indexrelname = 'token_families_revoked_at_idx'",
    )
    .fetch_one(&app.db)
    .await
    .expect("statistics")
}

#[tokio::test]
async fn a_server_that_cannot_learn_for_ten_seconds_is_not_ready_and_what_it_knows_stays_in_force() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let (ended, good) = (partner.log_in(&app).await, partner.log_in(&app).await);
    assert_done(&revoke(&app, &partner, &ended.token).await);
    app.execute("alter table token_families rename to hidden").await;
    let start = Instant::now();
    until_it_fails(&app).await;
    assert!(start.elapsed() > Duration::from_secs(9), "{:?}", start.elapsed());

    let reply = Reply::even_a_failure(app.get("/readyz")).await;
    assert_eq!((reply.status, reply.error(), reply.header("retry-after")), (503, "temporarily_unavailable", "1"));
    assert!(app.log().contains("what was disabled and revoked has not been learnt for 10 s"));
    assert_eq!(Reply::of(app.get("/healthz")).await.status, 200);
    assert_eq!(present(&app, &ended.token).await.status, 401);
    assert_taken(&present(&app, &good.token).await);

    app.execute("alter table hidden rename to token_families").await;
    until("it is ready", async || Reply::even_a_failure(app.get("/readyz")).await.status == 200).await;
}

async fn until_it_fails(app: &App) {
    until("it is not ready", async || Reply::even_a_failure(app.get("/readyz")).await.status == 503).await;
}
