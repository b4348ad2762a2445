//! Which scopes are granted, and when the reply names them.

use super::{ALL, Form, PATH, UNKNOWN_SCOPE, ask, assert_refused, with, without};
use crate::support::{App, Caller, Reply};

const BEYOND: &str = "The requested scope exceeds what the client may have.";
const NONE_LEFT: &str = "The user may have none of the requested scope.";

/// Asks in both forms, and checks what is granted, and what is named in the standard and in the documented form.
#[track_caller]
fn assert_granted(app: &App, form: &Form, granted: &str, named: [bool; 2]) -> impl Future<Output = ()> {
    let requests = [app.post(PATH).form(form), app.get(PATH).query(form)];
    let asked = form.iter().find(|(name, _)| *name == "scope").map(|(_, scope)| scope.clone());
    async move {
        for (request, named) in requests.into_iter().zip(named) {
            let reply = Reply::of(request).await;
            let claims = Caller::of(app, &reply).claims();
            assert_eq!(claims["scope"], granted, "{asked:?}");
            assert_eq!(claims["scopes"], serde_json::json!(granted.split(' ').collect::<Vec<_>>()), "{asked:?}");
            let tokens = reply.json.get(0).unwrap_or(&reply.json);
            assert_eq!(tokens.get("scope"), named.then(|| granted.into()).as_ref(), "{asked:?} {}", reply.text);
        }
    }
}

#[tokio::test]
async fn no_scope_an_empty_one_and_a_star_are_all_that_may_be_had() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let narrow = partner.with_user(&app, "client:create client:suspend").await;
    let form = narrow.password_grant();
    assert_granted(&app, &partner.password_grant(), ALL, [true, false]).await;
    assert_granted(&app, &form, "client:create client:suspend", [true, false]).await;
    for all in ["", " ", "*", " * "] {
        assert_granted(&app, &with(partner.password_grant(), "scope", all), ALL, [true, false]).await;
        assert_granted(&app, &with(form.clone(), "scope", all), "client:create client:suspend", [true, false]).await;
    }
}

#[tokio::test]
async fn a_scope_that_is_granted_as_it_was_asked_for_is_not_named() {
    let app = App::start().await;
    let form = app.partner("Acme").await.password_grant();
    for (asked, granted) in [
        ("client:create", "client:create"),
        (ALL, ALL),
        ("client:suspend client:create", "client:create client:suspend"),
        ("  client:create   client:create ", "client:create"),
    ] {
        assert_granted(&app, &with(form.clone(), "scope", asked), granted, [false, false]).await;
    }
}

#[tokio::test]
async fn a_scope_that_is_cut_down_to_the_users_is_named_in_both_forms() {
    let app = App::start().await;
    let partner = app.partner("Acme").await.with_user(&app, "client:create client:read").await;
    for (asked, granted) in [
        (ALL, "client:create client:read"),
        ("client:create client:suspend", "client:create"),
        ("client:cancel client:read", "client:read"),
    ] {
        assert_granted(&app, &with(partner.password_grant(), "scope", asked), granted, [true, true]).await;
    }
    assert_granted(&app, &with(partner.password_grant(), "scope", "client:read"), "client:read", [false, false]).await;
}

#[tokio::test]
async fn a_scope_that_does_not_exist_is_invalid() {
    let app = App::start().await;
    let form = app.partner("Acme").await.password_grant();
    for scope in [
        "nonsense",
        "client:create nonsense",
        "client:create,client:read",
        "Client:Create",
        "client:create\tclient:read",
        "client:create\nclient:read",
        "* client:create",
        "**",
        "client:*",
        "client:create\u{a0}client:read",
        "\0",
    ] {
        let reply = ask(&app, &with(form.clone(), "scope", scope)).await;
        assert_refused(&reply, "invalid_scope", UNKNOWN_SCOPE);
        assert_eq!(reply.json["hint"], format!("The scopes are {ALL}."));
    }
}

#[tokio::test]
async fn a_scope_that_the_oauth_client_lacks_is_invalid_and_not_cut_down() {
    let app = App::start().await;
    let partner = app.partner("Acme").await.with_oauth_client(&app, "client:create client:read", "password").await;
    let form = partner.password_grant();
    for scope in ["client:suspend", "client:create client:suspend", ALL] {
        assert_refused(&ask(&app, &with(form.clone(), "scope", scope)).await, "invalid_scope", BEYOND);
    }
    let all = ask(&app, &form).await;
    assert_eq!(all.json["scope"], "client:create client:read");
    Caller::of(&app, &all);
}

#[tokio::test]
async fn a_user_who_has_nothing_of_it_gets_no_token() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let suspending = partner.with_user(&app, "client:suspend").await;
    for scope in ["client:create", "client:create client:read"] {
        let reply = ask(&app, &with(suspending.password_grant(), "scope", scope)).await;
        assert_refused(&reply, "invalid_scope", NONE_LEFT);
    }
    let powerless = partner.with_user(&app, "").await;
    for scope in ["", "*", "client:create", ALL] {
        let reply = ask(&app, &with(powerless.password_grant(), "scope", scope)).await;
        assert_refused(&reply, "invalid_scope", NONE_LEFT);
    }
    let other = suspending.with_oauth_client(&app, "client:create", "password refresh_token").await;
    assert_refused(&ask(&app, &other.password_grant()).await, "invalid_scope", NONE_LEFT);
    let issued: i64 =
        sqlx::query_scalar("select count(*) from refresh_tokens").fetch_one(&app.db).await.expect("a count");
    assert_eq!(issued, 0);
}

#[tokio::test]
async fn all_is_what_both_the_oauth_client_and_the_user_have() {
    let app = App::start().await;
    let partner = app.partner("Acme").await.with_user(&app, "client:create client:suspend").await;
    let partner = partner.with_oauth_client(&app, "client:suspend client:read", "password refresh_token").await;
    let form = without(partner.password_grant(), "scope");
    assert_granted(&app, &form, "client:suspend", [true, false]).await;
    let reply = ask(&app, &with(form, "scope", "client:suspend client:read")).await;
    assert_eq!(reply.json["scope"], "client:suspend");
    let refreshed = partner.refresh(&app, &Caller::of(&app, &reply).refresh_token).await;
    assert_eq!(refreshed.json["scope"], "client:suspend");
    Caller::of(&app, &refreshed);
}
