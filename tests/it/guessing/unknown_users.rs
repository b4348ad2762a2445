//! Whether there is a user of that name is told by nothing.

use std::collections::BTreeMap;

use super::{AWAY, FREE, PROXY, log_in_as, prolong};
use crate::support::{App, Reply};

/// All of a reply that a caller sees, but for what differs between any two requests.
fn seen(reply: &Reply) -> (u16, BTreeMap<String, String>, String) {
    let value = |name: &str| reply.header(name).to_owned();
    let names = reply
        .headers
        .keys()
        .map(reqwest::header::HeaderName::as_str)
        .filter(|name| !["x-request-id", "date"].contains(name));
    let headers = names.map(|name| (name.to_owned(), value(name))).collect();
    (reply.status, headers, reply.without_request_id().to_string())
}

#[tokio::test]
async fn known_and_unknown_users_get_the_same_replies_and_the_same_delays() {
    let app = App::start_with(&[PROXY]).await;
    let partner = app.partner("Acme").await;
    let other = app.partner("Other").await;
    let long = "x".repeat(200);
    for attempt in 0..FREE + 3 {
        if attempt == FREE {
            prolong(&app, 10_000).await; // beyond the longest Retry-After
        }
        let known = log_in_as(&app, &partner, &partner.username, "wrong", AWAY).await;
        assert_eq!(known.status, if attempt < FREE { 400 } else { 429 });
        for unknown in ["nobody", &long, "a\u{202e}b", "é", &other.username] {
            let unknown = log_in_as(&app, &partner, unknown, "wrong", AWAY).await;
            assert_eq!(seen(&unknown), seen(&known), "attempt {attempt}");
        }
    }
}
