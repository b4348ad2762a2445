//! Guesses at the same time.

use std::time::Instant;

use super::{HOME, PATH, PROXY, log_in, wait_of};
use crate::support::{App, Partner, Reply};

/// Sends wrong passwords from so many addresses at once, round robin over the servers, and says how many were looked at.
async fn storm(servers: &[&App], partner: &Partner, guesses: usize, addresses: usize) -> usize {
    let mut sent = tokio::task::JoinSet::new();
    for n in 0..guesses {
        let mut form = partner.password_grant();
        form.retain(|(name, _)| *name != "password");
        form.push(("password", format!("guess {n}")));
        let from = format!("203.0.113.{}", n % addresses);
        let request = servers[n / addresses % servers.len()].post(PATH).header("x-forwarded-for", from);
        sent.spawn(Reply::even_a_failure(request.form(&form)));
    }
    let mut checked = 0;
    while let Some(reply) = sent.join_next().await {
        let reply = reply.expect("a reply");
        match reply.status {
            400 => checked += 1,
            429 => drop(wait_of(&reply)),
            // The queue for password hashing was full, or the machine too busy: nothing was told.
            status => assert_eq!(status, 503, "{reply:?}"),
        }
    }
    checked
}

#[tokio::test]
async fn a_thousand_wrong_passwords_from_fifty_addresses_at_once_get_no_more_tries_than_the_rules_allow() {
    let app = App::start_with(&[PROXY]).await;
    let partner = app.partner("Acme").await;
    let start = Instant::now();

    let checked = storm(&[&app], &partner, 1_000, 50).await;

    // What all have together, two of each address that were in before it had failed, and one more every five seconds.
    let most = 50 + 2 * 50 + usize::try_from(start.elapsed().as_secs()).expect("a number") / 5;
    assert!((1..=most).contains(&checked), "{checked} of {most}");
    assert_eq!(log_in(&app, &partner, HOME).await.status, 200, "the partner's own address");
}

#[tokio::test]
async fn a_hundred_from_one_address_at_two_servers_get_ten() {
    let app = App::start_with(&[PROXY]).await;
    let second = app.second_with(&[PROXY]).await;
    let partner = app.partner("Acme").await;
    let start = Instant::now();
    let checked = storm(&[&app, &second], &partner, 100, 1).await;
    // One more after a second, after three, after seven …
    let most = 10 + (start.elapsed().as_secs() + 1).ilog2();
    assert!((10..=most).contains(&u32::try_from(checked).expect("a number")), "{checked} of {most}");
    assert_eq!(log_in(&second, &partner, HOME).await.status, 200);
}
