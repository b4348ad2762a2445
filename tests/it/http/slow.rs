//! A body that does not arrive.

use std::time::Instant;

use crate::support::{CLIENT, acme};

#[tokio::test]
async fn a_body_that_stops_half_way_is_refused_in_time() {
    let (app, caller) = acme().await;
    let id = caller.new_client(&app).await;
    let head = |target: &str, framing: &str| {
        let token = &caller.token;
        format!(
            "{target} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nConnection: close\r\n{framing}\r\n\r\n"
        )
    };
    let create = format!("POST {CLIENT}");
    let activate = format!("GET {CLIENT}/{id}/activate");
    let start = Instant::now();

    let (sized, chunked, silent, get) = tokio::join!(
        app.send_until_closed(head(&create, "Content-Length: 100") + "{\"email\":"),
        app.send_until_closed(head(&create, "Transfer-Encoding: chunked") + "5\r\n{\"ema"),
        app.send_until_closed(head(&create, "Content-Length: 100")),
        app.send_until_closed(head(&activate, "Content-Length: 100")),
    );

    for reply in [sized, chunked, silent, get] {
        assert_eq!((reply.status, &reply.json["error"]), (408, &"request_timeout".into()), "{reply:?}");
        assert_eq!(reply.json["message"], "The request body did not arrive in time.");
        reply.check();
    }
    assert!((9..25).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
    assert_eq!((app.rows("clients").await, app.status(id).await.0.as_str()), (1, "pending"));
}
