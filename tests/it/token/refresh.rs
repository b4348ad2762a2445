//! The refresh grant: whose token, and for which scope.

use super::{ALL, BAD_REFRESH_TOKEN, Form, PATH, ask, assert_refused, with};
use crate::support::{App, Caller, Partner, Reply};

const BEYOND_LOGIN: &str = "The requested scope exceeds what was granted.";
const BEYOND_CLIENT: &str = "The requested scope exceeds what the client may have.";

fn refresh_for(partner: &Partner, token: &str, scope: &str) -> Form {
    with(partner.refresh_grant(token), "scope", scope)
}

async fn set_scope(app: &App, table: &str, scope: &str) {
    let update = format!("update {table} set scope = '{scope}'");
    sqlx::raw_sql(sqlx::AssertSqlSafe(update)).execute(&app.db).await.expect("an update");
}

#[tokio::test]
async fn a_narrower_scope_narrows_the_access_token_alone() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let login = partner.log_in(&app).await;

    let reply = ask(&app, &refresh_for(&partner, &login.refresh_token, "client:read")).await;
    let narrow = Caller::of(&app, &reply);
    assert!(reply.json.get("scope").is_none(), "granted as asked: {}", reply.text);
    assert_eq!(narrow.claims()["scope"], "client:read");

    let again = ask(&app, &refresh_for(&partner, &narrow.refresh_token, "client:create")).await;
    let again = Caller::of(&app, &again);
    assert_eq!(again.claims()["scope"], "client:create");

    let whole = partner.refresh(&app, &again.refresh_token).await;
    assert_eq!(whole.json["scope"], ALL);
    assert_eq!(Caller::of(&app, &whole).claims()["scope"], ALL);
}

#[tokio::test]
async fn no_scope_an_empty_one_and_a_star_are_what_the_login_was_granted() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let mut caller = partner.log_in_for(&app, "client:create client:read").await;
    for scope in ["", " ", "*"] {
        let form = refresh_for(&partner, &caller.refresh_token, scope);
        let standard = ask(&app, &form).await;
        caller = Caller::of(&app, &standard);
        assert_eq!(standard.json["scope"], "client:create client:read");
        let documented = Reply::of(app.get(PATH).query(&refresh_for(&partner, &caller.refresh_token, scope))).await;
        caller = Caller::of(&app, &documented);
        assert!(documented.json[0].get("scope").is_none(), "{}", documented.text);
        assert_eq!(caller.claims()["scope"], "client:create client:read");
    }
}

#[tokio::test]
async fn a_wider_scope_is_refused_and_the_token_stays_good() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let token = partner.log_in_for(&app, "client:create").await.refresh_token;
    for wider in ["client:read", "client:create client:read", ALL] {
        let reply = ask(&app, &refresh_for(&partner, &token, wider)).await;
        assert_refused(&reply, "invalid_scope", BEYOND_LOGIN);
    }
    let reply = ask(&app, &refresh_for(&partner, &token, "nonsense")).await;
    assert_refused(&reply, "invalid_scope", super::UNKNOWN_SCOPE);
    assert_eq!(Caller::of(&app, &partner.refresh(&app, &token).await).claims()["scope"], "client:create");
}

#[tokio::test]
async fn what_the_user_has_lost_since_is_not_granted_again() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let login = partner.log_in(&app).await;
    set_scope(&app, "users", "client:create client:suspend").await;

    let reply = ask(&app, &refresh_for(&partner, &login.refresh_token, "client:create client:read")).await;
    assert_eq!(reply.json["scope"], "client:create", "cut down, so named");
    let token = Caller::of(&app, &reply).refresh_token;
    let documented = Reply::of(app.get(PATH).query(&refresh_for(&partner, &token, ALL))).await;
    assert_eq!(documented.json[0]["scope"], "client:create client:suspend");
    let token = Caller::of(&app, &documented).refresh_token;

    let reply = ask(&app, &refresh_for(&partner, &token, "client:read")).await;
    assert_refused(&reply, "invalid_scope", "The user may have none of the requested scope.");
    set_scope(&app, "users", ALL).await;
    let whole = partner.refresh(&app, &token).await;
    assert_eq!(Caller::of(&app, &whole).claims()["scope"], ALL, "what was given back is granted again");
}

#[tokio::test]
async fn what_the_oauth_client_has_lost_since_is_not_granted_again() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let login = partner.log_in(&app).await;
    set_scope(&app, "oauth_clients", "client:create").await;

    let reply = ask(&app, &refresh_for(&partner, &login.refresh_token, "client:create client:read")).await;
    assert_refused(&reply, "invalid_scope", BEYOND_CLIENT);
    let reply = partner.refresh(&app, &login.refresh_token).await;
    assert_eq!(Caller::of(&app, &reply).claims()["scope"], "client:create");
}

#[tokio::test]
async fn another_oauth_clients_token_is_refused_and_stays_good() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let sibling = partner.with_oauth_client(&app, ALL, "password refresh_token").await;
    let stranger = app.partner("Other").await;
    let token = partner.log_in(&app).await.refresh_token;
    for thief in [&sibling, &stranger] {
        assert_refused(&thief.refresh(&app, &token).await, "invalid_grant", BAD_REFRESH_TOKEN);
    }
    Caller::of(&app, &partner.refresh(&app, &token).await);
}

#[tokio::test]
async fn what_is_no_refresh_token_is_refused() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let caller = partner.log_in(&app).await;
    let (half, upper) = caller.refresh_token.split_at(20);
    let long = "x".repeat(60_000);
    let swapped = format!("{upper}{half}");
    for token in [half, &swapped, &caller.token, "x", "\0", "' or 1=1 --", "é", &long] {
        assert_refused(&partner.refresh(&app, token).await, "invalid_grant", BAD_REFRESH_TOKEN);
    }
    Caller::of(&app, &partner.refresh(&app, &caller.refresh_token).await);
}

#[tokio::test]
async fn an_oauth_client_without_the_refresh_grant_gets_no_refresh_token() {
    let app = App::start().await;
    let partner = app.partner("Acme").await.with_oauth_client(&app, ALL, "password").await;
    let form = partner.password_grant();

    let standard = ask(&app, &form).await;
    let documented = Reply::of(app.get(PATH).query(&form)).await;

    for reply in [&standard, &documented] {
        Caller::of(&app, reply);
    }
    assert_eq!(Reply::members(&standard.json), ["token_type", "expires_in", "access_token", "scope"]);
    assert_eq!(Reply::members(&documented.json[0]), ["token_type", "expires_in", "access_token"]);
    let refused = partner.refresh(&app, "x").await;
    assert_refused(&refused, "unauthorized_client", "The client may not use this authorization grant type.");
}

#[tokio::test]
async fn an_oauth_client_without_the_password_grant_may_not_log_in() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let refreshing = partner.with_oauth_client(&app, ALL, "refresh_token").await;
    let reply = ask(&app, &refreshing.password_grant()).await;
    assert_refused(&reply, "unauthorized_client", "The client may not use this authorization grant type.");

    let token = partner.log_in(&app).await.refresh_token;
    let all_grants = "update oauth_clients set grant_types = 'password' where grant_types <> 'refresh_token'";
    sqlx::raw_sql(all_grants).execute(&app.db).await.expect("an update");
    let reply = partner.refresh(&app, &token).await;
    assert_refused(&reply, "unauthorized_client", "The client may not use this authorization grant type.");
}
