//! The life of a key: next, signing, verifying, retired; on every server alike.

use std::time::Duration;

use chrono::{DateTime, TimeDelta};
use dna_api::domain::signing_key::{
    State::{self, Next, Retired, Signing, Verifying},
    Times, VERIFIES_AFTER, stages,
};
use proptest::prelude::*;

use super::{Verifier, answer, kid_of, states};
use crate::support::{App, Partner, Reply, until};

const SECOND: Duration = Duration::from_secs(1);

/// Two servers on one database.
async fn two() -> (App, App, Partner) {
    let app = App::start().await;
    let second = app.second().await;
    let partner = app.partner("Acme").await;
    (app, second, partner)
}

async fn login_kid(partner: &Partner, app: &App) -> String {
    kid_of(&partner.log_in(app).await.token)
}

/// Puts every key's times back, as if that much time had passed.
async fn pass(app: &App, seconds: f64) {
    let sql = "update signing_keys set signs_from = signs_from - make_interval(secs => $1),
               retired_at = retired_at - make_interval(secs => $1)";
    sqlx::query(sql).bind(seconds).execute(&app.db).await.expect("a change");
}

#[tokio::test]
async fn the_next_key_is_published_before_it_signs_and_every_server_follows() {
    let (app, second, partner) = two().await;
    let old = partner.log_in(&app).await;
    let old_kid = kid_of(&old.token);

    let rotation = app.keys().rotate(&app.db, 600).await.expect("a rotation");
    assert_eq!((rotation.next.state, &rotation.replaces), (Next, &old_kid));
    let new_kid = rotation.next.kid;
    for server in [&app, &second] {
        let both = [old_kid.as_str(), new_kid.as_str()];
        until("the next key is published", async || Verifier::fetch(server).await.kids() == both).await;
        assert_eq!(login_kid(&partner, server).await, old_kid, "it does not sign yet");
    }
    assert_eq!(states(&app).await, [Signing, Next]);

    pass(&app, 600.0).await;

    for server in [&app, &second] {
        until("the new key signs", async || login_kid(&partner, server).await == new_kid).await;
        assert_eq!(answer(server, &old.token).await, 404, "tokens of the old key stay good");
        let verifier = Verifier::fetch(server).await;
        assert_eq!(verifier.kids(), [new_kid.as_str(), old_kid.as_str()]);
        assert!(verifier.takes(&old.token) && verifier.takes(&partner.log_in(server).await.token));
    }
    assert_eq!(states(&app).await, [Verifying, Signing]);
}

#[tokio::test]
async fn a_key_verifies_until_the_last_of_its_tokens_has_expired_and_then_its_private_half_is_erased() {
    let (app, second, partner) = two().await;
    let token = partner.log_in(&app).await.token;
    app.keys().rotate(&app.db, 0).await.expect("a rotation");

    pass(&app, 86_700.0 - 60.0).await;
    assert_eq!(states(&app).await, [Verifying, Signing]);
    for server in [&app, &second] {
        until("the new key signs", async || kid_of(&partner.log_in(server).await.token) != kid_of(&token)).await;
        assert_eq!(answer(server, &token).await, 404);
    }

    pass(&app, 60.0).await;
    assert_eq!(states(&app).await, [Retired, Signing]);
    for server in [&app, &second] {
        until("the old key is over", async || answer(server, &token).await == 401).await;
        assert_eq!(Verifier::fetch(server).await.kids().len(), 1);
    }

    app.keys().rotate(&app.db, 600).await.expect("a rotation");
    let kept: Vec<bool> = sqlx::query_scalar("select private_key is not null from signing_keys order by signs_from")
        .fetch_all(&app.db)
        .await
        .expect("keys");
    assert_eq!(kept, [false, true, true]);
}

/// Retires the key of a login once it has a successor, and tells how long both servers took to refuse its token.
async fn time_to_refuse(app: &App, second: &App, partner: &Partner) -> Duration {
    let old = partner.log_in(app).await;
    let kid = kid_of(&old.token);
    app.keys().rotate(&app.db, 0).await.expect("a rotation");
    for server in [app, second] {
        until("the new key signs", async || login_kid(partner, server).await != kid).await;
        assert_eq!(answer(server, &old.token).await, 404);
    }
    assert_eq!(app.keys().retire(&app.db, &kid).await.expect("retired").state, Retired);
    let mut longest = Duration::ZERO;
    for server in [app, second] {
        longest = longest.max(until("it is refused", async || answer(server, &old.token).await == 401).await);
        assert!(!Verifier::fetch(server).await.kids().contains(&kid.as_str()));
    }
    let refreshed = partner.refresh(app, &old.refresh_token).await;
    assert_eq!(refreshed.status, 200, "the refresh token of that login is good: {}", refreshed.text);
    app.keys().retire(&app.db, &kid).await.expect("nothing to do a second time");
    longest
}

#[tokio::test]
async fn a_retired_key_is_refused_within_a_second_on_every_server() {
    let (app, second, partner) = two().await;
    let mut fastest = Duration::MAX;
    for _ in 0..3 {
        fastest = fastest.min(time_to_refuse(&app, &second, &partner).await);
        if fastest < SECOND {
            return;
        }
    }
    panic!("{fastest:?}; a busy machine may spoil one round of three, but not all");
}

