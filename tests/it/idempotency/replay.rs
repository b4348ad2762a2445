//! What is given again, and what is not remembered.

use dna_api::{domain::client::ClientId, store};
use reqwest::Method;

use super::is_replay;
use crate::support::{App, CLIENT, Caller, Reply, acme, steve_but, steve_harris};

async fn create(app: &App, caller: &Caller, key: &str, parameters: &[(&str, &str)]) -> Reply {
    Reply::of(caller.keyed(app, Method::POST, CLIENT, key).form(parameters)).await
}

#[tokio::test]
async fn a_creation_is_carried_out_once_in_both_forms() {
    let (app, caller) = acme().await;

    let first = create(&app, &caller, "one", &steve_harris()).await;
    let again = create(&app, &caller, "one", &steve_harris()).await;
    assert_eq!(first.status, 201, "{}", first.text);
    is_replay(&again, &first);

    let documented = || caller.keyed(&app, Method::POST, CLIENT, "two").query(&steve_harris());
    let first = Reply::of(documented()).await;
    assert_eq!(first.status, 200, "{}", first.text);
    is_replay(&Reply::of(documented()).await, &first);

    assert_eq!((app.rows("clients").await, app.rows("client_events").await), (2, 2));
}

#[tokio::test]
async fn a_change_is_carried_out_once_whatever_has_become_of_the_client_since() {
    let (app, caller) = acme().await;
    let id = caller.new_client(&app).await;
    let path = format!("{CLIENT}/{id}");
    let etag = Reply::of(caller.get(&app, &path)).await.header("etag").to_owned();
    let change = |method: Method| {
        let request = caller.keyed(&app, method, &path, "k").header("If-Match", &etag);
        request.form(&[("email", "new@example.com")])
    };

    let first = Reply::of(change(Method::PATCH)).await;
    assert_eq!((first.status, &first.json["client"]["email"]), (200, &"new@example.com".into()));
    caller.transition(&app, id, "activate").await;

    is_replay(&Reply::of(change(Method::PATCH)).await, &first);
    is_replay(&Reply::of(change(Method::POST)).await, &first);
    assert_eq!(app.events(id).await.len(), 3, "created, updated, activated");
}

#[tokio::test]
async fn a_change_that_changes_nothing_is_remembered_too() {
    let (app, caller) = acme().await;
    let id = caller.new_client(&app).await;
    let path = format!("{CLIENT}/{id}");
    let change = || caller.keyed(&app, Method::PATCH, &path, "k").form(&[("email", "email@email.com")]);

    let first = Reply::of(change()).await;
    assert_eq!(first.status, 200, "{}", first.text);
    Reply::of(caller.request(&app, Method::PATCH, &path).form(&[("email", "new@example.com")])).await;

    is_replay(&Reply::of(change()).await, &first);
    assert_eq!(Reply::of(caller.get(&app, &path)).await.json["client"]["email"], "new@example.com");
}

#[tokio::test]
async fn a_change_of_status_is_carried_out_once_and_the_documented_get_is_the_same_request() {
    let (app, caller) = acme().await;
    let id = caller.new_client(&app).await;

    for action in ["activate", "suspend", "cancel"] {
        let path = format!("{CLIENT}/{id}/{action}");
        let first = Reply::of(caller.keyed(&app, Method::POST, &path, "k")).await;
        assert_eq!(first.status, 200, "{}", first.text);
        let other = if action == "activate" { "suspend" } else { "activate" };
        caller.transition(&app, id, other).await;
        let status = app.status(id).await;

        is_replay(&Reply::of(caller.keyed(&app, Method::POST, &path, "k")).await, &first);
        if action != "cancel" {
            let by_get = Reply::of(caller.keyed(&app, Method::GET, &path, "k")).await;
            is_replay(&by_get, &first);
            assert_eq!(by_get.header("deprecation"), "@1495497600");
        }
        assert_eq!(app.status(id).await, status, "a replay changes nothing");
    }
}

