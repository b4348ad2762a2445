//! What stands in a path where a client's id belongs.

use reqwest::Method;

use crate::support::{Reply, acme};

/// The first client has the id 1, so that what is read as 1 by a careless reader would change it.
const NO_IDS: [&str; 30] = [
    "0",
    "-1",
    "-0",
    "01",
    "007",
    "+1",
    "%2B1",
    "1.0",
    "1.",
    "1e0",
    "1e3",
    "0x1",
    "%20",
    "1%20",
    "%201",
    "1%00",
    "%00",
    "%ZZ",
    "1%",
    "%FF",
    "%EF%BC%91",
    "%D9%A1",
    "abc",
    "true",
    "1,2",
    "9007199254740992",
    "9223372036854775808",
    "18446744073709551616",
    "18446744073709551617",
    "..%2F1",
];

#[tokio::test]
async fn what_is_no_id_is_answered_like_an_id_that_never_was() {
    let (app, caller) = acme().await;
    assert_eq!(caller.new_client(&app).await, 1);
    let answer = async |method: &Method, id: &str, action: &str| {
        let path = format!("/api/residential/client/{id}/{action}");
        let reply = Reply::of(caller.request(&app, method.clone(), &path)).await;
        reply.is_refused(404, "not_found", "There is nothing here.");
        let mut headers: Vec<String> = reply.headers.keys().map(ToString::to_string).collect();
        headers.sort();
        headers
    };

    for method in [Method::GET, Method::POST] {
        for action in ["activate", "suspend"] {
            let never = answer(&method, "4711", action).await;
            assert_eq!(answer(&method, "9007199254740991", action).await, never);
            for id in NO_IDS {
                assert_eq!(answer(&method, id, action).await, never, "{method} {id} {action}");
            }
            answer(&method, "", action).await; // another path, so no word on the deprecated GET
        }
    }
    assert_eq!((app.status(1).await.0.as_str(), app.events(1).await.len()), ("pending", 1));
}

#[tokio::test]
async fn paths_below_and_beside_a_client_do_not_exist() {
    let (app, caller) = acme().await;
    let id = caller.new_client(&app).await;

    for path in [format!("{id}/Activate"), format!("{id}/activate/x"), format!("{id}/event"), format!("{id}/x")] {
        for method in [Method::GET, Method::POST, Method::DELETE] {
            let reply = Reply::of(caller.request(&app, method, &format!("/api/residential/client/{path}"))).await;
            reply.is_refused(404, "not_found", "There is nothing here.");
        }
    }
    assert_eq!(app.events(id).await.len(), 1);
}