#[tokio::test]
async fn the_key_that_signs_is_not_retired_before_it_has_a_successor() {
    let app = App::start().await;
    let keys = app.keys();
    let signing = keys.list().await.expect("keys")[0].kid.clone();

    let alone = keys.retire(&app.db, &signing).await.expect_err("it is the only one").to_string();
    assert_eq!(alone, format!("{signing} is the key that signs: run `dna-api keys rotate` first"));
    let next = keys.rotate(&app.db, 600).await.expect("a rotation").next.kid;
    let waiting = keys.retire(&app.db, &signing).await.expect_err("the next does not sign yet").to_string();
    assert!(waiting.contains("keys rotate --lead 5"), "{waiting}");
    assert_eq!(states(&app).await, [Signing, Next]);

    keys.retire(&app.db, &next).await.expect("a key that never signed");
    assert_eq!(states(&app).await, [Signing, Retired], "the one before goes on");
    pass(&app, 700.0).await;
    assert_eq!(states(&app).await[0], Signing);
    let unknown = keys.retire(&app.db, "nothing").await.expect_err("no such key").to_string();
    assert_eq!(unknown, "there is no signing key `nothing`: see `dna-api keys list`");
}

#[tokio::test]
async fn a_server_without_a_key_to_sign_with_is_not_ready_until_there_is_one() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let token = partner.log_in(&app).await.token;
    app.execute("update signing_keys set retired_at = clock_timestamp(), signing = false").await;

    until("it is not ready", async || Reply::even_a_failure(app.get("/readyz")).await.status == 503).await;
    let refused = Reply::even_a_failure(app.post("/api/oauth/token").form(&partner.password_grant())).await;
    assert_eq!((refused.status, refused.error()), (503, "temporarily_unavailable"));
    assert_eq!((answer(&app, &token).await, Reply::of(app.get("/healthz")).await.status), (401, 200));
    assert_eq!(Reply::public(app.get(super::JWKS)).await.text, r#"{"keys":[]}"#);

    app.keys().ensure().await.expect("a key");
    until("it is ready", async || Reply::even_a_failure(app.get("/readyz")).await.status == 200).await;
    partner.log_in(&app).await;
}

#[tokio::test]
async fn changes_of_the_keys_at_once_wait_for_each_other() {
    let app = App::start().await;
    let changes = (0..6).map(|number| {
        let (keys, db) = (app.keys(), app.db.clone());
        tokio::spawn(async move {
            if number % 3 == 0 { keys.replace_all(&db).await.map(drop) } else { keys.rotate(&db, 0).await.map(drop) }
        })
    });
    for change in changes.collect::<Vec<_>>() {
        change.await.expect("a task").expect("a change");
    }
    let states = states(&app).await;
    assert_eq!((states.len(), states.iter().filter(|state| **state == Signing).count()), (7, 1), "{states:?}");
}

fn times(signs_from: i64, retired_at: Option<i64>) -> Times {
    let at = |seconds| DateTime::from_timestamp(seconds, 0).expect("a time");
    Times { signs_from: at(signs_from), retired_at: retired_at.map(at) }
}

fn states_at(keys: &[Times], at: i64) -> Vec<State> {
    let at = DateTime::from_timestamp(at, 0).expect("a time");
    stages(keys, at).iter().map(|stage| stage.state).collect()
}

#[test]
fn what_follows_a_retired_key_does_not_wake_the_ones_before_it() {
    let day = VERIFIES_AFTER.num_seconds();
    let keys = [times(0, None), times(100, Some(10 * day)), times(9 * day, None)];
    assert_eq!(states_at(&keys, 10 * day), [Retired, Retired, Signing]);
    let skipped = [times(0, None), times(100, Some(50)), times(200, None)];
    assert_eq!(states_at(&skipped, 150), [Signing, Retired, Next]);
    assert_eq!(states_at(&skipped, 200), [Verifying, Retired, Signing]);
}

proptest! {
    #[test]
    fn from_the_first_turn_on_one_key_signs_and_it_is_the_last_that_began(
        mut turns in prop::collection::vec(0_i64..400_000, 1..8), at in 0_i64..500_000,
    ) {
        turns.sort_unstable();
        let keys: Vec<Times> = turns.iter().map(|from| times(*from, None)).collect();
        let states = states_at(&keys, at);
        let signing: Vec<usize> = (0..keys.len()).filter(|place| states[*place] == Signing).collect();
        let last = turns.iter().rposition(|from| *from <= at);
        prop_assert_eq!(signing, last.into_iter().collect::<Vec<_>>());
        for (place, state) in states.iter().enumerate() {
            let ended = turns.get(place + 1).is_some_and(|next| next + VERIFIES_AFTER.num_seconds() <= at);
            prop_assert_eq!(*state == Retired, ended && turns[place] <= at);
        }
        prop_assert!(VERIFIES_AFTER > TimeDelta::days(1));
    }
}