#[tokio::test]
async fn what_had_no_effect_is_not_remembered() {
    let (app, caller) = acme().await;
    let taken = steve_but(&[("customer_id", "C-1")]);
    caller.create(&app, &taken).await;

    create(&app, &caller, "k", &steve_but(&[("zipcode", "x")]))
        .await
        .is_invalid(&[("zipcode", "The zipcode format is invalid.")]);
    assert_eq!(create(&app, &caller, "k", &taken).await.error(), "duplicate_customer_id");
    assert_eq!(app.rows("idempotent_replies").await, 0);
    assert_eq!(create(&app, &caller, "k", &steve_harris()).await.status, 201);

    for path in [format!("{CLIENT}/999999999/activate"), format!("{CLIENT}/x/activate"), format!("{CLIENT}/999999999")]
    {
        let reply = Reply::of(caller.keyed(&app, Method::POST, &path, "k").form(&[("email", "a@example.com")])).await;
        assert_eq!((reply.status, reply.error()), (404, "not_found"), "{path}");
    }
    assert_eq!(app.rows("idempotent_replies").await, 1);
}

#[tokio::test]
async fn a_lost_update_is_not_remembered() {
    let (app, caller) = acme().await;
    let path = format!("{CLIENT}/{}", caller.new_client(&app).await);
    let change = |etag: &str| {
        let request = caller.keyed(&app, Method::PATCH, &path, "k").header("If-Match", etag);
        request.form(&[("email", "new@example.com")])
    };

    assert_eq!(Reply::of(change("\"0\"")).await.status, 412);
    assert_eq!(Reply::of(change("*")).await.status, 200);
}

#[tokio::test]
async fn a_key_is_free_again_after_a_day() {
    let (app, caller) = acme().await;
    let first = create(&app, &caller, "k", &steve_harris()).await;
    app.execute("update idempotent_replies set created_at = now() - interval '23 hours 59 minutes'").await;
    is_replay(&create(&app, &caller, "k", &steve_harris()).await, &first);
    assert_eq!(store::idempotency::prune(&app.db, 10).await.expect("a database"), 0);

    app.execute("update idempotent_replies set created_at = now() - interval '24 hours 1 minute'").await;
    let anew = create(&app, &caller, "k", &steve_but(&[("first_name", "Bruce")])).await;
    assert_eq!((anew.status, &anew.json["client"]["ns_domain"]), (201, &"bruceharris.com".into()));
    is_replay(&create(&app, &caller, "k", &steve_but(&[("first_name", "Bruce")])).await, &anew);

    app.execute("update idempotent_replies set created_at = now() - interval '24 hours 1 minute'").await;
    assert_eq!(store::idempotency::prune(&app.db, 10).await.expect("a database"), 1);
    assert_eq!(app.rows("idempotent_replies").await, 0);
}

#[tokio::test]
async fn what_is_kept_is_cleared_with_the_client_and_the_key_creates_no_other() {
    let (app, caller) = acme().await;
    let first = create(&app, &caller, "steve@example.com", &steve_harris()).await;
    let id = first.json["client"]["id"].to_string();
    let partner = sqlx::query_scalar("select partner_id from clients").fetch_one(&app.db).await.expect("a partner");
    let partner = dna_api::domain::partner::PartnerId(partner);

    store::idempotency::forget(&app.db, partner, ClientId::parse(&id).expect("an id")).await.expect("a database");

    let again = create(&app, &caller, "steve@example.com", &steve_harris()).await;
    assert_eq!((again.status, again.error()), (410, "gone"));
    assert_eq!(app.rows("clients").await, 1);
    let kept: String =
        sqlx::query_scalar("select r::text from idempotent_replies r").fetch_one(&app.db).await.expect("a row");
    for word in ["Harris", "steve", "486172726973"] {
        assert!(!kept.contains(word), "{kept}");
    }
}
