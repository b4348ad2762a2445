//! Credentials in the URL: documented, so served; deprecated, so announced and counted; and turned off where the
//! operator says so.

use dna_api::store;
use reqwest::Method;

use super::{Form, PATH, ask, assert_error, assert_refused, with, without};
use crate::support::{App, Caller, Partner, Reply, until};

const LINK: &str = r#"<http://api.test/docs>; rel="deprecation""#;
const IN_URL: &str = "Credentials may not be sent in the URL.";
const OFF: &[(&str, &str)] = &[("DNA_DOCUMENTED_GET", "off")];

#[track_caller]
fn assert_announced(reply: &Reply, announced: bool) {
    let expected = if announced { ("@1495497600", LINK) } else { ("", "") };
    assert_eq!((reply.header("deprecation"), reply.header("link")), expected, "{reply:?}");
}

fn split(form: Form, in_url: &[&str]) -> (Form, Form) {
    form.into_iter().partition(|(name, _)| in_url.contains(name))
}

#[tokio::test]
async fn credentials_in_the_url_are_announced_as_deprecated() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let login = partner.password_grant();

    let documented = Reply::of(app.get(PATH).query(&login)).await;
    assert_announced(&documented, true);
    let token = Caller::of(&app, &documented).refresh_token;
    let refreshed = Reply::of(app.get("/oauth/token/").query(&partner.refresh_grant(&token))).await;
    assert_announced(&refreshed, true);
    let mut token = Caller::of(&app, &refreshed).refresh_token;
    for name in ["client_secret", "refresh_token"] {
        let (url, body) = split(partner.refresh_grant(&token), &[name]);
        let reply = Reply::of(app.post(PATH).query(&url).form(&body)).await;
        assert_announced(&reply, true);
        token = Caller::of(&app, &reply).refresh_token;
    }
    let (url, body) = split(login, &["password"]);
    let reply = Reply::of(app.post(PATH).query(&url).form(&body)).await;
    assert_announced(&reply, true);
    Caller::of(&app, &reply);
}

#[tokio::test]
async fn errors_announce_credentials_in_the_url_too() {
    let app = App::start().await;
    let form = app.partner("Acme").await.password_grant();
    for (name, value, status) in
        [("grant_type", "", 400), ("password", "wrong", 400), ("client_secret", "wrong", 401), ("scope", "x", 400)]
    {
        let reply = Reply::of(app.get(PATH).query(&with(form.clone(), name, value))).await;
        assert_eq!(reply.status, status);
        assert_announced(&reply, true);
    }
    let requests = [
        (app.get(PATH).query(&form).body("x"), 400),
        (app.post(PATH).query(&form).body("x"), 400),
        (app.post(PATH).query(&form).query(&[("password", "x")]), 400),
        (app.get(&format!("{PATH}?p%61ssword=%ZZ")), 400),
        (app.get(PATH).query(&form).header("accept", "text/html"), 406),
        (app.request(Method::PUT, PATH).query(&form), 405),
        (app.post(PATH).query(&form).body("x".repeat(70_000)), 413),
    ];
    for (request, status) in requests {
        let reply = Reply::of(request).await;
        assert_eq!(reply.status, status, "{}", reply.text);
        assert_announced(&reply, true);
    }
}

#[tokio::test]
async fn nothing_else_is_announced() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let standard = ask(&app, &partner.password_grant()).await;
    assert_announced(&standard, false);
    Caller::of(&app, &standard);
    let (url, body) = split(partner.password_grant(), &["grant_type", "client_id", "username"]);
    let mixed = Reply::of(app.post(PATH).query(&url).form(&body)).await;
    assert_announced(&mixed, false);
    Caller::of(&app, &mixed);
    for reply in [
        Reply::of(app.get(PATH).query(&url)).await,
        Reply::of(app.get(PATH)).await,
        Reply::of(app.post(PATH)).await,
        ask(&app, &with(partner.password_grant(), "password", "wrong")).await,
        Reply::of(app.post(PATH).query(&[("my_password", "x"), ("note", "client_secret=x")])).await,
    ] {
        assert_announced(&reply, false);
    }
}

