//! Partners do not see each other.

use reqwest::Method;

use crate::support::{Reply, acme, steve_but};

#[tokio::test]
async fn another_partners_client_is_answered_like_one_that_never_was() {
    let (app, acme) = acme().await;
    let other = app.partner("Other").await.log_in(&app).await;
    let id = other.new_client(&app).await;
    other.transition(&app, id, "activate").await;
    let before = (app.status(id).await, app.events(id).await);

    for method in [Method::GET, Method::POST] {
        for action in ["activate", "suspend"] {
            let answer = async |id: i64| {
                let path = format!("/api/residential/client/{id}/{action}");
                Reply::of(acme.request(&app, method.clone(), &path)).await
            };
            let (theirs, nobodys) = (answer(id).await, answer(id + 1000).await);
            theirs.is_refused(404, "not_found", "There is nothing here.");
            assert_eq!(theirs.without_request_id(), nobodys.without_request_id());
            assert_eq!(theirs.headers.keys().collect::<Vec<_>>(), nobodys.headers.keys().collect::<Vec<_>>());
        }
    }

    assert_eq!((app.status(id).await, app.events(id).await), before);
    assert_eq!(other.transition(&app, id, "suspend").await.status, 200);
}

#[tokio::test]
async fn what_one_partner_does_leaves_the_others_rows_as_they_are() {
    let (app, acme) = acme().await;
    let other = app.partner("Other").await.log_in(&app).await;
    let named = steve_but(&[("customer_id", "C-1")]);
    let ours = acme.create(&app, &named).await.json["client"]["id"].as_i64().expect("an id");
    acme.transition(&app, ours, "activate").await;
    let rows = "select (select jsonb_agg(c)::text from clients c where id = $1) ||
                       (select jsonb_agg(e order by at)::text from client_events e where client_id = $1)";
    let before: String = sqlx::query_scalar(rows).bind(ours).fetch_one(&app.db).await.expect("rows");

    assert_eq!(other.create(&app, &named).await.status, 201);
    assert_eq!(other.create(&app, &named).await.status, 409);
    for action in ["activate", "suspend"] {
        assert_eq!(other.transition(&app, ours, action).await.status, 404);
        assert_eq!(other.transition(&app, ours + 1, action).await.status, 200);
    }

    let after: String = sqlx::query_scalar(rows).bind(ours).fetch_one(&app.db).await.expect("rows");
    assert_eq!(after, before);
}

#[tokio::test]
async fn two_programs_of_one_partner_share_its_clients() {
    let app = crate::support::App::start().await;
    let partner = app.partner("Acme").await;
    let (creator, activator) =
        (partner.log_in_for(&app, "client:create").await, partner.log_in_for(&app, "client:activate").await);

    let id = creator.new_client(&app).await;

    assert_eq!(activator.transition(&app, id, "activate").await.status, 200);
    assert_eq!(creator.transition(&app, id, "suspend").await.error(), "insufficient_scope");
}
