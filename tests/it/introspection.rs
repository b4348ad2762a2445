//! `POST /api/oauth/introspect` (RFC 7662).

mod rfc7662;

use reqwest::RequestBuilder;
use serde_json::json;

use crate::{
    bearer::present,
    support::{App, Caller, Forge, Partner, Reply},
    token::{ALL, BAD_CLIENT, Form, TWICE, ask, assert_refused, form_about as form, with, without},
};

const PATH: &str = "/api/oauth/introspect";
const IN_BODY: &str = "The parameters belong in the request body.";

fn request(app: &App, form: &Form) -> RequestBuilder {
    app.post(PATH).form(form)
}

async fn introspect(app: &App, partner: &Partner, token: &str) -> Reply {
    Reply::of(request(app, &form(partner, token))).await
}

async fn is_active(app: &App, partner: &Partner, token: &str) -> bool {
    let reply = introspect(app, partner, token).await;
    let active = reply.json["active"] == true;
    assert!(active || (reply.status, reply.text.as_str()) == (200, r#"{"active":false}"#), "{reply:?}");
    active
}

async fn stage() -> (App, Partner, Caller) {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let caller = partner.log_in_for(&app, "client:read client:create").await;
    (app, partner, caller)
}

#[tokio::test]
async fn an_access_token_is_told_whole() {
    let (app, partner, caller) = stage().await;
    let claims = caller.claims();

    let reply = introspect(&app, &partner, &caller.token).await;

    assert_eq!(reply.status, 200);
    let expected = json!({
        "active": true,
        "scope": "client:create client:read",
        "client_id": partner.client_id,
        "username": partner.username,
        "token_type": "Bearer",
        "exp": claims["exp"],
        "iat": claims["iat"],
        "nbf": claims["nbf"],
        "sub": claims["sub"],
        "aud": claims["aud"],
        "iss": claims["iss"],
        "jti": claims["jti"],
    });
    assert_eq!(reply.text, expected.to_string());
    assert_eq!(reply.header("pragma"), "no-cache");
}

#[tokio::test]
async fn a_refresh_token_is_told_without_a_type_that_it_could_be_presented_as() {
    let (app, partner, caller) = stage().await;

    let told = introspect(&app, &partner, &caller.refresh_token).await.json;

    let members = ["active", "scope", "client_id", "username", "exp", "iat", "sub", "iss"];
    assert_eq!(Reply::members(&told), members);
    assert_eq!((&told["scope"], &told["client_id"]), (&json!("client:create client:read"), &json!(partner.client_id)));
    assert_eq!((&told["username"], &told["sub"]), (&json!(partner.username), &caller.claims()["sub"]));
    assert_eq!(told["iss"], caller.claims()["iss"]);
    let life = told["exp"].as_i64().zip(told["iat"].as_i64()).map(|(end, start)| end - start);
    assert_eq!(life, Some(30 * 24 * 3600));
    assert_eq!(present(&app, &caller.refresh_token).await.status, 401);
}

#[tokio::test]
async fn an_oauth_clients_own_token_has_no_username() {
    let (app, partner, _) = stage().await;
    let itself = partner.with_oauth_client(&app, "client:read", "client_credentials").await;
    let grant = vec![
        ("grant_type", "client_credentials".to_owned()),
        ("client_id", itself.client_id.clone()),
        ("client_secret", itself.client_secret.clone()),
    ];
    let caller = Caller::of(&app, &ask(&app, &grant).await);
    let told = introspect(&app, &partner, &caller.token).await.json;
    assert_eq!((&told["active"], &told["sub"]), (&json!(true), &json!(itself.client_id)));
    assert!(told.get("username").is_none(), "{told}");
    app.execute("update oauth_clients set disabled_at = now() where grant_types = 'client_credentials'").await;
    assert!(!is_active(&app, &partner, &caller.token).await);
}

#[tokio::test]
async fn every_oauth_client_of_the_partner_may_ask_and_no_other() {
    let (app, partner, caller) = stage().await;
    let sibling = partner.with_oauth_client(&app, "client:read", "password").await;
    let stranger = app.partner("Other").await;
    for token in [&caller.token, &caller.refresh_token] {
        assert!(is_active(&app, &sibling, token).await);
        assert!(!is_active(&app, &stranger, token).await);
    }
}

#[tokio::test]
async fn what_is_good_for_nothing_is_not_active_and_nothing_more_is_told() {
    let (app, partner, caller) = stage().await;
    let forged = Forge::stranger().sign(&Reply::jwt_part(&caller.token, 0).to_string(), &caller.claims().to_string());
    let long = "x".repeat(50_000);
    for token in ["x", "\0", "' or 1=1 --", "é", "a.b.c", &forged, &long] {
        assert!(!is_active(&app, &partner, token).await);
    }
    app.advance(chrono::TimeDelta::hours(1));
    assert!(!is_active(&app, &partner, &caller.token).await, "expired");
    assert!(is_active(&app, &partner, &caller.refresh_token).await);
    app.execute("update refresh_tokens set expires_at = now()").await;
    assert!(!is_active(&app, &partner, &caller.refresh_token).await, "expired");
}

#[tokio::test]
async fn a_used_refresh_token_and_a_replaced_one_are_not_active() {
    let (app, partner, caller) = stage().await;
    let lost = Caller::of(&app, &partner.refresh(&app, &caller.refresh_token).await);
    let found = Caller::of(&app, &partner.refresh(&app, &caller.refresh_token).await);
    assert!(!is_active(&app, &partner, &caller.refresh_token).await);
    assert!(!is_active(&app, &partner, &lost.refresh_token).await);
    assert!(is_active(&app, &partner, &found.refresh_token).await);
    for caller in [&caller, &lost, &found] {
        assert!(is_active(&app, &partner, &caller.token).await);
    }
}

#[tokio::test]
async fn what_was_revoked_or_disabled_is_not_active_at_once_on_any_server() {
    let (app, partner, _) = stage().await;
    let second = app.second().await;
    let sibling = partner.with_oauth_client(&app, ALL, "password").await;
    for table in ["users", "oauth_clients"] {
        let caller = partner.log_in(&app).await;
        let set = |when: &str| {
            let of = if table == "users" { "username" } else { "id::text" };
            let name = if table == "users" { &partner.username } else { &partner.client_id };
            sqlx::AssertSqlSafe(format!("update {table} set disabled_at = {when} where {of} = '{name}'"))
        };
        sqlx::raw_sql(set("now()")).execute(&app.db).await.expect("disabled");
        for token in [&caller.token, &caller.refresh_token] {
            assert!(!is_active(&second, &sibling, token).await, "{table}");
        }
        sqlx::raw_sql(set("null")).execute(&app.db).await.expect("enabled");
        for token in [&caller.token, &caller.refresh_token] {
            assert!(is_active(&second, &sibling, token).await, "{table}");
        }
    }
    let caller = partner.log_in(&app).await;
    let revoke = app.post("/api/oauth/revoke").form(&form(&partner, &caller.token));
    assert_eq!(Reply::of(revoke).await.status, 200);
    for token in [&caller.token, &caller.refresh_token] {
        assert!(!is_active(&second, &partner, token).await, "revoked");
    }
}

#[tokio::test]
async fn the_hint_is_a_hint() {
    let (app, partner, caller) = stage().await;
    for hint in ["access_token", "refresh_token", "nonsense", ""] {
        for token in [&caller.token, &caller.refresh_token] {
            let reply = Reply::of(request(&app, &with(form(&partner, token), "token_type_hint", hint))).await;
            assert_eq!(reply.json["active"], true);
        }
    }
}

#[tokio::test]
async fn it_refuses_as_the_token_endpoint_does() {
    let (app, partner, caller) = stage().await;
    let whole = form(&partner, &caller.token);
    let bare = without(without(whole.clone(), "client_id"), "client_secret");
    for form in [bare.clone(), with(whole.clone(), "client_secret", "x")] {
        assert_refused(&Reply::of(request(&app, &form)).await, "invalid_client", BAD_CLIENT);
    }
    let bearer = request(&app, &bare).bearer_auth(&caller.token);
    assert_refused(&Reply::of(bearer).await, "invalid_client", BAD_CLIENT);
    let missing = Reply::of(request(&app, &without(whole.clone(), "token"))).await;
    assert_refused(&missing, "invalid_request", "The token parameter is missing.");
    let twice = [whole.clone(), vec![("token", "x".to_owned())]].concat();
    assert_refused(&Reply::of(request(&app, &twice)).await, "invalid_request", TWICE);
    for name in ["token", "client_secret", "client_id"] {
        let value = whole.iter().find(|(given, _)| *given == name).map(|(_, value)| value.as_str()).expect(name);
        let reply = Reply::of(request(&app, &without(whole.clone(), name)).query(&[(name, value)])).await;
        assert_refused(&reply, "invalid_request", IN_BODY);
    }
    let basic = app.post("/oauth/introspect").form(&bare).basic_auth(&partner.client_id, Some(&partner.client_secret));
    assert_eq!(Reply::of(basic).await.json["active"], true);
}
