//! Ask for the status of a domain.

use crate::support::{Reply, acme};

#[tokio::test]
async fn an_active_clients_domain_is_active_and_every_others_is_locked() {
    let (app, caller) = acme().await;
    let id = caller.new_client(&app).await;

    for (action, status) in [("", "locked"), ("activate", "active"), ("suspend", "locked"), ("cancel", "locked")] {
        if !action.is_empty() {
            assert_eq!(caller.transition(&app, id, action).await.status, 200);
        }
        for name in ["steveharris.com", "SteveHarris.COM", "steveharris.com/"] {
            let reply = caller.read(&app, &format!("/api/residential/domain/{name}")).await;
            let timestamp = app.status(id).await.1.timestamp();
            let body = format!(r#"{{"result":"OK","data":{{"status":"{status}","timestamp":{timestamp}}}}}"#);
            assert_eq!((reply.status, reply.text), (200, body));
        }
    }
}

#[tokio::test]
async fn a_domain_that_is_not_the_partners_is_not_there() {
    let (app, caller) = acme().await;
    let other = app.partner("Other").await.log_in(&app).await;
    other.new_client(&app).await;

    for name in ["steveharris.com", "nobody.com", "%00", "%FF", "%ZZ", "a%20b", "ü.com", &"x".repeat(300)] {
        let reply = Reply::of(caller.get(&app, &format!("/api/residential/domain/{name}"))).await;
        reply.is_refused(404, "not_found", "There is nothing here.");
    }
}
