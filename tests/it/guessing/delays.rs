//! One who guesses waits, longer each time.

use std::time::{Duration, Instant};

use dna_api::{domain::user::Username, store};

use super::{FREE, HOME, PROXY, guess, live_counts, log_in, log_in_as, pass, prolong, spend, until_refused, wait_of};
use crate::support::App;

/// Seconds until an address may try again.
async fn delay(app: &App) -> f64 {
    let sql = "select extract(epoch from paid_off_at - clock_timestamp())::float8 from failed_attempts
               where expires_at > now() + interval '12 hours'";
    sqlx::query_scalar(sql).fetch_one(&app.db).await.expect("a count of a day's memory")
}

#[tokio::test]
async fn ten_wrong_passwords_are_free_and_then_the_delay_doubles_up_to_a_quarter_of_an_hour() {
    let app = App::start_with(&[PROXY]).await;
    let partner = app.partner("Acme").await;
    for _ in 1..FREE {
        assert_eq!(guess(&app, &partner, HOME).await.status, 400);
        assert!(delay(&app).await <= 0.0);
    }
    for seconds in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900] {
        let start = Instant::now();
        assert_eq!(guess(&app, &partner, HOME).await.status, 400, "before {seconds}");
        let (delay, seconds) = (delay(&app).await, f64::from(seconds));
        assert!(delay <= seconds && delay >= seconds - start.elapsed().as_secs_f64(), "{delay} of {seconds}");
        prolong(&app, 900).await;
        let wait = wait_of(&guess(&app, &partner, HOME).await);
        assert!((900..=1_800).contains(&wait), "{wait}");
        pass(&app, 1_800).await; // what was refused cost nothing
    }
    pass(&app, 86_400).await;
    spend(&app, &partner, HOME).await;
}

#[tokio::test]
async fn during_a_delay_the_right_password_is_refused_like_a_wrong_one_and_after_it_let_in() {
    let app = App::start_with(&[PROXY]).await;
    let partner = app.partner("Acme").await;
    spend(&app, &partner, HOME).await;
    let wrong = guess(&app, &partner, HOME).await;
    let right = log_in(&app, &partner, HOME).await;
    assert!(wait_of(&wrong) - wait_of(&right) < 60);
    assert_eq!(right.without_request_id(), wrong.without_request_id());
    assert!(app.log().contains("status=429") && app.log().contains("reason=\"too many wrong passwords\""));

    pass(&app, 3_000).await;
    let (_, refused) = until_refused(async || guess(&app, &partner, HOME).await).await;
    tokio::time::sleep(Duration::from_secs(wait_of(&refused))).await;
    assert_eq!(log_in(&app, &partner, HOME).await.status, 200, "Retry-After was the truth");
}

#[tokio::test]
async fn a_success_resets() {
    let app = App::start_with(&[PROXY]).await;
    let partner = app.partner("Acme").await;
    for _ in 0..3 {
        for _ in 1..FREE {
            assert_eq!(guess(&app, &partner, HOME).await.status, 400);
        }
        assert_eq!(log_in(&app, &partner, HOME).await.status, 200);
    }
    spend(&app, &partner, HOME).await;
    wait_of(&guess(&app, &partner, HOME).await);
}

#[tokio::test]
async fn logins_that_succeed_count_for_nothing_however_many_they_are() {
    let app = App::start_with(&[PROXY]).await;
    let partner = app.partner("Acme").await;
    let logins = (0..3 * FREE).map(|_| log_in(&app, &partner, HOME));
    for reply in join_all(logins).await {
        assert_eq!(reply.status, 200, "{}", reply.text);
    }
    assert_eq!(live_counts(&app).await, 0);
    assert_eq!(log_in(&app, &partner, HOME).await.status, 200);
}

