//! A partner's first day, on the program as it is deployed; and the same with a crash in the middle.

use std::sync::{Arc, Mutex};

use reqwest::RequestBuilder;
use serde_json::Value;
use tokio::time::{Duration, sleep};

use crate::support::{
    Reply,
    program::{Folder, Server, demo},
    steve_harris,
};

async fn ok(request: RequestBuilder, status: u16) -> Value {
    let reply = Reply::of(request).await;
    assert_eq!(reply.status, status, "{}", reply.text);
    reply.json
}

fn text(body: &Value, member: &str) -> String {
    body[member].as_str().expect(member).to_owned()
}

async fn log_in(server: &Server, folder: &Folder) -> Value {
    ok(server.post("/api/oauth/token").form(&demo(folder)), 200).await
}

async fn create(server: &Server, token: &str) -> i64 {
    let request = server.post("/api/residential/client").bearer_auth(token).form(&steve_harris());
    ok(request, 201).await["client"]["id"].as_i64().expect("an id")
}

async fn transition(server: &Server, token: &str, id: i64, action: &str) -> Value {
    let path = format!("/api/residential/client/{id}/{action}");
    ok(server.post(&path).bearer_auth(token), 200).await
}

async fn refresh(server: &Server, folder: &Folder, refresh_token: &str) -> Value {
    let mut form = demo(folder);
    form.retain(|(name, _)| name.starts_with("client_"));
    form.extend([("grant_type", "refresh_token".to_owned()), ("refresh_token", refresh_token.to_owned())]);
    ok(server.post("/api/oauth/token").form(&form), 200).await
}

#[tokio::test]
async fn a_partner_creates_activates_suspends_and_goes_on_with_a_refreshed_token() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);

    let tokens = log_in(&server, &folder).await;
    let token = text(&tokens, "access_token");
    let id = create(&server, &token).await;
    for (action, status) in [("activate", "active"), ("suspend", "suspended"), ("activate", "active")] {
        assert_eq!(transition(&server, &token, id, action).await["client"]["status"], status);
    }
    let refreshed = refresh(&server, &folder, &text(&tokens, "refresh_token")).await;
    let next = create(&server, &text(&refreshed, "access_token")).await;

    assert!(next > id);
    assert!(server.stop(), "told to stop, it ends well");
}

#[tokio::test]
async fn what_was_acknowledged_before_a_sigkill_is_there_after_it() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    let tokens = log_in(&server, &folder).await;
    let token = text(&tokens, "access_token");
    let acknowledged = Arc::new(Mutex::new(Vec::new()));
    let callers: Vec<_> = (0..4)
        .map(|_| {
            let (acknowledged, token) = (Arc::clone(&acknowledged), token.clone());
            let (http, url) = (reqwest::Client::new(), format!("{}/api/residential/client", server.url));
            tokio::spawn(async move {
                while let Ok(reply) = http.post(&url).bearer_auth(&token).form(&steve_harris()).send().await {
                    let Ok(body) = reply.json::<Value>().await else { return };
                    let client = &body["client"];
                    let named = (client["id"].as_i64().expect("an id"), text(client, "ns_domain"));
                    acknowledged.lock().expect("a lock").push(named);
                }
            })
        })
        .collect();
    while acknowledged.lock().expect("a lock").len() < 40 {
        sleep(Duration::from_millis(5)).await;
    }

    server.kill();
    for caller in callers {
        caller.await.expect("a caller");
    }
    let server = Server::start(&folder, &[]);

    let acknowledged = acknowledged.lock().expect("a lock").clone();
    for (id, ns_domain) in acknowledged {
        assert_eq!(transition(&server, &token, id, "activate").await["client"]["ns_domain"], ns_domain);
    }
    let refreshed = refresh(&server, &folder, &text(&tokens, "refresh_token")).await;
    create(&server, &text(&refreshed, "access_token")).await;
}
