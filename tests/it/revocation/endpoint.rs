//! `POST /api/oauth/revoke` (RFC 7009).

use reqwest::Method;
use serde_json::json;

use super::{PATH, assert_done, assert_refused_within_a_second, form, request, revoke};
use crate::{
    bearer::{REVOKED, assert_invalid, assert_taken, present},
    support::{App, Caller, Partner, Reply},
    token::{ALL, BAD_CLIENT, BAD_REFRESH_TOKEN, TWICE, assert_error, assert_refused, with, without},
};

const NOT_YOURS: &str = "The token was issued to another client.";
const IN_BODY: &str = "The parameters belong in the request body.";

async fn stage() -> (App, Partner, Caller) {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let caller = partner.log_in(&app).await;
    (app, partner, caller)
}

#[tokio::test]
async fn either_token_ends_the_whole_login_and_no_other() {
    let (app, partner, bystander) = stage().await;
    let second = app.second().await;
    for access in [true, false] {
        let caller = partner.log_in(&app).await;
        let refreshed = Caller::of(&app, &partner.refresh(&app, &caller.refresh_token).await);

        let token = if access { &caller.token } else { &refreshed.refresh_token };
        assert_done(&revoke(&app, &partner, token).await);

        for token in [&caller.token, &refreshed.token] {
            assert_invalid(&present(&app, token).await, REVOKED);
            assert_refused_within_a_second(&second, token).await;
        }
        for token in [&caller.refresh_token, &refreshed.refresh_token] {
            assert_refused(&partner.refresh(&second, token).await, "invalid_grant", BAD_REFRESH_TOKEN);
        }
    }
    assert_taken(&present(&app, &bystander.token).await);
    Caller::of(&app, &partner.refresh(&app, &bystander.refresh_token).await);
    assert!(app.audited("refresh_token_reused").await.is_empty(), "the tokens of an ended login are no theft");
}

#[tokio::test]
async fn a_used_refresh_token_ends_its_login_too() {
    let (app, partner, caller) = stage().await;
    let refreshed = Caller::of(&app, &partner.refresh(&app, &caller.refresh_token).await);
    assert_done(&revoke(&app, &partner, &caller.refresh_token).await);
    assert_invalid(&present(&app, &refreshed.token).await, REVOKED);
}

#[tokio::test]
async fn a_revocation_is_audited_once() {
    let (app, partner, caller) = stage().await;
    let by = |token: &str, id: &'static str| request(&app, &form(&partner, token)).header("x-request-id", id);
    assert_done(&Reply::of(by(&caller.refresh_token, "revocation-1")).await);
    for token in [&caller.refresh_token, &caller.token] {
        assert_done(&Reply::of(by(token, "revocation-2")).await);
    }
    assert_done(&revoke(&app, &partner, "unknown").await);

    let entries = app.audited("token_revoked").await;

    assert_eq!(entries.len(), 1, "{entries:?}");
    let (entry, claims) = (&entries[0], caller.claims());
    let told = |id: Option<uuid::Uuid>| serde_json::to_value(id).expect("JSON");
    assert_eq!(told(Some(entry.partner_id)), claims["partner"]);
    assert_eq!(told(entry.oauth_client_id), claims["client_id"]);
    assert_eq!((told(entry.user_id), told(entry.sid)), (claims["sub"].clone(), claims["sid"].clone()));
    assert_eq!((entry.actor.as_str(), entry.address.as_deref()), ("api", Some("127.0.0.1")));
    assert_eq!(
        (entry.request_id.as_deref(), &entry.detail),
        (Some("revocation-1"), &json!({"token": "refresh_token"}))
    );
}

#[tokio::test]
async fn a_token_that_means_nothing_is_no_error() {
    let (app, partner, caller) = stage().await;
    let stranger = app.partner("Other").await;
    let theirs = stranger.log_in(&app).await;
    let broken = format!("{}x", caller.token);
    let long = "x".repeat(50_000);
    for token in ["x", "\0", "' or 1=1 --", "é", &broken, &long, "a.b.c", &theirs.token, &theirs.refresh_token] {
        assert_done(&revoke(&app, &partner, token).await);
    }
    app.advance(chrono::TimeDelta::hours(1));
    assert_done(&revoke(&app, &partner, &caller.token).await);
    app.advance(chrono::TimeDelta::hours(-1));
    assert!(app.audited("token_revoked").await.is_empty());
    for caller in [&caller, &theirs] {
        assert_taken(&present(&app, &caller.token).await);
    }
    Caller::of(&app, &stranger.refresh(&app, &theirs.refresh_token).await);
}

#[tokio::test]
async fn a_siblings_token_is_refused_and_stays_good() {
    let (app, partner, caller) = stage().await;
    let sibling = partner.with_oauth_client(&app, ALL, "password refresh_token").await;
    for token in [&caller.token, &caller.refresh_token] {
        assert_refused(&revoke(&app, &sibling, token).await, "invalid_grant", NOT_YOURS);
    }
    assert_taken(&present(&app, &caller.token).await);
    Caller::of(&app, &partner.refresh(&app, &caller.refresh_token).await);
}

