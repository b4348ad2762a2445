//! What operators do that ends tokens: a password is reset, a secret is rotated with `--now`.

use dna_api::{accounts, domain::user::Username};
use sqlx::Connection as _;

use super::{assert_refused_within_a_second, end_tokens};
use crate::{
    bearer::{assert_taken, present},
    support::{App, Caller, Partner, Reply, database, until},
    token::{ALL, BAD_REFRESH_TOKEN, ask, assert_refused, with},
};

async fn reset(app: &App, partner: &Partner) -> Partner {
    let username = Username::parse(&partner.username).expect("a username");
    let account = accounts::reset_password(&app.db, &username).await.expect("a new password");
    app.keep_secret(account.password.reveal());
    Partner { password: account.password.reveal().to_owned(), ..partner.clone() }
}

#[tokio::test]
async fn a_reset_password_ends_the_users_tokens_everywhere_within_a_second_and_nobody_elses() {
    let app = App::start().await;
    let second = app.second().await;
    let partner = app.partner("Acme").await;
    let colleague = partner.with_user(&app, ALL).await.log_in(&app).await;
    let without_refreshing = partner.with_oauth_client(&app, ALL, "password").await;
    let ended = [partner.log_in(&app).await, without_refreshing.log_in(&app).await];

    reset(&app, &partner).await;

    for caller in &ended {
        for server in [&app, &second] {
            assert_refused_within_a_second(server, &caller.token).await;
        }
    }
    assert_taken(&present(&second, &colleague.token).await);
}

#[tokio::test]
async fn a_login_right_after_a_reset_works_at_once_and_goes_on_working() {
    let app = App::start().await;
    let mut partner = app.partner("Acme").await;
    for _ in 0..5 {
        let old = partner.log_in(&app).await;
        partner = reset(&app, &partner).await;
        let new = partner.log_in(&app).await;
        assert_taken(&present(&app, &new.token).await);
        until("the old one is refused", async || present(&app, &old.token).await.status == 401).await;
        assert_taken(&present(&app, &new.token).await);
        Caller::of(&app, &partner.refresh(&app, &new.refresh_token).await);
    }
}

/// Somebody waits for a lock in this database.
async fn until_somebody_waits(app: &App) {
    until("a login waits", async || {
        let waiting: i64 = sqlx::query_scalar(
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
        )
        .fetch_one(&app.db)
        .await
        .expect("a count");
        waiting > 0
    })
    .await;
}

#[tokio::test]
async fn a_login_that_is_under_way_when_the_password_is_reset_gets_nothing() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let mut reset = database::connect_like(&app.db).await;
    let mut reset = reset.begin().await.expect("a transaction");
    sqlx::raw_sql("update users set password_changed_at = clock_timestamp()").execute(&mut *reset).await.expect("done");

    let login = tokio::spawn(Reply::of(app.post("/api/oauth/token").form(&partner.password_grant())));
    until_somebody_waits(&app).await;
    reset.commit().await.expect("committed");

    let reply = login.await.expect("a reply");
    assert_refused(&reply, "invalid_grant", crate::token::BAD_USER);
    assert_eq!(app.rows("token_families").await, 0);
}

#[tokio::test]
async fn a_request_that_is_under_way_when_the_oauth_clients_tokens_end_gets_nothing() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let itself = partner.with_oauth_client(&app, ALL, "client_credentials").await;
    let own = vec![
        ("grant_type", "client_credentials".to_owned()),
        ("client_id", itself.client_id.clone()),
        ("client_secret", itself.client_secret.clone()),
    ];
    for (form, error) in [(partner.password_grant(), "invalid_grant"), (own, "invalid_client")] {
        let mut connection = database::connect_like(&app.db).await;
        let mut end = connection.begin().await.expect("a transaction");
        let mark = "update oauth_clients set tokens_revoked_at = clock_timestamp()";
        sqlx::raw_sql(mark).execute(&mut *end).await.expect("done");

        let request = tokio::spawn(Reply::of(app.post("/api/oauth/token").form(&form)));
        until_somebody_waits(&app).await;
        end.commit().await.expect("committed");

        assert_eq!(request.await.expect("a reply").error(), error);
        assert_eq!(app.rows("token_families").await, 0);
    }
}

#[tokio::test]
async fn an_oauth_clients_tokens_end_and_no_other_ones() {
    let app = App::start().await;
    let second = app.second().await;
    let partner = app.partner("Acme").await;
    let sibling = partner.with_oauth_client(&app, ALL, "password refresh_token").await.log_in(&app).await;
    let caller = partner.log_in(&app).await;

    end_tokens(&app, &partner.client_id).await;

    for server in [&app, &second] {
        assert_refused_within_a_second(server, &caller.token).await;
        assert_taken(&present(server, &sibling.token).await);
    }
    assert_refused(&partner.refresh(&app, &caller.refresh_token).await, "invalid_grant", BAD_REFRESH_TOKEN);
    let again = partner.log_in(&app).await;
    assert_taken(&present(&app, &again.token).await);
    let narrow = with(partner.refresh_grant(&again.refresh_token), "scope", "client:read");
    Caller::of(&app, &ask(&app, &narrow).await);
}