async fn uses(app: &App, partner: &Partner) -> (i64, bool) {
    let all = store::oauth_client::list(&app.db, None).await.expect("a database");
    let client = all.iter().find(|client| client.client_id.to_string() == partner.client_id).expect("an OAuth client");
    (client.documented_form_uses, client.documented_form_last_used_at.is_some())
}

#[tokio::test]
async fn the_uses_of_the_documented_forms_are_counted_for_each_oauth_client() {
    let app = App::start().await;
    let second = app.second().await;
    let partner = app.partner("Acme").await;
    let sibling = partner.with_oauth_client(&app, super::ALL, "password").await;
    let modern = app.partner("Modern").await;
    modern.log_in(&app).await;
    let caller = partner.log_in(&app).await;
    for server in [&app, &second] {
        let request = server.get(PATH).query(&partner.password_grant());
        Caller::of(&app, &Reply::of(request).await);
        Reply::of(server.get(PATH).query(&with(partner.password_grant(), "password", "wrong"))).await;
        Reply::of(server.post(PATH).query(&partner.refresh_grant("x"))).await;
        Reply::of(caller.get(server, "/api/residential/client/1/activate")).await;
    }
    Caller::of(&app, &Reply::of(app.get(PATH).query(&sibling.password_grant())).await);
    let unauthenticated = with(modern.password_grant(), "client_secret", "wrong");
    Reply::of(app.get(PATH).query(&unauthenticated)).await;

    let counted = async || uses(&app, &partner).await == (8, true) && uses(&app, &sibling).await == (1, true);
    until("the uses are counted", counted).await;
    assert_eq!(uses(&app, &modern).await, (0, false), "what anyone can send is not the OAuth client's use");
}

#[tokio::test]
async fn the_last_use_is_told() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let now = app.stop_clock();
    Caller::of(&app, &Reply::of(app.get(PATH).query(&partner.password_grant())).await);
    let last = async || {
        let all = store::oauth_client::list(&app.db, None).await.expect("a database");
        all[0].documented_form_last_used_at.is_some_and(|last| last.timestamp_micros() == now.timestamp_micros())
    };
    until("the last use is kept", last).await;
}

#[tokio::test]
async fn the_get_form_can_be_turned_off() {
    let app = App::start_with(OFF).await;
    let partner = app.partner("Acme").await;
    for path in [PATH, "/oauth/token", "/oauth/token/"] {
        for form in [partner.password_grant(), Vec::new()] {
            for method in [Method::GET, Method::OPTIONS] {
                let reply = Reply::of(app.request(method, path).query(&form)).await;
                assert_error(&reply, 405, "method_not_allowed");
                assert_eq!(reply.header("allow"), "POST");
            }
        }
    }
    Caller::of(&app, &ask(&app, &partner.password_grant()).await);
}

#[tokio::test]
async fn credentials_in_any_url_can_be_turned_off() {
    let app = App::start_with(OFF).await;
    let partner = app.partner("Acme").await;
    let caller = partner.log_in(&app).await;
    let login = partner.password_grant();
    for name in ["client_secret", "password"] {
        let (url, body) = split(login.clone(), &[name]);
        let reply = Reply::of(app.post(PATH).query(&url).form(&body)).await;
        assert_refused(&reply, "invalid_request", IN_URL);
    }
    let reply = Reply::of(app.post(PATH).query(&partner.refresh_grant(&caller.refresh_token))).await;
    assert_refused(&reply, "invalid_request", IN_URL);
    for query in ["p%61ssword=x", "access_token=x"] {
        let reply = Reply::of(app.post(&format!("{PATH}?{query}")).form(&login)).await;
        assert_refused(&reply, "invalid_request", IN_URL);
    }
    for name in ["client_secret", "password", "refresh_token"] {
        for path in ["/api/residential/client", "/api/residential/client/1/activate"] {
            let reply = Reply::of(caller.post(&app, path).query(&[(name, "x")])).await;
            assert_error(&reply, 400, "invalid_request");
        }
    }
    let (url, body) = split(without(login, "scope"), &["grant_type", "username", "client_id"]);
    Caller::of(&app, &Reply::of(app.post(PATH).query(&url).form(&body)).await);
    Caller::of(&app, &partner.refresh(&app, &caller.refresh_token).await);
}
