//! The client credentials grant (RFC 6749 §4.4): an OAuth client that speaks for itself.

use uuid::Uuid;

use super::{ALL, BAD_CLIENT, Form, ask, assert_refused, with, without};
use crate::{
    bearer::{assert_taken, present},
    support::{App, Caller, Partner, Reply},
};

const UNAUTHORIZED: &str = "The client may not use this authorization grant type.";
const BEYOND: &str = "The requested scope exceeds what the client may have.";

fn grant(partner: &Partner) -> Form {
    vec![
        ("grant_type", "client_credentials".to_owned()),
        ("client_id", partner.client_id.clone()),
        ("client_secret", partner.client_secret.clone()),
    ]
}

async fn stage(scope: &str) -> (App, Partner) {
    let app = App::start().await;
    let partner = app.partner("Acme").await.with_oauth_client(&app, scope, "client_credentials").await;
    (app, partner)
}

#[tokio::test]
async fn an_oauth_client_that_is_allowed_it_gets_an_access_token_for_itself_and_no_refresh_token() {
    let (app, partner) = stage(ALL).await;

    let reply = ask(&app, &grant(&partner)).await;

    let caller = Caller::of(&app, &reply);
    assert_eq!(Reply::members(&reply.json), ["token_type", "expires_in", "access_token", "scope"]);
    let claims = caller.claims();
    assert_eq!(
        (&claims["sub"], &claims["client_id"]),
        (&partner.client_id.clone().into(), &partner.client_id.clone().into())
    );
    assert_eq!((&claims["scope"], reply.json["scope"].as_str()), (&ALL.into(), Some(ALL)));
    assert_taken(&present(&app, &caller.token).await);
    assert_eq!((app.rows("token_families").await, app.rows("refresh_tokens").await), (1, 0));
    let again = Caller::of(&app, &ask(&app, &grant(&partner)).await);
    assert_ne!(again.claims()["sid"], claims["sid"], "each token is a family of its own");
}

#[tokio::test]
async fn it_must_be_allowed_and_is_not_by_default() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let both = partner.with_oauth_client(&app, ALL, "password refresh_token").await;
    for partner in [&partner, &both] {
        assert_refused(&ask(&app, &grant(partner)).await, "unauthorized_client", UNAUTHORIZED);
    }
    let itself = partner.with_oauth_client(&app, ALL, "client_credentials").await;
    assert_refused(&ask(&app, &itself.password_grant()).await, "unauthorized_client", UNAUTHORIZED);
    assert_refused(&itself.refresh(&app, "x").await, "unauthorized_client", UNAUTHORIZED);
}

#[tokio::test]
async fn its_scope_is_the_oauth_clients_or_a_part_of_it() {
    let (app, partner) = stage("client:create client:read").await;
    for (asked, granted) in [
        ("", "client:create client:read"),
        ("*", "client:create client:read"),
        ("client:read", "client:read"),
        ("client:read client:create", "client:create client:read"),
    ] {
        let reply = ask(&app, &with(grant(&partner), "scope", asked)).await;
        assert_eq!(Caller::of(&app, &reply).claims()["scope"], granted);
    }
    let reply = ask(&app, &with(grant(&partner), "scope", "client:cancel")).await;
    assert_refused(&reply, "invalid_scope", BEYOND);
    let nothing = partner.with_oauth_client(&app, "", "client_credentials").await;
    assert_refused(&ask(&app, &grant(&nothing)).await, "invalid_scope", "The client may have no scope.");
}

#[tokio::test]
async fn the_oauth_client_authenticates_as_ever_and_a_users_parameters_are_ignored() {
    let (app, partner) = stage(ALL).await;
    assert_refused(&ask(&app, &with(grant(&partner), "client_secret", "x")).await, "invalid_client", BAD_CLIENT);
    let bare = without(without(grant(&partner), "client_id"), "client_secret");
    assert_refused(&ask(&app, &bare).await, "invalid_client", BAD_CLIENT);
    let basic = app.post(super::PATH).form(&bare).basic_auth(&partner.client_id, Some(&partner.client_secret));
    Caller::of(&app, &Reply::of(basic).await);
    let more = with(with(grant(&partner), "username", &partner.username), "password", "x");
    assert_eq!(Caller::of(&app, &ask(&app, &more).await).claims()["sub"], partner.client_id);
}

#[tokio::test]
async fn in_the_documented_form_it_is_answered_with_an_array() {
    let (app, partner) = stage(ALL).await;
    let reply = Reply::of(app.get(super::PATH).query(&grant(&partner))).await;
    Caller::of(&app, &reply);
    assert_eq!(Reply::members(&reply.json[0]), ["token_type", "expires_in", "access_token"]);
    assert_eq!(reply.header("deprecation"), "@1495497600");
}

#[tokio::test]
async fn a_client_that_it_creates_has_an_event_without_a_user() {
    let (app, partner) = stage(ALL).await;
    let caller = Caller::of(&app, &ask(&app, &grant(&partner)).await);
    let id = caller.new_client(&app).await;
    assert_eq!(caller.transition(&app, id, "activate").await.status, 200);
    let events: Vec<(Option<Uuid>, String)> =
        sqlx::query_as("select user_id, oauth_client_id::text from client_events where client_id = $1")
            .bind(id)
            .fetch_all(&app.db)
            .await
            .expect("events");
    assert_eq!(events, vec![(None, partner.client_id.clone()); 2]);
}

#[tokio::test]
async fn an_end_of_the_oauth_clients_tokens_ends_its_own_too_and_new_ones_are_good_at_once() {
    let (app, partner) = stage(ALL).await;
    let caller = Caller::of(&app, &ask(&app, &grant(&partner)).await);
    crate::revocation::end_tokens(&app, &partner.client_id).await;
    let after = Caller::of(&app, &ask(&app, &grant(&partner)).await);
    crate::revocation::assert_refused_within_a_second(&app, &caller.token).await;
    assert_taken(&present(&app, &after.token).await);
}
