//! Which keys there are, and whose.

use reqwest::Method;
use serde_json::json;

use super::is_replay;
use crate::support::{CLIENT, Reply, acme, json_of, steve_but, steve_harris};

const REUSED: &str = "The Idempotency-Key was used for a request with other parameters.";

#[tokio::test]
async fn another_payload_under_the_same_key_is_refused() {
    let (app, caller) = acme().await;
    let create = || caller.keyed(&app, Method::POST, CLIENT, "k");
    let first = Reply::of(create().form(&steve_harris())).await;

    for other in [steve_but(&[("zipcode", "33135")]), steve_but(&[("customer_id", "C-1")])] {
        Reply::of(create().form(&other)).await.is_refused(422, "idempotency_key_reused", REUSED);
    }
    // The same values, but for another form of the reply.
    Reply::of(create().query(&steve_harris())).await.is_refused(422, "idempotency_key_reused", REUSED);

    is_replay(&Reply::of(create().form(&steve_harris())).await, &first);
    assert_eq!(app.rows("clients").await, 1);
}

#[tokio::test]
async fn the_same_payload_may_be_written_in_another_way() {
    let (app, caller) = acme().await;
    let create = || caller.keyed(&app, Method::POST, CLIENT, "k");
    let first = Reply::of(create().form(&steve_harris())).await;

    let mut reversed = steve_harris();
    reversed.reverse();
    let mut typed = json_of(&steve_but(&[("address", " 126 Mendoza avenue aparment 7A ")]));
    typed.insert("same_billing_address".into(), json!(true));
    typed.insert("subreseller_id".into(), json!(1234));

    is_replay(&Reply::of(create().form(&reversed)).await, &first);
    is_replay(&Reply::of(create().json(&typed)).await, &first);
}

#[tokio::test]
async fn a_key_belongs_to_an_oauth_client_and_to_what_it_was_sent_to() {
    let (app, caller) = acme().await;
    let acme = app.partner("Another").await;
    let (mine, theirs) = (acme.log_in(&app).await, acme.with_oauth_client(&app, "client:create", "password").await);
    let theirs = theirs.log_in(&app).await;

    for caller in [&caller, &mine, &theirs] {
        let reply = Reply::of(caller.keyed(&app, Method::POST, CLIENT, "k").form(&steve_harris())).await;
        assert_eq!((reply.status, reply.header("idempotent-replayed")), (201, ""));
    }
    for id in [caller.new_client(&app).await, caller.new_client(&app).await] {
        for action in ["activate", "suspend", "cancel"] {
            let reply = caller.keyed(&app, Method::POST, &format!("{CLIENT}/{id}/{action}"), "k");
            let reply = Reply::of(reply).await;
            assert_eq!((reply.status, reply.header("idempotent-replayed")), (200, ""), "{action}");
        }
    }
}

#[tokio::test]
async fn another_user_of_the_same_oauth_client_gets_the_same_reply() {
    let (app, _) = acme().await;
    let partner = app.partner("Another").await;
    let (one, other) = (partner.log_in(&app).await, partner.with_user(&app, "client:create").await);
    let other = other.log_in(&app).await;

    let first = Reply::of(one.keyed(&app, Method::POST, CLIENT, "k").form(&steve_harris())).await;

    is_replay(&Reply::of(other.keyed(&app, Method::POST, CLIENT, "k").form(&steve_harris())).await, &first);
}

#[tokio::test]
async fn quotes_are_no_part_of_a_key_and_255_characters_are_its_end() {
    let (app, caller) = acme().await;
    let create = |key: &str| caller.keyed(&app, Method::POST, CLIENT, key).form(&steve_harris());
    let longest = "x".repeat(255);

    for key in ["8e03978e-40d5-43dd-bc93-6894a57f9324", "!", &longest, "a,b;c=d"] {
        let first = Reply::of(create(key)).await;
        assert_eq!(first.status, 201, "{key}: {}", first.text);
        is_replay(&Reply::of(create(&format!("\"{key}\""))).await, &first);
    }
}

#[tokio::test]
async fn what_is_no_key_is_refused_wherever_one_counts() {
    let (app, caller) = acme().await;
    let id = caller.new_client(&app).await;
    let paths = [CLIENT.to_owned(), format!("{CLIENT}/{id}"), format!("{CLIENT}/{id}/activate")];
    let message = "The Idempotency-Key must be one of 1 to 255 visible ASCII characters.";
    let long = "x".repeat(256);

    for path in &paths {
        for key in ["", "\"\"", "a b", "\"a", "a\"b", "a\\b", "\"", &long] {
            let reply = Reply::of(caller.keyed(&app, Method::POST, path, key).form(&steve_harris())).await;
            reply.is_refused(400, "invalid_request", message);
        }
        let two = caller.keyed(&app, Method::POST, path, "a").header("Idempotency-Key", "b").form(&steve_harris());
        Reply::of(two).await.is_refused(400, "invalid_request", message);
    }
    // Where it does not count, it is ignored.
    let read = Reply::of(caller.keyed(&app, Method::GET, &paths[1], "")).await;
    assert_eq!(read.status, 200, "{}", read.text);
    assert_eq!((app.rows("clients").await, app.rows("idempotent_replies").await), (1, 0));
}

#[tokio::test]
async fn a_key_changes_nothing_in_the_order_of_refusals() {
    let (app, caller) = acme().await;
    let reader = app.partner("Reader").await.log_in_for(&app, "client:read").await;

    let stranger = Reply::of(app.post(CLIENT).header("Idempotency-Key", "")).await;
    let forbidden = Reply::of(reader.keyed(&app, Method::POST, CLIENT, "")).await;
    let of_no_type = Reply::of(caller.keyed(&app, Method::POST, CLIENT, "").body("x")).await;

    assert_eq!([stranger.status, forbidden.status, of_no_type.status], [401, 403, 415]);
}
