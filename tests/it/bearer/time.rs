//! When a token is good: from `nbf` until `exp`, and five seconds more on both sides.

use chrono::TimeDelta;
use serde_json::json;

use super::{EXPIRED, INVALID, Stage, assert_invalid, assert_taken, present};
use crate::support::App;

const LIFE: i64 = 1200;

#[tokio::test]
async fn a_token_is_good_for_its_life_and_five_seconds() {
    let app = App::start().await;
    app.stop_clock();
    let token = app.partner("Acme").await.log_in(&app).await.token;
    let mut at = 0;
    for (seconds, good) in [
        (-6, false),
        (-5, true),
        (0, true),
        (LIFE - 1, true),
        (LIFE, true),
        (LIFE + 4, true),
        (LIFE + 5, false),
        (LIFE + 6, false),
        (10 * LIFE, false),
    ] {
        app.advance(TimeDelta::seconds(seconds - at));
        at = seconds;
        let reply = present(&app, &token).await;
        if good {
            assert_taken(&reply);
        } else {
            assert_invalid(&reply, if seconds < 0 { INVALID } else { EXPIRED });
        }
    }
}

#[tokio::test]
async fn nbf_and_exp_are_what_the_claims_say() {
    let stage = Stage::new().await;
    let now = stage.app.stop_clock().timestamp();
    for (claim, at, refused) in [
        ("nbf", now + 5, None),
        ("nbf", now + 6, Some(INVALID)),
        ("nbf", i64::MAX, Some(INVALID)),
        ("nbf", 0, None),
        ("exp", now - 4, None),
        ("exp", now - 5, Some(EXPIRED)),
        ("exp", 0, Some(EXPIRED)),
        ("exp", i64::MAX, None),
        ("iat", now + 3600, None),
    ] {
        let token = stage.forge.sign(&stage.header(), &stage.claims_with(claim, json!(at)));
        let reply = present(&stage.app, &token).await;
        match refused {
            Some(message) => assert_invalid(&reply, message),
            None => assert_taken(&reply),
        }
    }
}

#[tokio::test]
async fn a_shorter_life_ends_sooner() {
    let app = App::start_with(&[("DNA_ACCESS_TOKEN_TTL", "60")]).await;
    app.stop_clock();
    let partner = app.partner("Acme").await;
    let caller = partner.log_in(&app).await;
    app.advance(TimeDelta::seconds(64));
    assert_taken(&present(&app, &caller.token).await);
    app.advance(TimeDelta::seconds(1));
    assert_invalid(&present(&app, &caller.token).await, EXPIRED);

    let reply = partner.refresh(&app, &caller.refresh_token).await;
    let refreshed = crate::support::Caller::of(&app, &reply);
    assert_taken(&present(&app, &refreshed.token).await);
}

#[tokio::test]
async fn a_token_of_another_server_is_good_though_its_clock_differs() {
    let app = App::start().await;
    let second = app.second().await;
    let partner = app.partner("Acme").await;
    app.stop_clock();
    let now = second.stop_clock();
    let behind = now - app.stop_clock();
    app.advance(behind);
    for (seconds, good) in [(5, true), (6, false)] {
        app.advance(TimeDelta::seconds(seconds));
        let ahead = partner.log_in(&app).await;
        let reply = present(&second, &ahead.token).await;
        if good {
            assert_taken(&reply);
        } else {
            assert_invalid(&reply, INVALID);
        }
        app.advance(TimeDelta::seconds(-seconds));
    }
}
