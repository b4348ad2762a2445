//! The time of a login tells nothing.

use std::time::{Duration, Instant};

use super::{AWAY, log_in_as};
use crate::support::App;

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64()
}

/// How far the medians of two hundred logins each are apart, in parts of the smaller one.
async fn difference(app: &App, partner: &crate::support::Partner) -> f64 {
    let usernames = [&partner.username, "nobody"];
    let mut times = [Vec::new(), Vec::new()];
    for n in 0..400 {
        // Pairs, in turns the one first and the other: what else the machine does meets both.
        let which = (n + n / 2) % 2;
        let start = Instant::now();
        let reply = log_in_as(app, partner, usernames[which], "wrong", AWAY).await;
        times[which].push(start.elapsed());
        assert_eq!(reply.status, 400, "{}", reply.text);
    }
    let [known, unknown] = times.map(median);
    (known - unknown).abs() / known.min(unknown)
}

#[tokio::test]
async fn wrong_passwords_of_known_and_unknown_users_take_the_same_time() {
    let app = App::start_with(&[("DNA_LOGIN_THROTTLE", "off")]).await;
    let partner = app.partner("Acme").await;
    let mut differences = Vec::new();
    // What is really different is so each time; what a busy machine makes of it is not.
    for _ in 0..5 {
        differences.push(difference(&app, &partner).await);
        if differences.last().is_some_and(|difference| *difference < 0.05) {
            return;
        }
    }
    panic!("the medians differ by {differences:?}");
}
