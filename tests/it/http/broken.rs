//! What is old, and still HTTP.

use crate::support::App;

#[tokio::test]
async fn http_1_0_is_answered() {
    let app = App::start().await;

    let reply = app.send_until_closed("GET /healthz HTTP/1.0\r\n\r\n").await;

    assert_eq!((reply.status, reply.text.as_str()), (200, r#"{"status":"ok"}"#));
}