#[tokio::test]
async fn the_hint_is_a_hint() {
    let (app, partner, _) = stage().await;
    for hint in ["access_token", "refresh_token", "nonsense", "", "\u{1F600}"] {
        let caller = partner.log_in(&app).await;
        for token in [&caller.token, &caller.refresh_token] {
            let form = with(form(&partner, token), "token_type_hint", hint);
            assert_done(&Reply::of(request(&app, &form)).await);
        }
        assert_invalid(&present(&app, &caller.token).await, REVOKED);
    }
}

#[tokio::test]
async fn the_oauth_client_authenticates_as_for_a_token() {
    let (app, partner, caller) = stage().await;
    let whole = form(&partner, &caller.refresh_token);
    let bare = without(without(whole.clone(), "client_id"), "client_secret");
    for form in [bare.clone(), without(whole.clone(), "client_secret"), with(whole.clone(), "client_secret", "x")] {
        assert_refused(&Reply::of(request(&app, &form)).await, "invalid_client", BAD_CLIENT);
    }
    let wrong = request(&app, &bare).basic_auth(&partner.client_id, Some("x"));
    assert_refused(&Reply::of(wrong).await, "invalid_client", BAD_CLIENT);
    let twice = request(&app, &whole).basic_auth(&partner.client_id, Some(&partner.client_secret));
    assert_refused(&Reply::of(twice).await, "invalid_request", "Client credentials were given in two ways.");
    assert_taken(&present(&app, &caller.token).await);

    let basic = request(&app, &bare).basic_auth(&partner.client_id, Some(&partner.client_secret));
    assert_done(&Reply::of(basic).await);
    assert_invalid(&present(&app, &caller.token).await, REVOKED);
}

#[tokio::test]
async fn a_missing_token_and_a_repeated_parameter_are_refused() {
    let (app, partner, caller) = stage().await;
    let whole = form(&partner, &caller.refresh_token);
    for form in [without(whole.clone(), "token"), with(whole.clone(), "token", "")] {
        assert_refused(&Reply::of(request(&app, &form)).await, "invalid_request", "The token parameter is missing.");
    }
    let twice = [whole.clone(), vec![("token", "x".to_owned())]].concat();
    assert_refused(&Reply::of(request(&app, &twice)).await, "invalid_request", TWICE);
    assert_taken(&present(&app, &caller.token).await);
}

#[tokio::test]
async fn parameters_in_the_url_are_refused_and_others_there_are_ignored() {
    let (app, partner, caller) = stage().await;
    let whole = form(&partner, &caller.refresh_token);
    for (name, value) in with(whole.clone(), "token_type_hint", "access_token") {
        let reply = Reply::of(request(&app, &without(whole.clone(), name)).query(&[(name, value)])).await;
        assert_refused(&reply, "invalid_request", IN_BODY);
    }
    assert_refused(&Reply::of(app.post(PATH).query(&whole)).await, "invalid_request", IN_BODY);
    assert_taken(&present(&app, &caller.token).await);
    assert_done(&Reply::of(request(&app, &whole).query(&[("tenant", "1")])).await);
}

#[tokio::test]
async fn it_has_the_layers_of_the_token_endpoint_and_its_other_path() {
    let (app, partner, caller) = stage().await;
    let whole = form(&partner, &caller.refresh_token);
    for path in [PATH, "/oauth/revoke", "/api/oauth/introspect", "/oauth/introspect"] {
        for method in [Method::GET, Method::PUT, Method::DELETE, Method::OPTIONS] {
            let reply = Reply::of(app.request(method, path)).await;
            assert_error(&reply, 405, "method_not_allowed");
            assert_eq!(reply.header("allow"), "POST");
        }
        assert_eq!(Reply::read(app.request(Method::HEAD, path)).await.status, 405);
        let html = Reply::of(app.post(path).form(&whole).header("accept", "text/html")).await;
        assert_error(&html, 406, "not_acceptable");
        let large = with(whole.clone(), "token", &"x".repeat(70_000));
        assert_error(&Reply::of(app.post(path).form(&large)).await, 413, "payload_too_large");
        let xml = app.post(path).body("<token/>").header("content-type", "application/xml");
        assert_eq!(Reply::of(xml).await.error(), "invalid_request");
    }
    let json: serde_json::Map<_, _> = whole.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    assert_done(&Reply::of(app.post("/oauth/revoke/").json(&json)).await);
    assert_invalid(&present(&app, &caller.token).await, REVOKED);
}

#[tokio::test]
async fn without_the_database_it_is_503_and_the_token_is_to_be_taken_for_good() {
    let (app, partner, caller) = stage().await;
    app.state.db.close().await;
    let reply = Reply::even_a_failure(request(&app, &form(&partner, &caller.refresh_token))).await;
    assert_eq!((reply.status, reply.header("retry-after")), (503, "1"));
    let guarded =
        Reply::even_a_failure(app.post("/api/residential/client/1/activate").bearer_auth(&caller.token)).await;
    assert_eq!(guarded.status, 503, "not 401");
}
