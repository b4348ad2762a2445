//! What operators did is on record.

use nix::unistd::{Uid, User};
use serde_json::{Value, json};

use super::text;
use crate::support::{
    database,
    program::{Folder, failure, run, run_json},
};

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// What every command that changes something printed, and what is on record of them.
struct Everything {
    acme: Value,
    crm: Value,
    /// What was printed once, never to be seen again.
    secrets: Vec<String>,
    entries: Vec<Value>,
}

async fn everything() -> Everything {
    let folder = Folder::new();
    let url = database::empty_url().await;
    let settings = [("DATABASE_URL", url.as_str()), ("DNA_MASTER_KEY", KEY), ("SUDO_USER", "alice")];
    let did = |arguments: &[&str]| run_json(&folder, &settings, arguments);

    did(&["migrate"]);
    let acme = did(&["partner", "add", "Acme"]);
    let (client_id, username) = (text(&acme, "client_id"), text(&acme, "username"));
    let crm = did(&["oauth-client", "add", "--partner", "Acme", "--name", "CRM", "--scope", "client:create"]);
    did(&["oauth-client", "edit", text(&crm, "client_id"), "--grant", "password"]);
    let rotated = did(&["oauth-client", "rotate-secret", client_id]);
    let robot = did(&["user", "add", "--partner", "Acme", "--username", "Robot", "--scope", "client:read"]);
    let reset = did(&["user", "reset-password", "robot"]);
    for (noun, name) in [("partner", "Acme"), ("oauth-client", client_id), ("user", username)] {
        for action in ["disable", "enable"] {
            did(&[noun, action, name]);
        }
    }
    let printed = [&acme, &crm, &rotated, &robot, &reset];
    let secrets = printed.iter().flat_map(|account| ["client_secret", "password"].map(|name| account[name].as_str()));
    let secrets = secrets.flatten().map(str::to_owned).collect();
    let entries = did(&["audit", "--kind", "operator"]).as_array().expect("an array").clone();
    Everything { acme, crm, secrets, entries }
}

#[tokio::test]
async fn every_command_that_changes_something_is_on_record_with_what_it_was_run_on() {
    let Everything { acme, crm, entries, .. } = everything().await;
    let done: Vec<_> = entries
        .iter()
        .map(|entry| (text(&entry["detail"], "command"), entry["detail"]["target"].as_str(), entry["partner"].as_str()))
        .collect();
    let (client_id, username) = (acme["client_id"].as_str(), acme["username"].as_str());
    let (partner, crm_id) = (Some("Acme"), crm["client_id"].as_str());
    let expected = [
        ("migrate", None, None),
        ("partner add", partner, partner),
        ("oauth-client add", crm_id, partner),
        ("oauth-client edit", crm_id, partner),
        ("oauth-client rotate-secret", client_id, partner),
        ("user add", Some("Robot"), partner),
        ("user reset-password", Some("robot"), partner),
        ("partner disable", partner, partner),
        ("partner enable", partner, partner),
        ("oauth-client disable", client_id, partner),
        ("oauth-client enable", client_id, partner),
        ("user disable", username, partner),
        ("user enable", username, partner),
    ];
    assert_eq!(done, expected);
    assert_eq!(entries[0]["detail"]["applied"][0], "0001 documented api");
    assert_eq!((&entries[3]["detail"]["grant"], &entries[3]["detail"]["scope"]), (&json!("password"), &Value::Null));
    assert_eq!((&entries[5]["username"], &entries[5]["detail"]["scope"]), (&json!("Robot"), &json!("client:read")));
    assert_eq!(entries[3]["oauth_client_id"], crm["client_id"]);
}

#[tokio::test]
async fn a_command_is_on_record_with_the_account_that_ran_it_and_without_a_secret() {
    let Everything { secrets, entries, .. } = everything().await;
    let account = User::from_uid(Uid::current()).expect("an answer").expect("an account").name;
    for entry in &entries {
        assert_eq!(entry["actor"], json!(account));
        assert_eq!(entry["detail"]["uid"], json!(Uid::current().as_raw()));
        assert_eq!(entry["detail"]["sudo_user_as_claimed"], "alice");
    }
    let all = json!(entries).to_string();
    assert_eq!(secrets.len(), 6);
    assert!(secrets.iter().all(|secret| !all.contains(secret)), "{all}");
}

#[tokio::test]
async fn a_command_that_fails_or_only_looks_leaves_nothing() {
    let folder = Folder::new();
    let url = database::empty_url().await;
    let settings = [("DATABASE_URL", url.as_str()), ("DNA_MASTER_KEY", KEY)];
    run_json(&folder, &settings, &["migrate"]);
    run_json(&folder, &settings, &["partner", "add", "Acme"]);
    let entries = || run_json(&folder, &settings, &["audit"]).as_array().expect("an array").len();
    assert_eq!(entries(), 2);

    for arguments in [
        &["partner", "add", "Acme"][..],
        &["partner", "disable", "Nobody"],
        &["user", "reset-password", "nobody"],
        &["user", "add", "--partner", "No", "--username", "x"],
        &["oauth-client", "rotate-secret", "00000000-0000-4000-8000-000000000000"],
    ] {
        assert_eq!(failure(&run(&folder, &settings, arguments)).0, 1, "{arguments:?}");
    }
    for arguments in [&["partner", "list"][..], &["oauth-client", "list"], &["user", "list"], &["check"], &["migrate"]]
    {
        assert!(run(&folder, &settings, arguments).status.code() == Some(0), "{arguments:?}");
    }
    assert_eq!(entries(), 2);
}

#[tokio::test]
async fn a_change_that_cannot_be_put_on_record_is_not_made_and_no_secret_is_printed() {
    let folder = Folder::new();
    let url = database::empty_url().await;
    let settings = [("DATABASE_URL", url.as_str()), ("DNA_MASTER_KEY", KEY)];
    run_json(&folder, &settings, &["migrate"]);
    let db = sqlx::PgPool::connect(&url).await.expect("a database");
    sqlx::raw_sql("alter table audit_log add constraint full_ check (kind <> 'operator') not valid")
        .execute(&db)
        .await
        .expect("a constraint");

    let output = run(&folder, &settings, &["partner", "add", "Acme"]);
    let (code, line) = failure(&output);
    assert!(code == 1 && line.contains("the audit log cannot be written"), "{line}");
    assert!(output.stdout.is_empty());
    assert_eq!(run_json(&folder, &settings, &["partner", "list"]), json!([]));
}

#[test]
fn the_demo_partner_is_on_record_as_made_by_the_first_command() {
    let folder = Folder::new();
    let entries = run_json(&folder, &[], &["audit"]);
    let commands: Vec<_> =
        entries.as_array().expect("an array").iter().map(|entry| text(&entry["detail"], "command")).collect();
    assert_eq!(commands, ["migrate", "demo"]);
    assert_eq!((&entries[1]["partner"], &entries[1]["detail"]["target"]), (&json!("demo"), &json!("demo")));
}
