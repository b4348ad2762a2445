//! How many requests an OAuth client may make.

use chrono::TimeDelta;
use reqwest::Method;

use crate::support::{App, CLIENT, Caller, Partner, Reply, steve_harris};

const MESSAGE: &str = "Too many requests: wait before you try again.";
const TOKEN: &str = "/api/oauth/token";

/// A server whose clock stands still, with a limit of so many requests a minute, and a partner who has logged in.
async fn limited_to(limit: &str) -> (App, Partner, Caller) {
    let app = App::start_with(&[("DNA_RATE_LIMIT", limit)]).await;
    app.stop_clock();
    let partner = app.partner("Acme").await;
    let caller = partner.log_in(&app).await;
    (app, partner, caller)
}

/// A request that changes nothing: a client that does not exist.
async fn ask(app: &App, caller: &Caller) -> Reply {
    caller.transition(app, 1, "activate").await
}

fn left(reply: &Reply) -> (&str, &str) {
    (reply.header("x-ratelimit-limit"), reply.header("x-ratelimit-remaining"))
}

#[track_caller]
fn is_limited(reply: &Reply, retry_after: &str) {
    reply.is_refused(429, "rate_limited", MESSAGE);
    assert_eq!(reply.header("retry-after"), retry_after);
    assert_eq!(reply.header("x-ratelimit-remaining"), "0");
}

#[tokio::test]
async fn six_hundred_pass_at_once_and_then_ten_a_second() {
    let (app, _, caller) = limited_to("600").await;
    for n in 1..=600 {
        let reply = ask(&app, &caller).await;
        assert_eq!((reply.status, left(&reply)), (404, ("600", (600 - n).to_string().as_str())));
    }
    is_limited(&ask(&app, &caller).await, "1");
    app.advance(TimeDelta::milliseconds(99));
    is_limited(&ask(&app, &caller).await, "1");
    app.advance(TimeDelta::milliseconds(901));
    for n in (0..10).rev() {
        assert_eq!(left(&ask(&app, &caller).await), ("600", n.to_string().as_str()));
    }
    is_limited(&ask(&app, &caller).await, "1");
    app.advance(TimeDelta::minutes(21));
    assert_eq!(ask(&app, &caller).await.status, 401, "the token's time is over");
}

#[tokio::test]
async fn retry_after_is_when_there_will_be_one() {
    let (app, _, caller) = limited_to("7").await;
    for _ in 0..7 {
        assert_eq!(ask(&app, &caller).await.status, 404);
    }
    for _ in 0..3 {
        is_limited(&ask(&app, &caller).await, "9"); // 60 / 7 is 8.57
        app.advance(TimeDelta::seconds(8));
        is_limited(&ask(&app, &caller).await, "1");
        app.advance(TimeDelta::microseconds(571_429));
        assert_eq!(ask(&app, &caller).await.status, 404);
    }
    app.advance(TimeDelta::minutes(10));
    assert_eq!(left(&ask(&app, &caller).await), ("7", "6"), "a bucket holds no more than it is large");
}

#[tokio::test]
async fn a_clock_that_is_put_back_gives_nothing_and_takes_nothing() {
    let (app, _, caller) = limited_to("60").await;
    assert_eq!(left(&ask(&app, &caller).await), ("60", "59"));
    app.advance(TimeDelta::seconds(-3));
    assert_eq!(left(&ask(&app, &caller).await), ("60", "58"));
    app.advance(TimeDelta::seconds(1));
    assert_eq!(left(&ask(&app, &caller).await), ("60", "58"));
}

#[tokio::test]
async fn every_reply_to_a_bearer_token_tells_what_is_left_errors_too() {
    let (app, partner, caller) = limited_to("100").await;
    let narrow = partner.log_in_for(&app, "client:suspend").await;
    let long = "x".repeat(70_000);
    let replies = [
        (201, caller.creation(&app).form(&steve_harris())),
        (422, caller.creation(&app).form(&[("x", "y")])),
        (413, caller.creation(&app).form(&[("email", &long)])),
        (415, caller.creation(&app).body("x")),
        (400, caller.creation(&app).header("content-type", "application/json").body("{")),
        (403, narrow.creation(&app)),
        (404, caller.get(&app, &format!("{CLIENT}/99/activate"))),
    ];
    for (n, (status, request)) in replies.into_iter().enumerate() {
        let reply = Reply::of(request).await;
        assert_eq!((reply.status, left(&reply)), (status, ("100", (99 - n).to_string().as_str())), "{}", reply.text);
    }
    for request in [app.post(CLIENT), app.post(CLIENT).bearer_auth("x"), app.post(TOKEN), app.get("/healthz")] {
        assert_eq!(left(&Reply::of(request).await), ("", ""), "nobody's");
    }
    assert_eq!(left(&Reply::of(caller.request(&app, Method::PUT, CLIENT)).await), ("", ""), "refused before the token");
}

