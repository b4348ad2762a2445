//! The event that each change leaves.

use uuid::Uuid;

use crate::support::{Caller, Reply, acme, steve_harris, steve_without};

fn uuid(caller: &Caller, claim: &str) -> Uuid {
    caller.claims()[claim].as_str().expect(claim).parse().expect("a UUID")
}

#[tokio::test]
async fn each_change_leaves_one_and_it_says_from_what_to_what_when_who_and_by_which_request() {
    let (app, caller) = acme().await;
    let create = caller.creation(&app).form(&steve_harris()).header("x-request-id", "creation-1");
    let id = Reply::of(create).await.json["client"]["id"].as_i64().expect("an id");
    let created = app.status(id).await.1;
    let act = async |action: &str, request_id: &str| {
        let path = format!("/api/residential/client/{id}/{action}");
        assert_eq!(Reply::of(caller.post(&app, &path).header("x-request-id", request_id)).await.status, 200);
        app.status(id).await.1
    };

    let activated = act("activate", "activation-1").await;
    let suspended = act("suspend", "suspension-1").await;

    let told: Vec<_> = app
        .events(id)
        .await
        .into_iter()
        .map(|e| (e.from_status, e.to_status, e.at, e.user_id, e.oauth_client_id, e.request_id))
        .collect();
    let (user, program) = (uuid(&caller, "sub"), uuid(&caller, "client_id"));
    let event = |from: Option<&str>, to: &str, at, request: &str| {
        (from.map(str::to_owned), to.to_owned(), at, user, program, request.to_owned())
    };
    assert_eq!(
        told,
        [
            event(None, "pending", created, "creation-1"),
            event(Some("pending"), "active", activated, "activation-1"),
            event(Some("active"), "suspended", suspended, "suspension-1"),
        ]
    );
}

#[tokio::test]
async fn a_request_without_an_id_is_remembered_by_the_one_it_was_given() {
    let (app, caller) = acme().await;

    let reply = caller.create(&app, &steve_harris()).await;

    let id = reply.json["client"]["id"].as_i64().expect("an id");
    assert_eq!(app.events(id).await[0].request_id, reply.header("x-request-id"));
}

#[tokio::test]
async fn what_changes_nothing_leaves_none() {
    let (app, caller) = acme().await;

    caller.create(&app, &steve_without(&["email"])).await;
    assert_eq!(app.rows("client_events").await, 0);
    let id = caller.new_client(&app).await;
    caller.transition(&app, id, "activate").await;
    caller.transition(&app, id, "activate").await;
    caller.transition(&app, id + 1, "suspend").await;
    assert_eq!(app.rows("client_events").await, 2);
}

#[tokio::test]
async fn each_is_in_the_name_of_the_token_that_made_it() {
    let (app, caller) = acme().await;
    let later = app.partner("Other").await.log_in(&app).await;

    let id = later.new_client(&app).await;
    caller.new_client(&app).await;

    let event = &app.events(id).await[0];
    assert_eq!((event.user_id, event.oauth_client_id), (uuid(&later, "sub"), uuid(&later, "client_id")));
}
