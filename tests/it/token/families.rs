//! Rotation: each refresh token has one successor, and a stolen one ends its whole family (RFC 9700 §4.14.2).

use super::{BAD_REFRESH_TOKEN, assert_refused, with};
use crate::{
    bearer::{REVOKED, assert_invalid, assert_taken, present},
    support::{App, Caller, Partner, Reply, until},
};

async fn stage(settings: &[(&str, &str)]) -> (App, Partner, Caller) {
    let app = App::start_with(settings).await;
    let partner = app.partner("Acme").await;
    let caller = partner.log_in(&app).await;
    (app, partner, caller)
}

async fn refreshed(app: &App, partner: &Partner, token: &str) -> Caller {
    Caller::of(app, &partner.refresh(app, token).await)
}

async fn assert_no_token(app: &App, partner: &Partner, token: &str) {
    assert_refused(&partner.refresh(app, token).await, "invalid_grant", BAD_REFRESH_TOKEN);
}

/// Lets the time pass since every refresh token was used.
async fn after_a_minute(app: &App) {
    app.execute("update refresh_tokens set consumed_at = consumed_at - interval '61 seconds'").await;
}

/// Checks that nothing that descends from the login is good any more, on any server.
async fn assert_family_ended(app: &App, partner: &Partner, all: &[&Caller]) {
    let second = app.second().await;
    for server in [app, &second] {
        for caller in all {
            until("the access token is refused", async || present(server, &caller.token).await.status == 401).await;
            assert_invalid(&present(server, &caller.token).await, REVOKED);
            assert_no_token(server, partner, &caller.refresh_token).await;
        }
    }
}

#[tokio::test]
async fn each_use_brings_a_successor_and_the_claims_name_one_login() {
    let (app, partner, first) = stage(&[]).await;
    let mut caller = refreshed(&app, &partner, &first.refresh_token).await;
    for _ in 0..3 {
        let next = refreshed(&app, &partner, &caller.refresh_token).await;
        assert_ne!(next.refresh_token, caller.refresh_token);
        assert_eq!(next.claims()["sid"], first.claims()["sid"]);
        caller = next;
    }
    assert_ne!(partner.log_in(&app).await.claims()["sid"], first.claims()["sid"]);
}

#[tokio::test]
async fn a_token_that_comes_back_at_once_is_a_lost_reply_and_gets_another_successor() {
    let (app, partner, first) = stage(&[]).await;
    let lost = refreshed(&app, &partner, &first.refresh_token).await;

    let found = refreshed(&app, &partner, &first.refresh_token).await;

    assert_ne!(found.refresh_token, lost.refresh_token);
    for caller in [&first, &lost, &found] {
        assert_taken(&present(&app, &caller.token).await);
    }
    refreshed(&app, &partner, &found.refresh_token).await;
    assert!(app.audited("refresh_token_reused").await.is_empty());
}

#[tokio::test]
async fn a_successor_that_was_replaced_unused_is_refused_and_ends_nothing() {
    let (app, partner, first) = stage(&[]).await;
    let lost = refreshed(&app, &partner, &first.refresh_token).await;
    let found = refreshed(&app, &partner, &first.refresh_token).await;

    for _ in 0..2 {
        assert_no_token(&app, &partner, &lost.refresh_token).await;
    }
    let next = refreshed(&app, &partner, &found.refresh_token).await;
    after_a_minute(&app).await;
    assert_no_token(&app, &partner, &lost.refresh_token).await;

    refreshed(&app, &partner, &next.refresh_token).await;
    assert!(app.audited("refresh_token_reused").await.is_empty());
}

#[tokio::test]
async fn a_reply_may_be_lost_more_than_once() {
    let (app, partner, first) = stage(&[]).await;
    let mut last = refreshed(&app, &partner, &first.refresh_token).await;
    for _ in 0..5 {
        last = refreshed(&app, &partner, &first.refresh_token).await;
    }
    refreshed(&app, &partner, &last.refresh_token).await;
}

#[tokio::test]
async fn a_token_that_comes_back_after_its_successor_was_used_ends_the_family_and_is_audited() {
    let (app, partner, first) = stage(&[]).await;
    let other = partner.log_in(&app).await;
    let second = refreshed(&app, &partner, &first.refresh_token).await;
    let third = refreshed(&app, &partner, &second.refresh_token).await;

    let reply = Reply::of(
        app.post(super::PATH).form(&partner.refresh_grant(&first.refresh_token)).header("x-request-id", "of-the-thief"),
    )
    .await;
    assert_refused(&reply, "invalid_grant", BAD_REFRESH_TOKEN);

    assert_family_ended(&app, &partner, &[&first, &second, &third]).await;
    assert_taken(&present(&app, &other.token).await);
    refreshed(&app, &partner, &other.refresh_token).await;
    let entries = app.audited("refresh_token_reused").await;
    assert_eq!(entries.len(), 1, "{entries:?}");
    let (entry, claims) = (&entries[0], first.claims());
    let told = |id: Option<uuid::Uuid>| serde_json::to_value(id).expect("JSON");
    assert_eq!(told(Some(entry.partner_id)), claims["partner"]);
    assert_eq!(told(entry.oauth_client_id), claims["client_id"]);
    assert_eq!((told(entry.user_id), told(entry.sid)), (claims["sub"].clone(), claims["sid"].clone()));
    assert_eq!((entry.actor.as_str(), entry.address.as_deref()), ("api", Some("127.0.0.1")));
    assert_eq!(entry.request_id.as_deref(), Some("of-the-thief"));
}

