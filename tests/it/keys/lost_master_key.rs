//! The routine of operations.md for a master key that is lost: everyone logs in again, and nothing else is lost.

use serde_json::Value;

use crate::support::{
    Reply, database,
    program::{Folder, Server, demo, failure, run, run_json},
    steve_harris,
};

const LOST: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const MADE: &str = "HwECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

fn text(value: &Value, member: &str) -> String {
    value[member].as_str().expect(member).to_owned()
}

#[tokio::test]
async fn a_new_key_is_made_and_all_but_access_tokens_stays() {
    let folder = Folder::new();
    let url = database::empty_url().await;
    let bits = ("DNA_SIGNING_KEY_BITS", "2048");
    let (lost, made) = (
        [("DATABASE_URL", url.as_str()), ("DNA_MASTER_KEY", LOST), bits],
        [("DATABASE_URL", url.as_str()), ("DNA_MASTER_KEY", MADE), bits],
    );
    let server = Server::start(&folder, &lost);
    let account = run_json(&folder, &lost, &["partner", "add", "Acme"]);
    let client = [("client_id", text(&account, "client_id")), ("client_secret", text(&account, "client_secret"))];
    let with = |more: &[(&'static str, String)]| [&client[..], more].concat();
    let login = with(&[
        ("grant_type", "password".to_owned()),
        ("username", text(&account, "username")),
        ("password", text(&account, "password")),
    ]);
    let tokens = Reply::of(server.post("/api/oauth/token").form(&login)).await.json;
    let create = server.post("/api/residential/client").bearer_auth(text(&tokens, "access_token"));
    let id = Reply::of(create.form(&steve_harris())).await.json["client"]["id"].as_i64().expect("an id");
    assert!(server.stop());

    let (code, line) = failure(&run(&folder, &made, &["serve"]));
    assert!(code == 1 && line.contains("keys replace-all"), "{line}");
    assert!(!run(&folder, &made, &["check"]).status.success());

    let keys = run_json(&folder, &made, &["keys", "replace-all"]);
    let states: Vec<&Value> = keys.as_array().expect("keys").iter().map(|key| &key["state"]).collect();
    assert_eq!(states, ["retired", "signing"]);
    assert!(run(&folder, &made, &["check"]).status.success());
    let server = Server::start(&folder, &made);

    let activate = |token: &str| server.post(&format!("/api/residential/client/{id}/activate")).bearer_auth(token);
    let refused = Reply::of(activate(&text(&tokens, "access_token"))).await;
    assert_eq!((refused.status, refused.error()), (401, "invalid_token"));
    let refresh =
        with(&[("grant_type", "refresh_token".to_owned()), ("refresh_token", text(&tokens, "refresh_token"))]);
    for form in [refresh, login] {
        let again = Reply::of(server.post("/api/oauth/token").form(&form)).await;
        assert_eq!(again.status, 200, "{}", again.text);
        assert_eq!(Reply::of(activate(&text(&again.json, "access_token"))).await.status, 200, "the client is there");
    }
}

#[tokio::test]
async fn on_the_embedded_database_the_command_makes_the_master_key_too() {
    let folder = Folder::new();
    assert!(Server::start(&folder, &[]).stop());
    std::fs::remove_file(folder.data().join("master.key")).expect("lost");

    let (code, line) = failure(&run(&folder, &[("DNA_LISTEN", "127.0.0.1:0")], &["serve"]));
    assert!(code == 1 && line.contains("keys replace-all"), "{line}");
    run_json(&folder, &[], &["keys", "replace-all"]);

    let server = Server::start(&folder, &[]);
    assert_eq!(Reply::of(server.post("/api/oauth/token").form(&demo(&folder))).await.status, 200);
}
