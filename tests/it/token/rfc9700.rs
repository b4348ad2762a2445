//! RFC 9700 and RFC 6749 §4.4, a row for each MUST that concerns refresh tokens and OAuth clients of their own. The
//! password grant, which RFC 9700 §2.4 forbids, is served: the document describes it.

use reqwest::RequestBuilder;

use super::{ALL, Form, PATH, with, without};
use crate::{
    bearer::{assert_taken, present},
    support::{App, Caller, Partner, Reply, until},
};

/// What the standard says, a request that shows it, and whether the reply obeys.
type Row = (&'static str, RequestBuilder, fn(&Reply) -> bool);

fn is(reply: &Reply, status: u16, error: &str) -> bool {
    (reply.status, reply.error()) == (status, error)
}

async fn assert_rows(app: &App, rows: Vec<Row>) {
    for (says, request, obeys) in rows {
        let reply = Reply::of(request).await;
        if reply.status == 200 {
            Caller::of(app, &reply);
        }
        assert!(obeys(&reply), "{says}\n{reply:?}");
    }
}

fn own(partner: &Partner) -> Form {
    let form = with(partner.password_grant(), "grant_type", "client_credentials");
    without(without(form, "username"), "password")
}

#[tokio::test]
async fn the_client_credentials_grant_is_as_it_says() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let itself = partner.with_oauth_client(&app, ALL, "client_credentials").await;
    let grant = own(&itself);
    let post = |form: &Form| app.post(PATH).form(form);
    let rows: Vec<Row> = vec![
        ("6749 4.4.2: grant_type is required", post(&without(grant.clone(), "grant_type")), |reply| {
            is(reply, 400, "invalid_request")
        }),
        ("6749 4.4.2: scope is optional", post(&grant), |reply| reply.json["scope"] == ALL),
        ("6749 4.4.2: the client must authenticate", post(&without(grant.clone(), "client_secret")), |reply| {
            is(reply, 401, "invalid_client")
        }),
        (
            "6749 4.4: confidential clients only, none without a secret",
            post(&with(grant.clone(), "client_secret", "x")),
            |reply| is(reply, 401, "invalid_client"),
        ),
        ("6749 4.4.3: no refresh token", post(&grant), |reply| {
            reply.status == 200 && reply.json.get("refresh_token").is_none()
        }),
        ("6749 5.2: a client that is not authorized to use it", post(&own(&partner)), |reply| {
            is(reply, 400, "unauthorized_client")
        }),
        (
            "9700 2.4: the password grant must not be used: a departure, for the document",
            post(&partner.password_grant()),
            |reply| reply.status == 200,
        ),
    ];
    assert_rows(&app, rows).await;
}

#[tokio::test]
async fn refresh_tokens_are_as_it_says() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let sibling = partner.with_oauth_client(&app, ALL, "password refresh_token").await;
    let login = partner.log_in(&app).await;
    let first = Caller::of(&app, &partner.refresh(&app, &login.refresh_token).await);
    let second = Caller::of(&app, &partner.refresh(&app, &first.refresh_token).await);
    let post = |form: &Form| app.post(PATH).form(form);
    let rows: Vec<Row> = vec![
        ("9700 4.14.2: bound to the client", post(&sibling.refresh_grant(&second.refresh_token)), |reply| {
            is(reply, 400, "invalid_grant")
        }),
        (
            "9700 4.14.2: bound to the scope that was granted",
            post(&with(partner.refresh_grant(&second.refresh_token), "scope", "client:fly")),
            |reply| is(reply, 400, "invalid_scope"),
        ),
        (
            "9700 4.14.2: rotation: the previous one is invalid",
            post(&partner.refresh_grant(&login.refresh_token)),
            |reply| is(reply, 400, "invalid_grant"),
        ),
        (
            "9700 4.14.2: and the active one is revoked with it",
            post(&partner.refresh_grant(&second.refresh_token)),
            |reply| is(reply, 400, "invalid_grant"),
        ),
    ];
    assert_rows(&app, rows).await;
    until("the access token is refused", async || present(&app, &second.token).await.status == 401).await;
    assert_taken(&present(&app, &partner.log_in(&app).await.token).await);
}