#[tokio::test]
async fn a_token_that_comes_back_later_than_the_grace_ends_the_family() {
    let (app, partner, first) = stage(&[]).await;
    let second = refreshed(&app, &partner, &first.refresh_token).await;
    after_a_minute(&app).await;

    assert_no_token(&app, &partner, &first.refresh_token).await;

    assert_family_ended(&app, &partner, &[&first, &second]).await;
    assert_eq!(app.audited("refresh_token_reused").await.len(), 1);
}

#[tokio::test]
async fn without_a_grace_a_second_use_ends_the_family() {
    let (app, partner, first) = stage(&[("DNA_REFRESH_GRACE", "0")]).await;
    let second = refreshed(&app, &partner, &first.refresh_token).await;
    assert_no_token(&app, &partner, &first.refresh_token).await;
    assert_family_ended(&app, &partner, &[&first, &second]).await;
}

#[tokio::test]
async fn the_grace_is_the_operators_to_set() {
    let (app, partner, first) = stage(&[("DNA_REFRESH_GRACE", "600")]).await;
    refreshed(&app, &partner, &first.refresh_token).await;
    after_a_minute(&app).await;
    let found = refreshed(&app, &partner, &first.refresh_token).await;
    refreshed(&app, &partner, &found.refresh_token).await;
}

#[tokio::test]
async fn a_lost_reply_may_be_asked_for_again_with_another_scope() {
    let (app, partner, _) = stage(&[]).await;
    let first = partner.log_in_for(&app, "client:create client:read").await;
    let lost = refreshed(&app, &partner, &first.refresh_token).await;
    let ask_for =
        async |scope| super::ask(&app, &with(partner.refresh_grant(&first.refresh_token), "scope", scope)).await;

    assert_eq!(ask_for("client:cancel").await.error(), "invalid_scope");
    let found = Caller::of(&app, &ask_for("client:read").await);

    assert_eq!(found.claims()["scope"], "client:read");
    assert_no_token(&app, &partner, &lost.refresh_token).await;
    let whole = refreshed(&app, &partner, &found.refresh_token).await;
    assert_eq!(whole.claims()["scope"], "client:create client:read");
}

#[tokio::test]
async fn a_refused_scope_leaves_the_successor_of_a_lost_reply_good() {
    let (app, partner, _) = stage(&[]).await;
    let first = partner.log_in_for(&app, "client:read").await;
    let second = refreshed(&app, &partner, &first.refresh_token).await;
    let wider = with(partner.refresh_grant(&first.refresh_token), "scope", "client:cancel");
    assert_eq!(super::ask(&app, &wider).await.error(), "invalid_scope");
    refreshed(&app, &partner, &second.refresh_token).await;
}

#[tokio::test]
async fn a_family_ends_ninety_days_after_it_began_and_nothing_of_it_outlives_that() {
    let (app, partner, first) = stage(&[("DNA_REFRESH_TOKEN_TTL", "31536000")]).await;
    let days: i64 = sqlx::query_scalar(
        "select extract(epoch from t.expires_at - f.began_at)::bigint / 86400
         from refresh_tokens t join token_families f using (partner_id, sid)",
    )
    .fetch_one(&app.db)
    .await
    .expect("a life");
    assert_eq!(days, 90);

    app.execute("update token_families set ends_at = now() + interval '100 seconds'").await;
    let reply = partner.refresh(&app, &first.refresh_token).await;
    let expires_in = reply.json["expires_in"].as_i64().expect("a number");
    assert!((95..=100).contains(&expires_in), "{}", reply.text);
    let last = Caller::of(&app, &reply);
    let claims = last.claims();
    assert_eq!(claims["exp"].as_i64(), claims["iat"].as_i64().map(|issued| issued + expires_in));
    let outlives: bool = sqlx::query_scalar(
        "select bool_or(t.expires_at > f.ends_at) from refresh_tokens t join token_families f using (partner_id, sid)
         where t.consumed_at is null",
    )
    .fetch_one(&app.db)
    .await
    .expect("an answer");
    assert!(!outlives);

    app.execute("update token_families set ends_at = now()").await;
    assert_no_token(&app, &partner, &last.refresh_token).await;
}

#[tokio::test]
async fn a_disabled_user_is_refused_and_the_family_goes_on_when_the_user_does() {
    let (app, partner, first) = stage(&[]).await;
    let second = refreshed(&app, &partner, &first.refresh_token).await;
    app.execute("update users set disabled_at = now()").await;
    assert_no_token(&app, &partner, &second.refresh_token).await;
    assert_no_token(&app, &partner, &first.refresh_token).await;
    app.execute("update users set disabled_at = null").await;
    refreshed(&app, &partner, &second.refresh_token).await;
}

#[tokio::test]
async fn a_login_writes_its_family_with_or_without_a_refresh_token() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let without = partner.with_oauth_client(&app, super::ALL, "password").await;
    for caller in [partner.log_in(&app).await, without.log_in(&app).await] {
        let known: bool = sqlx::query_scalar("select exists (select from token_families where sid::text = $1)")
            .bind(caller.claims()["sid"].as_str())
            .fetch_one(&app.db)
            .await
            .expect("an answer");
        assert!(known);
    }
    assert_eq!((app.rows("token_families").await, app.rows("refresh_tokens").await), (2, 1));
}
