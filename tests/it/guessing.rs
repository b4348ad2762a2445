//! Guessing is hopeless, and shuts nobody out.

mod counting;
mod delays;
mod elsewhere;
mod hashes;
mod parallel;
mod strangers;
mod time;
mod unknown_users;

use crate::support::{App, Partner, Reply};

const PATH: &str = "/api/oauth/token";
/// The tests' requests come from a proxy, whose word on their address is believed.
const PROXY: (&str, &str) = ("DNA_TRUSTED_PROXIES", "127.0.0.1");
/// An address of a partner's own.
const HOME: &str = "192.0.2.1";
/// An address of somebody else's.
const AWAY: &str = "198.51.100.1";
/// Wrong passwords from one address at one username before the first delay.
const FREE: usize = 10;

/// A login from an address.
async fn log_in_as(app: &App, partner: &Partner, username: &str, password: &str, from: &str) -> Reply {
    let mut form = partner.password_grant();
    form.retain(|(name, _)| !["username", "password"].contains(name));
    form.extend([("username", username.to_owned()), ("password", password.to_owned())]);
    Reply::even_a_failure(app.post(PATH).header("x-forwarded-for", from).form(&form)).await
}

/// A wrong password from an address.
async fn guess(app: &App, partner: &Partner, from: &str) -> Reply {
    log_in_as(app, partner, &partner.username, "wrong", from).await
}

/// The right password from an address.
async fn log_in(app: &App, partner: &Partner, from: &str) -> Reply {
    let reply = log_in_as(app, partner, &partner.username, &partner.password, from).await;
    for token in ["access_token", "refresh_token"] {
        reply.json[token].as_str().into_iter().for_each(|token| app.keep_secret(token));
    }
    reply
}

/// Spends what is free for an address at a partner's username, and lets the delay last: a slow machine does not outlast it.
async fn spend(app: &App, partner: &Partner, from: &str) {
    for _ in 0..FREE {
        assert_eq!(guess(app, partner, from).await.status, 400);
    }
    prolong(app, 3_000).await;
}

/// Lets what runs of the counts last so many seconds more.
async fn prolong(app: &App, seconds: i32) {
    pass(app, -seconds).await;
}

/// Guesses until there is something to wait for, and says how often it went well.
async fn until_refused(mut guess: impl AsyncFnMut() -> Reply) -> (usize, Reply) {
    let mut went_well = 0;
    loop {
        let reply = guess().await;
        if reply.status == 429 {
            return (went_well, reply);
        }
        went_well += 1;
        assert!(went_well < 1_000, "nothing is ever refused");
    }
}

/// Checks that a reply is the refusal of one who has to wait, and says for how long.
#[track_caller]
fn wait_of(reply: &Reply) -> u64 {
    reply.is_refused(429, "rate_limited", "Too many requests: wait before you try again.");
    reply.header("retry-after").parse().expect("whole seconds")
}

/// Lets the database believe that so many seconds have passed.
async fn pass(app: &App, seconds: i32) {
    let sql = "update failed_attempts set paid_off_at = paid_off_at - make_interval(secs => $1),
                                          expires_at = expires_at - make_interval(secs => $1)";
    sqlx::query(sql).bind(f64::from(seconds)).execute(&app.db).await.expect("a database");
}

/// How many counts there are that mean anything.
async fn live_counts(app: &App) -> i64 {
    let sql = "select count(*) from failed_attempts where expires_at > now()";
    sqlx::query_scalar(sql).fetch_one(&app.db).await.expect("a count")
}
