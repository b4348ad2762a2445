//! Who guesses from one address shuts out nobody at another.

use std::time::Instant;

use reqwest::Method;

use super::{AWAY, FREE, HOME, PROXY, guess, log_in, log_in_as, pass, prolong, spend, until_refused, wait_of};
use crate::support::{
    App, Reply,
    program::{Folder, Server, run},
};

#[tokio::test]
async fn a_delay_is_for_the_address_that_guessed() {
    let app = App::start_with(&[PROXY]).await;
    let partner = app.partner("Acme").await;
    spend(&app, &partner, AWAY).await;
    assert!(wait_of(&guess(&app, &partner, AWAY).await) > 900);
    assert_eq!(log_in(&app, &partner, HOME).await.status, 200);
    wait_of(&log_in(&app, &partner, AWAY).await);
}

#[tokio::test]
async fn many_addresses_together_wait_at_most_five_seconds_more_and_a_clean_one_not_at_all() {
    let app = App::start_with(&[PROXY]).await;
    let partner = app.partner("Acme").await;
    let mut checked = 0;
    let mut waits = Vec::new();
    let start = Instant::now();
    for n in 0..100 {
        let from = format!("203.0.113.{n}");
        for _ in 0..2 {
            let reply = guess(&app, &partner, &from).await;
            if reply.status == 400 {
                checked += 1;
            } else {
                waits.push(wait_of(&reply));
            }
        }
    }
    // The first of each address, and those that all of them have together.
    let most = 151 + start.elapsed().as_secs() / 5;
    assert!((150..=most).contains(&checked), "{checked} of {most}");
    assert!(waits.iter().all(|wait| *wait <= 5), "{waits:?}");

    assert_eq!(log_in(&app, &partner, HOME).await.status, 200, "an address that has done nothing");
    prolong(&app, 1_000).await;
    assert!(wait_of(&log_in(&app, &partner, "203.0.113.99").await) > 900, "one that took part");
}

#[tokio::test]
async fn an_address_that_tries_many_usernames_of_an_oauth_client_waits_for_each() {
    let app = App::start_with(&[PROXY]).await;
    let partner = app.partner("Acme").await;
    assert_eq!(log_in_as(&app, &partner, "user", "wrong", AWAY).await.status, 400);
    // As if it had tried three hundred: those take seconds to hash.
    app.execute(
        "update failed_attempts set failures = 300, paid_off_at = paid_off_at + interval '2990 s',
                        expires_at = expires_at + interval '2990 s' where expires_at < now() + interval '1 hour'",
    )
    .await;
    let wait = wait_of(&log_in_as(&app, &partner, "another", "wrong", AWAY).await);
    assert!((1..=10).contains(&wait), "{wait}");
    assert_eq!(log_in(&app, &partner, HOME).await.status, 200);
    let sibling = partner.with_oauth_client(&app, "client:create", "password").await;
    assert_eq!(log_in(&app, &sibling, AWAY).await.status, 200, "another OAuth client is counted by itself");
}

#[tokio::test]
async fn a_network_of_ipv6_is_one_address() {
    let app = App::start_with(&[PROXY]).await;
    let partner = app.partner("Acme").await;
    for n in 0..FREE {
        assert_eq!(guess(&app, &partner, &format!("2001:db8:0:1::{n:x}")).await.status, 400);
    }
    prolong(&app, 1_000).await;
    wait_of(&guess(&app, &partner, "2001:db8:0:1:ffff::1").await);
    assert_eq!(log_in(&app, &partner, "2001:db8:0:2::1").await.status, 200);
}

#[tokio::test]
async fn behind_a_proxy_that_is_not_named_a_guesser_delays_others_by_five_seconds_at_most() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let other = app.partner("Other").await;
    let (checked, refused) = until_refused(async || guess(&app, &partner, AWAY).await).await;
    assert!(checked >= 50 && wait_of(&refused) <= 5, "{checked}");
    prolong(&app, 100).await;
    assert!(wait_of(&log_in(&app, &partner, HOME).await) > 60, "all seem to have one address");
    assert_eq!(log_in(&app, &other, HOME).await.status, 200, "another partner");
    pass(&app, 105).await;
    assert_eq!(log_in(&app, &partner, HOME).await.status, 200);
}

#[tokio::test]
async fn a_proxy_that_is_not_named_is_told_of_once() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    let warning = "X-Forwarded-For comes from an address that DNA_TRUSTED_PROXIES does not name";
    assert!(!server.said().contains(warning));
    for _ in 0..3 {
        Reply::of(server.request(Method::GET, "/healthz").header("x-forwarded-for", HOME)).await;
    }
    let said = server.last_words();
    assert_eq!(said.matches(warning).count(), 1, "{said}");
}

#[test]
fn the_check_warns_where_a_proxy_is_in_front_that_is_not_named() {
    let folder = Folder::new();
    let public = ("DNA_PUBLIC_URL", "https://api.example.com");
    let socket = format!("unix:{}", folder.path().join("api.sock").display());
    for (settings, warns) in [
        (&[public] as &[(&str, &str)], true),
        (&[public, PROXY], false),
        (&[public, ("DNA_LISTEN", &socket)], false),
        (&[], false),
    ] {
        let check = run(&folder, settings, &["check"]);
        let said = String::from_utf8_lossy(&check.stdout).into_owned();
        assert!(check.status.success(), "{said}");
        assert_eq!(said.contains("warning: DNA_TRUSTED_PROXIES does not name the proxy"), warns, "{said}");
    }
}
