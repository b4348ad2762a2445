use serde_json::json;

use super::PATH;
use crate::support::{App, Caller, Reply};

#[tokio::test]
async fn a_login_is_on_record_with_who_from_where_by_which_request_and_what_was_granted() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let form = partner.password_grant();

    let reply = Reply::of(app.post(PATH).header("X-Request-Id", "from-the-crm-17").form(&form)).await;
    let claims = Caller::of(&app, &reply).claims();

    let [entry] = <[_; 1]>::try_from(app.audit().await).expect("one entry");
    assert_eq!((entry.kind.as_str(), entry.actor.as_str()), ("token_issued", "api"));
    assert_eq!(claims["partner"], json!(entry.partner_id));
    assert_eq!(claims["client_id"], json!(entry.oauth_client_id));
    assert_eq!(claims["sub"], json!(entry.user_id));
    assert_eq!(claims["sid"], json!(entry.sid));
    assert_eq!(entry.address.as_deref(), Some("127.0.0.1"));
    assert_eq!(entry.request_id.as_deref(), Some("from-the-crm-17"));
    assert_eq!(reply.header("x-request-id"), "from-the-crm-17");
    assert_eq!(entry.detail, json!({"grant": "password", "scope": claims["scope"]}));
}

#[tokio::test]
async fn a_refresh_is_on_record_with_its_login_and_what_was_asked_for() {
    let app = App::start().await;
    let partner = app.partner("Acme").await.with_user(&app, "client:create client:suspend").await;
    let login = partner.log_in(&app).await;

    let mut form = partner.refresh_grant(&login.refresh_token);
    form.push(("scope", "client:suspend".to_owned()));
    let reply = Reply::of(app.post(PATH).form(&form)).await;
    let claims = Caller::of(&app, &reply).claims();

    let entry = app.last_audited().await;
    let expected = json!({"grant": "refresh_token", "asked": "client:suspend", "scope": "client:suspend"});
    assert_eq!((entry.kind.as_str(), &entry.detail), ("token_issued", &expected));
    assert_eq!(login.claims()["sid"], json!(entry.sid));
    assert_eq!(claims["sub"], json!(entry.user_id));
    assert_eq!(entry.request_id.as_deref(), Some(reply.header("x-request-id")));
}

#[tokio::test]
async fn the_address_is_the_one_that_is_believed() {
    let direct = App::start().await;
    let behind_a_proxy = App::start_with(&[("DNA_TRUSTED_PROXIES", "127.0.0.1")]).await;
    for (app, believed) in [(&direct, "127.0.0.1"), (&behind_a_proxy, "203.0.113.9")] {
        let partner = app.partner("Acme").await;
        let request = app.post(PATH).header("X-Forwarded-For", "10.9.8.7, 203.0.113.9");
        Caller::of(app, &Reply::of(request.form(&partner.password_grant())).await);
        assert_eq!(app.last_audited().await.address.as_deref(), Some(believed));
    }
}

#[tokio::test]
async fn the_documented_form_is_on_record_too_and_without_its_url() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    Caller::of(&app, &Reply::of(app.get(PATH).query(&partner.password_grant())).await);
    let entry = app.last_audited().await;
    assert_eq!(entry.kind, "token_issued");
    assert_eq!(Reply::members(&entry.detail), ["grant", "scope"]);
}
