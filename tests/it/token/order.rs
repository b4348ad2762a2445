//! What is checked first: requests that are wrong in two ways.

use super::{
    BAD_CLIENT, BAD_REFRESH_TOKEN, BAD_USER, Form, NO_STRING, PATH, TWICE, UNKNOWN_SCOPE, ask, assert_refused, with,
    without,
};
use crate::support::{App, Partner, Reply};

const NO_GRANT_TYPE: &str = "The grant_type parameter is missing.";
const UNSUPPORTED: &str = "The authorization grant type is not supported.";
const UNAUTHORIZED: &str = "The client may not use this authorization grant type.";
const BEYOND: &str = "The requested scope exceeds what the client may have.";
const NO_USER: &str = "The username and password parameters are required.";
const NONE_LEFT: &str = "The user may have none of the requested scope.";

async fn assert_first(app: &App, form: Form, changes: &[(&'static str, &str)], error: &str, description: &str) {
    let form = changes.iter().fold(form, |form, (name, value)| with(form, name, value));
    let reply = ask(app, &form).await;
    assert_eq!((reply.error(), &reply.json["error_description"]), (error, &description.into()), "{changes:?}");
    assert_refused(&reply, error, description);
}

/// A partner whose OAuth client may only use passwords, for creating, and whose user may only suspend.
async fn limited(app: &App) -> Partner {
    let partner = app.partner("Acme").await.with_user(app, "client:suspend").await;
    partner.with_oauth_client(app, "client:create", "password").await
}

#[tokio::test]
async fn a_repeated_parameter_comes_before_the_grant_type() {
    let app = App::start().await;
    let reply = ask(&app, &vec![("x", "1".to_owned()), ("x", "1".to_owned())]).await;
    assert_refused(&reply, "invalid_request", TWICE);
}

#[tokio::test]
async fn the_grant_type_comes_before_the_oauth_client() {
    let app = App::start().await;
    let form = app.partner("Acme").await.password_grant();
    let wrong = ("client_secret", "wrong");
    assert_first(&app, form.clone(), &[("grant_type", ""), wrong], "invalid_request", NO_GRANT_TYPE).await;
    assert_first(&app, form.clone(), &[("grant_type", "implicit"), wrong], "unsupported_grant_type", UNSUPPORTED).await;
    for name in ["implicit", "PASSWORD", "client-credentials", "authorization_code", "pass word"] {
        assert_first(&app, form.clone(), &[("grant_type", name)], "unsupported_grant_type", UNSUPPORTED).await;
    }
}

#[tokio::test]
async fn the_grant_type_comes_before_a_broken_header() {
    let app = App::start().await;
    for (form, error, description) in [
        (vec![("grant_type", "implicit")], "unsupported_grant_type", UNSUPPORTED),
        (vec![("username", "x")], "invalid_request", NO_GRANT_TYPE),
        (vec![("grant_type", "password")], "invalid_client", BAD_CLIENT),
    ] {
        let request = app.post(PATH).form(&form).header("authorization", "Basic !");
        assert_refused(&Reply::of(request).await, error, description);
    }
}

#[tokio::test]
async fn the_oauth_client_comes_before_its_grants_and_scopes() {
    let app = App::start().await;
    let partner = limited(&app).await;
    let wrong = ("client_secret", "wrong");
    for form in [partner.password_grant(), partner.refresh_grant("x")] {
        assert_first(&app, form.clone(), &[wrong], "invalid_client", BAD_CLIENT).await;
        assert_first(&app, form, &[wrong, ("scope", "nonsense")], "invalid_client", BAD_CLIENT).await;
    }
}

#[tokio::test]
async fn the_grant_comes_before_the_scope() {
    let app = App::start().await;
    let form = limited(&app).await.refresh_grant("x");
    for scope in ["nonsense", "client:suspend", ""] {
        assert_first(&app, form.clone(), &[("scope", scope)], "unauthorized_client", UNAUTHORIZED).await;
    }
}

#[tokio::test]
async fn the_scope_comes_before_the_user() {
    let app = App::start().await;
    let form = limited(&app).await.password_grant();
    for (scope, description) in [("nonsense", UNKNOWN_SCOPE), ("client:create client:suspend", BEYOND)] {
        let scope = ("scope", scope);
        let nobody = without(without(form.clone(), "username"), "password");
        assert_first(&app, nobody, &[scope], "invalid_scope", description).await;
        assert_first(&app, form.clone(), &[scope, ("username", "nobody")], "invalid_scope", description).await;
        assert_first(&app, form.clone(), &[scope, ("password", "wrong")], "invalid_scope", description).await;
    }
}

#[tokio::test]
async fn the_user_comes_before_what_the_user_may_have() {
    let app = App::start().await;
    let form = limited(&app).await.password_grant();
    for scope in ["client:create", "", "*"] {
        let scope = ("scope", scope);
        assert_first(&app, form.clone(), &[scope, ("password", "")], "invalid_request", NO_USER).await;
        assert_first(&app, form.clone(), &[scope, ("username", "")], "invalid_request", NO_USER).await;
        assert_first(&app, form.clone(), &[scope, ("password", "wrong")], "invalid_grant", BAD_USER).await;
        assert_first(&app, form.clone(), &[scope], "invalid_scope", NONE_LEFT).await;
    }
}

#[tokio::test]
async fn the_refresh_token_comes_after_the_scope_that_exists_and_before_what_was_granted() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let form = partner.refresh_grant("x");
    let nonsense = ("scope", "nonsense");
    let invalid = "The refresh_token parameter is required.";
    assert_first(&app, form.clone(), &[nonsense], "invalid_scope", UNKNOWN_SCOPE).await;
    assert_first(&app, form.clone(), &[nonsense, ("refresh_token", "")], "invalid_scope", UNKNOWN_SCOPE).await;
    assert_first(&app, form.clone(), &[("refresh_token", "")], "invalid_request", invalid).await;
    assert_first(&app, form, &[("scope", "client:create")], "invalid_grant", BAD_REFRESH_TOKEN).await;
}

#[tokio::test]
async fn the_type_of_a_parameter_is_checked_in_its_turn() {
    let app = App::start().await;
    let body = serde_json::json!({"grant_type": "password", "username": 1});
    assert_refused(&Reply::of(app.post(PATH).json(&body)).await, "invalid_client", BAD_CLIENT);
    let body = serde_json::json!({"grant_type": 1, "client_id": 1});
    let reply = Reply::of(app.post(PATH).json(&body)).await;
    assert_refused(&reply, "invalid_request", NO_STRING);
    assert_eq!(reply.json["hint"], "grant_type");
}