/// Runs all at once.
async fn join_all<T>(futures: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut futures: Vec<_> = futures.map(Box::pin).collect();
    let mut done: Vec<Option<T>> = futures.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (future, done) in futures.iter_mut().zip(&mut done).filter(|(_, done)| done.is_none()) {
            if let std::task::Poll::Ready(value) = future.as_mut().poll(context) {
                *done = Some(value);
            }
        }
        if done.iter().all(Option::is_some) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    done.into_iter().flatten().collect()
}

#[tokio::test]
async fn two_servers_share_what_they_count() {
    let app = App::start_with(&[PROXY]).await;
    let second = app.second_with(&[PROXY]).await;
    let partner = app.partner("Acme").await;
    for n in 0..FREE {
        let server = if n % 2 == 0 { &app } else { &second };
        assert_eq!(guess(server, &partner, HOME).await.status, 400);
    }
    prolong(&app, 1_000).await;
    for server in [&app, &second] {
        assert!(wait_of(&log_in(server, &partner, HOME).await) > 900);
    }
    pass(&app, 1_001).await;
    assert_eq!(log_in(&second, &partner, HOME).await.status, 200);
    assert_eq!(guess(&app, &partner, HOME).await.status, 400, "the reset is shared too");
}

#[tokio::test]
async fn other_spellings_of_a_username_are_no_other_usernames() {
    let app = App::start_with(&[PROXY]).await;
    let partner = app.partner("Acme").await;
    let spellings = [partner.username.to_uppercase(), format!("  {} ", partner.username), partner.username.clone()];
    for n in 0..FREE {
        let reply = log_in_as(&app, &partner, &spellings[n % 3], "wrong", HOME).await;
        assert_eq!(reply.status, 400);
    }
    prolong(&app, 1_000).await;
    for spelling in &spellings {
        wait_of(&log_in_as(&app, &partner, spelling, "wrong", HOME).await);
    }
}

#[tokio::test]
async fn a_disabled_users_right_password_counts_like_a_wrong_one() {
    let app = App::start_with(&[PROXY]).await;
    let partner = app.partner("Acme").await;
    let username = Username::parse(&partner.username).expect("a username");
    assert!(store::user::set_enabled(&app.db, &username, false).await.expect("a database"));
    for _ in 0..FREE {
        assert_eq!(log_in(&app, &partner, HOME).await.status, 400);
    }
    prolong(&app, 1_000).await;
    wait_of(&log_in(&app, &partner, HOME).await);
}

#[tokio::test]
async fn a_user_whose_scope_another_version_wrote_is_guessed_like_any_other() {
    let app = App::start_with(&[PROXY]).await;
    let partner = app.partner("Acme").await;
    sqlx::raw_sql("update users set scope = 'client:of-tomorrow'").execute(&app.db).await.expect("an update");
    for _ in 0..FREE {
        assert_eq!(guess(&app, &partner, HOME).await.status, 400);
    }
    prolong(&app, 1_000).await;
    wait_of(&guess(&app, &partner, HOME).await);
}

#[tokio::test]
async fn it_can_be_turned_off() {
    let app = App::start_with(&[PROXY, ("DNA_LOGIN_THROTTLE", "off")]).await;
    let partner = app.partner("Acme").await;
    for _ in 0..2 * FREE {
        assert_eq!(guess(&app, &partner, HOME).await.status, 400);
    }
    assert_eq!(app.rows("failed_attempts").await, 0);
}

#[tokio::test]
async fn counts_that_mean_nothing_any_more_are_removed_a_few_at_a_time() {
    let app = App::start_with(&[PROXY]).await;
    let partner = app.partner("Acme").await;
    spend(&app, &partner, HOME).await;
    let counts = app.rows("failed_attempts").await;
    let live = store::attempt::prune(&app.db, 1).await.expect("a database");
    assert_eq!((counts, live), (4, 0), "those that mean something stay");

    pass(&app, 2 * 86_400).await;
    for _ in 0..counts {
        assert!(store::attempt::prune(&app.db, 1).await.expect("a database") <= 1);
    }
    assert_eq!(app.rows("failed_attempts").await, 0);
}
