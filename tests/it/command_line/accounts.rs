use std::time::{Duration, Instant};

use serde_json::Value;

use super::{members, text};
use crate::support::{
    Reply,
    program::{Folder, Server, failure, run, run_json},
    steve_harris,
};

fn grant(account: &Value) -> Vec<(&'static str, String)> {
    let value = |member| text(account, member).to_owned();
    vec![
        ("grant_type", "password".to_owned()),
        ("client_id", value("client_id")),
        ("client_secret", value("client_secret")),
        ("username", value("username")),
        ("password", value("password")),
    ]
}

#[tokio::test]
async fn a_partner_added_beside_a_running_server_logs_in_with_what_was_printed() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);

    let account = run_json(&folder, &[], &["partner", "add", "Acme Telecom"]);

    let expected = ["partner", "client_id", "client_secret", "username", "password", "scope"];
    assert_eq!(account.as_object().expect("an object").keys().collect::<Vec<_>>(), expected);
    let reply = Reply::of(server.post("/api/oauth/token").form(&grant(&account))).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let listed = run(&folder, &[], &["partner", "list"]);
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    assert!(listed.contains("Acme Telecom") && !listed.contains(text(&account, "client_secret")), "{listed}");
}

#[tokio::test]
async fn what_an_operator_disables_is_refused_within_a_second_and_let_in_when_enabled() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    let account = run_json(&folder, &[], &["partner", "add", "Acme"]);
    let token = Reply::of(server.post("/api/oauth/token").form(&grant(&account))).await;
    let token = text(&token.json, "access_token").to_owned();
    let (client_id, username) = (text(&account, "client_id"), text(&account, "username"));

    for named in [["partner", "Acme"], ["oauth-client", client_id], ["user", username]] {
        for (action, status) in [("disable", 401), ("enable", 201)] {
            run_json(&folder, &[], &[named[0], action, named[1]]);
            let done = Instant::now();
            loop {
                let create = server.post("/api/residential/client").bearer_auth(&token).form(&steve_harris());
                let reply = Reply::of(create).await;
                if reply.status == status {
                    break;
                }
                assert!(done.elapsed() < Duration::from_secs(1), "{named:?} {action}: {}", reply.text);
            }
        }
    }
}

#[tokio::test]
async fn a_rotated_secret_and_a_reset_password_replace_the_old_ones() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    let mut account = run_json(&folder, &[], &["partner", "add", "Acme"]);
    let old = Reply::of(server.post("/api/oauth/token").form(&grant(&account))).await;

    let client_id = text(&account, "client_id").to_owned();
    let rotated = run_json(&folder, &[], &["oauth-client", "rotate-secret", &client_id]);
    let refused = Reply::of(server.post("/api/oauth/token").form(&grant(&account))).await;
    assert_eq!((refused.status, refused.error()), (401, "invalid_client"));
    account["client_secret"] = rotated["client_secret"].clone();

    let username = text(&account, "username").to_owned();
    let reset = run_json(&folder, &[], &["user", "reset-password", &username]);
    let refused = Reply::of(server.post("/api/oauth/token").form(&grant(&account))).await;
    assert_eq!((refused.status, refused.error()), (400, "invalid_grant"));
    account["password"] = reset["password"].clone();

    let refresh = [
        ("grant_type", "refresh_token"),
        ("client_id", &client_id),
        ("client_secret", text(&account, "client_secret")),
        ("refresh_token", text(&old.json, "refresh_token")),
    ];
    let refused = Reply::of(server.post("/api/oauth/token").form(&refresh)).await;
    assert_eq!((refused.status, refused.error()), (400, "invalid_grant"), "a reset ends refresh tokens");
    let reply = Reply::of(server.post("/api/oauth/token").form(&grant(&account))).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
}

#[test]
fn oauth_clients_and_users_are_added_listed_and_edited_with_no_server_running() {
    let folder = Folder::new();
    run_json(&folder, &[], &["partner", "add", "Acme"]);
    let scope = "client:create client:suspend";

    let added = run_json(
        &folder,
        &[],
        &["oauth-client", "add", "--partner", "Acme", "--name", "CRM", "--scope", scope, "--grant", "password"],
    );
    assert_eq!(members(&added), ["client_id", "client_secret"].into());
    let user = run_json(&folder, &[], &["user", "add", "--partner", "Acme", "--username", "Robot", "--scope", scope]);
    assert_eq!(members(&user), ["password", "username"].into());

    let edit = ["oauth-client", "edit", text(&added, "client_id"), "--grant", "password,refresh_token"];
    let edited = run_json(&folder, &[], &edit);
    assert_eq!((text(&edited[0], "scope"), text(&edited[0], "grant_types")), (scope, "password refresh_token"));
    let listed = run_json(&folder, &[], &["oauth-client", "list", "--partner", "Acme"]);
    assert_eq!(listed.as_array().expect("an array").len(), 2);
    assert_eq!((&listed[1]["name"], &listed[1]["documented_form_uses"]), (&"CRM".into(), &0.into()));
    let users = run_json(&folder, &[], &["user", "list", "--partner", "Acme"]);
    assert_eq!(users.as_array().expect("an array").len(), 2);
}

#[test]
fn a_name_that_is_taken_or_unknown_is_told_in_one_line() {
    let folder = Folder::new();
    run_json(&folder, &[], &["partner", "add", "Acme"]);
    run_json(&folder, &[], &["user", "add", "--partner", "Acme", "--username", "robot"]);
    let cases: [(&[&str], &str); 6] = [
        (&["partner", "add", "Acme"], "dna-api: there is a partner `Acme` already: choose another name"),
        (&["partner", "disable", "Nobody"], "dna-api: there is no partner `Nobody`: see `dna-api partner list`"),
        (
            &["user", "add", "--partner", "Acme", "--username", "ROBOT"],
            "dna-api: there is a user `ROBOT` already: choose another name",
        ),
        (
            &["user", "add", "--partner", "No", "--username", "x"],
            "dna-api: there is no partner `No`: see `dna-api partner list`",
        ),
        (&["user", "reset-password", "nobody"], "dna-api: there is no user `nobody`: see `dna-api user list`"),
        (
            &["oauth-client", "disable", "00000000-0000-4000-8000-000000000000"],
            "dna-api: there is no OAuth client 00000000-0000-4000-8000-000000000000: see `dna-api oauth-client list`",
        ),
    ];
    for (arguments, line) in cases {
        assert_eq!(failure(&run(&folder, &[], arguments)), (1, line.to_owned()), "{arguments:?}");
    }
}

#[test]
fn wrong_usage_ends_with_2_and_says_what_there_is() {
    let folder = Folder::new();
    for arguments in [
        &["fly"][..],
        &["partner"],
        &["partner", "add"],
        &["partner", "add", ""],
        &["oauth-client", "add", "--partner", "x", "--scope", "client:fly"],
        &["oauth-client", "add", "--partner", "x", "--grant", "implicit"],
        &["oauth-client", "edit", "not-an-id", "--grant", "password"],
        &["serve", "--json"],
    ] {
        let output = run(&folder, &[], arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {output:?}");
        assert!(!output.stderr.is_empty(), "{arguments:?}");
    }
    assert!(!folder.data().exists(), "wrong usage touches nothing");
}
