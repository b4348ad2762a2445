//! What operators' commands do to tokens that are out.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{
    Reply,
    program::{Folder, Server, failure, run, run_json},
};

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().expect(member)
}

/// A token of a program that speaks for itself.
async fn token(server: &Server, account: &Value) -> String {
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", text(account, "client_id")),
        ("client_secret", text(account, "client_secret")),
    ];
    let reply = Reply::of(server.post("/api/oauth/token").form(&form)).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    text(&reply.json, "access_token").to_owned()
}

/// Whether a token is taken: then there is no such client.
async fn is_taken(server: &Server, token: &str) -> bool {
    Reply::of(server.post("/api/residential/client/1/activate").bearer_auth(token)).await.status == 404
}

#[tokio::test]
async fn a_rotated_secret_leaves_live_tokens_good_unless_they_are_to_end_now() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    run_json(&folder, &[], &["partner", "add", "Acme"]);
    let grant = ["oauth-client", "add", "--partner", "Acme", "--grant", "client_credentials"];
    let mut account = run_json(&folder, &[], &grant);
    let client_id = text(&account, "client_id").to_owned();
    let old = token(&server, &account).await;

    account = run_json(&folder, &[], &["oauth-client", "rotate-secret", &client_id]);
    let new = token(&server, &account).await;
    assert!(is_taken(&server, &old).await && is_taken(&server, &new).await);

    account = run_json(&folder, &[], &["oauth-client", "rotate-secret", &client_id, "--now"]);
    let start = Instant::now();
    while is_taken(&server, &old).await || is_taken(&server, &new).await {
        assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    }
    let newest = token(&server, &account).await;
    assert!(is_taken(&server, &newest).await, "a new token is good at once");
}

#[test]
fn an_oauth_client_may_not_speak_for_itself_unless_it_is_said() {
    let folder = Folder::new();
    run_json(&folder, &[], &["partner", "add", "Acme"]);
    let add = |grant: &[&str]| {
        let arguments = [&["oauth-client", "add", "--partner", "Acme"], grant].concat();
        text(&run_json(&folder, &[], &arguments), "client_id").to_owned()
    };
    let grants_of = |client_id: &str| {
        let listed = run_json(&folder, &[], &["oauth-client", "list"]);
        let listed = listed.as_array().expect("a list").iter().find(|one| one["client_id"] == client_id).expect("it");
        text(listed, "grant_types").to_owned()
    };
    assert_eq!(grants_of(&add(&[])), "password refresh_token");
    let itself = add(&["--grant", "client_credentials,password"]);
    assert_eq!(grants_of(&itself), "password client_credentials");
    run_json(&folder, &[], &["oauth-client", "edit", &itself, "--grant", "client_credentials"]);
    assert_eq!(grants_of(&itself), "client_credentials");
    let unknown =
        run(&folder, &[], &["oauth-client", "rotate-secret", "0b9f8a52-7c1e-4c57-9d0e-3f6a2b1c4d5e", "--now"]);
    let (code, line) = failure(&unknown);
    assert_eq!(code, 1);
    assert!(line.contains("there is no OAuth client"), "{line}");
}
