//! When too much is asked of the server, or its database is away.

use std::{pin::pin, thread, time::Duration};

use reqwest::header::RETRY_AFTER;
use secrecy::SecretString;
use tokio::time::timeout;

use super::{BAD_CLIENT, PATH, ask, assert_error, assert_refused, with};
use crate::support::{App, Caller, Reply};

/// A hash that takes twenty times as long as one of today's.
const SLOW: &str =
    "$argon2id$v=19$m=19456,t=40,p=1$c29tZSBzYWx0IG9yIG90aGVy$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

async fn send(app: &App, form: &super::Form) -> Reply {
    Reply::even_a_failure(app.post(PATH).form(form)).await
}

#[track_caller]
fn assert_unavailable(reply: &Reply) {
    assert_error(reply, 503, "temporarily_unavailable");
    assert_eq!(reply.headers[RETRY_AFTER], "1");
    assert_eq!(reply.json["message"], "The service is temporarily unavailable.");
}

#[tokio::test]
async fn a_full_queue_of_passwords_is_a_503_whoever_the_user_is() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let form = partner.password_grant();
    let hasher = &app.state.hasher;
    let mut queue = Vec::new();
    let mut fill = || {
        // Each is in the queue as soon as it is polled; the ones that find it full are of no more use.
        queue.extend((0..1_000).map(|_| Box::pin(hasher.verify(SecretString::from("x"), SLOW.to_owned()))));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        queue.retain_mut(|verify| verify.as_mut().poll(&mut context).is_pending());
        !queue.is_empty()
    };
    for form in [
        form.clone(),
        with(form.clone(), "password", "wrong"),
        with(form.clone(), "username", "nobody"),
        with(form.clone(), "username", "\0"),
    ] {
        let unavailable = async {
            // A place may become free just before the request takes it.
            for _ in 0..20 {
                assert!(fill());
                let reply = send(&app, &form).await;
                if reply.status == 503 {
                    return reply;
                }
            }
            panic!("there was always a place in the queue");
        };
        assert_unavailable(&pin!(unavailable).await);
    }
    fill();
    assert_refused(&ask(&app, &with(form.clone(), "client_secret", "x")).await, "invalid_client", BAD_CLIENT);

    drop(queue);
    let mut token = None;
    crate::support::until("passwords are verified again", async || {
        let reply = send(&app, &form).await;
        token = (reply.status == 200).then(|| Caller::of(&app, &reply).refresh_token);
        token.is_some()
    })
    .await;
    Caller::of(&app, &partner.refresh(&app, &token.expect("a token")).await);
}

#[tokio::test]
async fn no_more_tokens_are_signed_at_once_than_there_are_cores() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let caller = partner.log_in(&app).await;
    let signatures = &app.state.limits.signatures;
    let cores = thread::available_parallelism().map_or(1, usize::from);
    assert_eq!(signatures.available_permits(), cores);

    let but_one = signatures.acquire_many(u32::try_from(cores - 1).expect("a few")).await.expect("they are free");
    let caller = Caller::of(&app, &partner.refresh(&app, &caller.refresh_token).await);
    let last = signatures.acquire().await.expect("it is free");
    let mut refreshed = pin!(partner.refresh(&app, &caller.refresh_token));
    timeout(Duration::from_secs(1), &mut refreshed).await.expect_err("it waits");
    drop((but_one, last));
    Caller::of(&app, &refreshed.await);
}

#[tokio::test]
async fn without_a_database_there_is_a_503_and_tokens_stay_good() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let caller = partner.log_in_for(&app, "client:create").await;

    app.state.db.close().await;

    for form in [partner.password_grant(), partner.refresh_grant(&caller.refresh_token)] {
        assert_unavailable(&send(&app, &form).await);
    }
    let unsupported = ask(&app, &with(partner.password_grant(), "grant_type", "x")).await;
    assert_eq!(unsupported.error(), "unsupported_grant_type", "what needs no database is still refused");
    assert_eq!(caller.transition(&app, 1, "activate").await.status, 403, "no database is asked for a token");
    assert_eq!(caller.create(&app, &[]).await.status, 422);
}

#[tokio::test]
async fn forty_logins_at_once_all_get_tokens() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let logins = (0..40).map(|_| tokio::spawn(Reply::of(app.post(PATH).form(&partner.password_grant()))));
    let logins: Vec<_> = logins.collect();
    for login in logins {
        Caller::of(&app, &login.await.expect("a reply"));
    }
}
