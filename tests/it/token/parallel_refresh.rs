//! One refresh token in many hands at once, on two servers.

use sqlx::{Connection as _, Executor as _, PgConnection};

use super::{BAD_REFRESH_TOKEN, assert_refused};
use crate::{
    bearer::{assert_taken, present},
    support::{App, Caller, Partner, Reply, database},
};

/// Presents one token this often at once, at two servers in turn. Whoever got tokens.
async fn at_once(servers: [&App; 2], partner: &Partner, token: &str, count: usize) -> Vec<Caller> {
    let form = partner.refresh_grant(token);
    let requests = (0..count).map(|n| servers[n % 2].post(super::PATH).form(&form));
    let sent: Vec<_> = requests.map(|request| tokio::spawn(until_answered(request))).collect();
    let mut issued = Vec::new();
    for reply in sent {
        let reply = reply.await.expect("a reply");
        if reply.status == 200 {
            issued.push(Caller::of(servers[0], &reply));
        } else {
            assert_refused(&reply, "invalid_grant", BAD_REFRESH_TOKEN);
        }
    }
    issued
}

/// Asks again where too many waited for a connection, as the reply says.
async fn until_answered(request: reqwest::RequestBuilder) -> Reply {
    loop {
        let reply = Reply::even_a_failure(request.try_clone().expect("a form")).await;
        if reply.status != 503 {
            return reply;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

async fn live_tokens(app: &App) -> i64 {
    sqlx::query_scalar("select count(*) from refresh_tokens where consumed_at is null and revoked_at is null")
        .fetch_one(&app.db)
        .await
        .expect("a count")
}

#[tokio::test]
async fn two_hundred_at_once_leave_one_live_branch_and_burn_nobody() {
    let app = App::start().await;
    let second = app.second().await;
    let partner = app.partner("Acme").await;
    let login = partner.log_in(&app).await;

    let issued = at_once([&app, &second], &partner, &login.refresh_token, 200).await;

    assert_eq!(issued.len(), 200, "each of them may be the one whose reply was lost");
    assert_eq!(live_tokens(&app).await, 1);
    let mut live = Vec::new();
    for caller in &issued {
        let form = [
            ("token", caller.refresh_token.as_str()),
            ("client_id", &partner.client_id),
            ("client_secret", &partner.client_secret),
        ];
        let told = Reply::of(second.post("/api/oauth/introspect").form(&form)).await;
        if told.json["active"] == true {
            live.push(&caller.refresh_token);
        }
    }
    assert_eq!(live.len(), 1);
    for (n, caller) in issued.iter().enumerate().step_by(7) {
        assert_taken(&present([&app, &second][n % 2], &caller.token).await);
    }
    let next = Caller::of(&app, &partner.refresh(&second, live[0]).await);
    Caller::of(&app, &partner.refresh(&app, &next.refresh_token).await);
    assert!(app.audited("refresh_token_reused").await.is_empty());
}

#[tokio::test]
async fn a_crowd_that_repeats_every_refresh_keeps_its_login() {
    let app = App::start().await;
    let second = app.second().await;
    let partner = app.partner("Acme").await;
    let mut token = partner.log_in(&app).await.refresh_token;
    for _ in 0..5 {
        let issued = at_once([&app, &second], &partner, &token, 20).await;
        assert_eq!(live_tokens(&app).await, 1);
        let hashes: Vec<Vec<u8>> = issued.iter().map(|caller| super::sha256(&caller.refresh_token)).collect();
        let live: Vec<u8> = sqlx::query_scalar(
            "select token_hash from refresh_tokens where consumed_at is null and revoked_at is null",
        )
        .fetch_one(&app.db)
        .await
        .expect("a live token");
        let last = hashes.iter().position(|hash| *hash == live).expect("somebody has it");
        token = issued[last].refresh_token.clone();
    }
}

#[tokio::test]
async fn without_a_grace_one_of_many_at_once_succeeds_and_the_family_ends() {
    let app = App::start_with(&[("DNA_REFRESH_GRACE", "0")]).await;
    let partner = app.partner("Acme").await;
    let token = partner.log_in(&app).await.refresh_token;
    let issued = at_once([&app, &app], &partner, &token, 20).await;
    assert_eq!(issued.len(), 1);
    assert_refused(&partner.refresh(&app, &issued[0].refresh_token).await, "invalid_grant", BAD_REFRESH_TOKEN);
    assert_eq!(app.audited("refresh_token_reused").await.len(), 1, "revoked once");
}

/// A session of an operator's, who does things again where they gave way: whatever isolation the tests run under, not here.
async fn operator(app: &App) -> PgConnection {
    let mut connection = database::connect_like(&app.db).await;
    let set = "set default_transaction_isolation = 'read committed'";
    connection.execute(set).await.expect("a setting");
    connection
}

#[tokio::test]
async fn refreshes_resets_rotations_and_revocations_at_once_wait_for_each_other_and_never_deadlock() {
    let app = App::start().await;
    let second = app.second().await;
    let partner = app.partner("Acme").await;
    let username = dna_api::domain::user::Username::parse(&partner.username).expect("a username");
    let id = dna_api::domain::oauth_client::OauthClientId::parse(&partner.client_id).expect("a client_id");
    let mut tokens = Vec::new();
    for _ in 0..12 {
        tokens.push(partner.log_in(&app).await.refresh_token);
    }
    for _ in 0..6 {
        let resets = async {
            let mut connection = operator(&app).await;
            let account = dna_api::accounts::reset_password(&mut connection, &username).await.expect("no deadlock");
            app.keep_secret(account.password.reveal());
        };
        let ends = async {
            let mut connection = operator(&second).await;
            let mut transaction = connection.begin().await.expect("a database");
            let ended = dna_api::store::token_family::revoke_of_oauth_client(&mut transaction, id).await;
            ended.expect("no deadlock");
            transaction.commit().await.expect("no deadlock");
        };
        let refreshes = async {
            for token in &tokens {
                let issued = at_once([&app, &second], &partner, token, 4).await;
                drop(issued);
            }
        };
        let revokes = async {
            for token in tokens.iter().rev() {
                let form = [
                    ("token", token.as_str()),
                    ("client_id", &partner.client_id),
                    ("client_secret", &partner.client_secret),
                ];
                assert_eq!(Reply::of(second.post("/api/oauth/revoke").form(&form)).await.status, 200);
            }
        };
        tokio::join!(resets, ends, refreshes, revokes);
        app.execute("update token_families set revoked_at = null, revoked_for = null").await;
    }
}
