//! `Accept`: the reply is JSON, and who will not have it is told so.

use crate::support::{CLIENT, Reply, acme, steve_harris};

#[tokio::test]
async fn json_is_what_all_of_these_accept() {
    let (app, caller) = acme().await;
    let id = caller.new_client(&app).await;

    for accept in [
        "",
        "*/*",
        "application/*",
        "application/json",
        "APPLICATION/JSON",
        "application/json; charset=utf-8",
        "application/vnd.x+json",
        "application/problem+json",
        "text/html, application/json",
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "text/html;q=0.9,*/*;q=0.1",
        "application/json;q=0.001",
        "text/html;q=0, application/json",
        " , application/json",
        "application/json;q=1.000",
        "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2",
    ] {
        let path = format!("{CLIENT}/{id}/activate");
        let reply = Reply::of(caller.post(&app, &path).header("accept", accept)).await;
        assert_eq!(reply.status, 200, "{accept}: {}", reply.text);
    }
}

#[tokio::test]
async fn a_request_without_the_header_accepts_json() {
    let (app, caller) = acme().await;
    let id = caller.new_client(&app).await;
    let token = &caller.token;

    let request = format!(
        "GET {CLIENT}/{id}/activate HTTP/1.1\r\nHost: x\r\nAuthorization:Bearer {token}\r\nConnection: close\r\n\r\n"
    );
    let reply = app.send_until_closed(request).await;

    assert_eq!((reply.status, &reply.json["result"]), (200, &"OK".into()));
    reply.check();
}

#[tokio::test]
async fn json_is_what_none_of_these_accepts() {
    let (app, caller) = acme().await;
    let id = caller.new_client(&app).await;

    for accept in [
        "text/html",
        "text/*",
        "application/xml",
        "text/html, application/xml;q=0.9",
        "application/json;q=0",
        "application/json; q=0.0",
        "*/*;q=0",
        "application/*;q=0.000",
        "application/jsonp",
        "json",
        "text/json",
        "image/*, video/*",
    ] {
        for path in [format!("{CLIENT}/{id}/activate"), CLIENT.to_owned(), "/api/oauth/token".to_owned()] {
            let reply = Reply::of(caller.post(&app, &path).form(&steve_harris()).header("accept", accept)).await;
            reply.is_refused(406, "not_acceptable", "The reply is JSON: accept application/json.");
        }
    }
    assert_eq!((app.status(id).await.0.as_str(), app.rows("clients").await), ("pending", 1));
}

#[tokio::test]
async fn several_headers_are_one_list() {
    let (app, caller) = acme().await;
    let creation = || caller.creation(&app).form(&steve_harris()).header("accept", "text/html");

    assert_eq!(Reply::of(creation().header("accept", "application/json")).await.status, 201);
    assert_eq!(Reply::of(creation().header("accept", "text/plain")).await.status, 406);
}
