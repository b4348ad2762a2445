//! The master key, changed under running servers.

use serde_json::Value;

use crate::support::{
    Reply, database,
    program::{Folder, Server, failure, run, run_json},
    until,
};

const OLD: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const NEW: &str = "HwECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const THIRD: &str = "ZZECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

fn settings<'a>(url: &'a str, key: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![("DATABASE_URL", url), ("DNA_MASTER_KEY", key), ("DNA_SIGNING_KEY_BITS", "2048")]
}

fn grant(account: &Value) -> Vec<(&'static str, String)> {
    let names = ["client_id", "client_secret", "username", "password"];
    let member = |name: &'static str| (name, account[name].as_str().expect(name).to_owned());
    names.map(member).into_iter().chain([("grant_type", "password".to_owned())]).collect()
}

async fn log_in(server: &Server, account: &Value) -> String {
    let reply = Reply::of(server.post("/api/oauth/token").form(&grant(account))).await;
    reply.json["access_token"].as_str().expect("a token").to_owned()
}

async fn status(server: &Server, token: &str) -> u16 {
    Reply::of(server.post(super::GUARDED).bearer_auth(token)).await.status
}

async fn readiness(server: &Server) -> u16 {
    Reply::even_a_failure(server.request(reqwest::Method::GET, "/readyz")).await.status
}

#[tokio::test]
async fn a_master_key_is_changed_under_a_running_server() {
    let folder = Folder::new();
    let url = database::empty_url().await;
    let (old, new) = (settings(&url, OLD), settings(&url, NEW));
    let running = Server::start(&folder, &old);
    let account = run_json(&folder, &old, &["partner", "add", "Acme"]);
    let token = log_in(&running, &account).await;

    let change = [&old[..], &[("DNA_NEW_MASTER_KEY", NEW)]].concat();
    let changed = run_json(&folder, &change, &["keys", "change-master-key"]);
    assert_eq!(changed["keys"], 1);
    assert!(changed["next"].as_str().expect("a word").contains("DNA_MASTER_KEY"), "{changed}");

    until("the running server says what to do", async || running.said().contains("restart this server")).await;
    assert_eq!((readiness(&running).await, status(&running, &token).await), (200, 404), "it goes on");
    log_in(&running, &account).await;
    let (code, line) = failure(&run(&folder, &old, &["serve"]));
    assert!(code == 1 && line.contains("set the DNA_MASTER_KEY that sealed it"), "{line}");
    let replaced = Server::start(&folder, &new);
    assert_eq!(status(&replaced, &token).await, 404, "the keys are the same");
    assert!(run(&folder, &new, &["check"]).status.success());
    assert_eq!(run_json(&folder, &change, &["keys", "change-master-key"])["keys"], 0, "it may be repeated");

    // The next key is sealed under the new master key: a server that was not restarted in time steps aside.
    run_json(&folder, &new, &["keys", "rotate", "--lead", "5"]);
    assert_eq!(readiness(&running).await, 200);
    until("it is not ready", async || readiness(&running).await == 503).await;
    assert_eq!(status(&running, &token).await, 404, "it still verifies what it can");
    until("it says why", async || running.said().contains("there is no key to sign with")).await;
    assert_eq!(readiness(&replaced).await, 200);
    let fresh = log_in(&replaced, &account).await;
    assert!(running.stop());
    assert_eq!(status(&Server::start(&folder, &new), &fresh).await, 404);
}

#[tokio::test]
async fn a_change_that_cannot_be_made_changes_nothing_and_says_why() {
    let folder = Folder::new();
    let url = database::empty_url().await;
    let old = settings(&url, OLD);
    assert!(Server::start(&folder, &old).stop());
    let refused = |key: &str, new: &str| {
        let settings = [&settings(&url, key)[..], &[("DNA_NEW_MASTER_KEY", new)]].concat();
        let (code, line) = failure(&run(&folder, &settings, &["keys", "change-master-key"]));
        assert_eq!(code, 1);
        assert!(!line.contains(key) && (new.is_empty() || !line.contains(new)), "{line}");
        line
    };

    assert!(refused(OLD, "").contains("DNA_NEW_MASTER_KEY is not set"));
    assert!(refused(OLD, OLD).contains("is the master key already"));
    assert!(refused(OLD, "short").contains("DNA_NEW_MASTER_KEY must be 32 bytes in base64"));
    assert!(refused(THIRD, NEW).contains("does not open the signing key"));
    let (_, line) = failure(&run(&folder, &settings(&url, THIRD), &["keys", "rotate"]));
    assert!(line.contains("does not open the signing key"), "no key that the servers cannot open: {line}");
    assert!(run(&folder, &old, &["check"]).status.success());
    assert_eq!(run_json(&folder, &old, &["keys", "list"]).as_array().map(Vec::len), Some(1));
}