#[tokio::test]
async fn it_is_refused_after_the_token_and_its_scope_and_before_the_body() {
    let (app, partner, caller) = limited_to("2").await;
    let narrow = partner.log_in_for(&app, "client:suspend").await;
    for _ in 0..2 {
        assert_eq!(ask(&app, &caller).await.status, 404);
    }
    assert_eq!(Reply::of(app.post(CLIENT).bearer_auth("x")).await.status, 401);
    assert_eq!(Reply::of(narrow.creation(&app)).await.status, 403);
    let long = "x".repeat(70_000);
    is_limited(&Reply::of(caller.creation(&app).form(&[("email", &long)])).await, "30");
    is_limited(&Reply::of(caller.creation(&app).body("x")).await, "30");
    is_limited(&caller.create(&app, &steve_harris()).await, "30");
    app.has_no_client().await;
}

#[tokio::test]
async fn a_limit_is_an_oauth_clients_whoever_logs_in_with_it() {
    let (app, partner, caller) = limited_to("5").await;
    let colleague = partner.with_user(&app, "client:activate").await.log_in(&app).await;
    let sibling = partner.with_oauth_client(&app, "client:activate", "password").await.log_in(&app).await;
    let other = app.partner("Other").await.log_in(&app).await;
    for n in 0..5 {
        assert_eq!(ask(&app, if n % 2 == 0 { &caller } else { &colleague }).await.status, 404);
    }
    for caller in [&caller, &colleague] {
        is_limited(&ask(&app, caller).await, "12");
    }
    for unharmed in [&sibling, &other] {
        assert_eq!(left(&ask(&app, unharmed).await), ("5", "4"));
    }
}

#[tokio::test]
async fn a_partner_that_is_limited_does_not_slow_another() {
    let (app, _, caller) = limited_to("60").await;
    let app = std::sync::Arc::new(app);
    let other = app.partner("Other").await.log_in(&app).await;
    let noise: Vec<_> = (0..4)
        .map(|_| {
            let (app, token) = (std::sync::Arc::clone(&app), caller.token.clone());
            tokio::spawn(async move {
                loop {
                    let request = app.post(&format!("{CLIENT}/1/activate")).bearer_auth(&token);
                    assert!([404, 429].contains(&Reply::of(request).await.status));
                }
            })
        })
        .collect();
    for n in (0..60).rev() {
        let start = std::time::Instant::now();
        assert_eq!(left(&ask(&app, &other).await), ("60", n.to_string().as_str()));
        assert!(start.elapsed() < std::time::Duration::from_secs(2));
    }
    for noise in noise {
        noise.abort();
        assert!(noise.await.is_err_and(|error| error.is_cancelled()), "it got another reply");
    }
}

#[tokio::test]
async fn requests_for_tokens_have_a_limit_of_their_own() {
    let (app, partner, caller) = limited_to("3").await;
    let other = app.partner("Other").await;
    let refreshed = Caller::of(&app, &partner.refresh(&app, &caller.refresh_token).await);
    partner.log_in(&app).await;
    for form in [partner.password_grant(), partner.refresh_grant(&refreshed.refresh_token)] {
        let reply = Reply::of(app.post(TOKEN).form(&form)).await;
        reply.is_refused(429, "rate_limited", MESSAGE);
        assert_eq!((reply.header("retry-after"), reply.header("pragma")), ("20", "no-cache"));
    }
    let mut wrong = partner.password_grant();
    wrong[2].1 = "wrong".to_owned();
    assert_eq!(Reply::of(app.post(TOKEN).form(&wrong)).await.status, 401, "who it is comes first");
    other.log_in(&app).await;
    assert_eq!(ask(&app, &caller).await.status, 404, "requests with a token are counted by themselves");
    app.advance(TimeDelta::seconds(20));
    Caller::of(&app, &partner.refresh(&app, &refreshed.refresh_token).await);
}

#[tokio::test]
async fn each_server_counts_by_itself() {
    let (app, _, caller) = limited_to("1").await;
    let second = app.second_with(&[("DNA_RATE_LIMIT", "1")]).await;
    assert_eq!(ask(&app, &caller).await.status, 404);
    assert_eq!(ask(&app, &caller).await.status, 429);
    assert_eq!(ask(&second, &caller).await.status, 404);
}

#[tokio::test]
async fn a_limit_of_zero_is_none() {
    let (app, _, caller) = limited_to("0").await;
    for _ in 0..700 {
        let reply = ask(&app, &caller).await;
        assert_eq!((reply.status, left(&reply)), (404, ("", "")));
    }
}
