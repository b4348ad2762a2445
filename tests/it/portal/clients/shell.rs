//! `docs/samples/shell/dna.sh`.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    process::{Command, Stdio},
};

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{Stage, logins, of_the_guide};
use crate::support::steve_but;

pub const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/samples/shell/dna.sh");

/// What a run of the script said.
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Said {
    /// The one JSON document of a run that succeeded.
    pub fn json(&self) -> Value {
        assert_eq!(self.code, 0, "{}", self.err);
        serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("no JSON: {}", self.out))
    }
}

impl Stage {
    pub fn command(&self, arguments: &[&str]) -> Command {
        self.run_by(&["/bin/sh", SCRIPT], arguments)
    }

    pub fn run_by(&self, shell: &[&str], arguments: &[&str]) -> Command {
        let mut command = Command::new(shell[0]);
        command.args(&shell[1..]).args(arguments);
        command.env_clear().env("PATH", std::env::var_os("PATH").expect("a path")).envs(self.environment());
        command.env("HOME", self.folder.path()).current_dir(self.folder.path()).stdin(Stdio::null());
        command
    }

    pub async fn dna(&self, arguments: &[&str]) -> Said {
        said(self.command(arguments)).await
    }

    /// Creates Steve Harris, with some parameters set to something else.
    pub async fn create(&self, changes: &[(&str, &str)]) -> Said {
        let parameters = steve_but(changes);
        let parameters: Vec<_> = parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let parameters = parameters.iter().map(String::as_str);
        self.dna(&["create"].into_iter().chain(parameters).collect::<Vec<_>>()).await
    }

    fn token_file(&self) -> PathBuf {
        self.folder.path().join(".cache/dna/token")
    }

    /// The access token and the refresh token that the script keeps.
    pub fn kept_tokens(&self) -> Vec<String> {
        let kept = fs::read_to_string(self.token_file()).expect("tokens");
        let tokens: Vec<_> = kept.lines().skip(1).take(2).map(str::to_owned).collect();
        for token in &tokens {
            self.app.keep_secret(token);
        }
        tokens
    }
}

pub async fn said(mut command: Command) -> Said {
    let output = tokio::task::spawn_blocking(move || command.output()).await.expect("a run").expect("sh");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Said { code: output.status.code().expect("a code"), out: text(output.stdout), err: text(output.stderr) }
}

#[tokio::test]
async fn the_shell_client_creates_changes_and_reads_a_client() {
    let stage = Stage::set().await;
    let awkward = [("first_name", "José \\ \"Pepe\""), ("address", "1 & 2 = 3%20+ 'Main' #Street")];
    let created = stage.create(&awkward).await.json();
    let id = created["client"]["id"].to_string();
    assert_eq!(created["client"]["first_name"], json!(awkward[0].1));
    assert_eq!(created["client"]["address"], json!(awkward[1].1));

    for (command, status) in [("activate", "active"), ("suspend", "suspended"), ("cancel", "cancelled")] {
        let reply = stage.dna(&[command, &id, "moved out & gone"]).await.json();
        assert_eq!(reply["client"]["status"], json!(status));
    }
    let read = stage.dna(&["get", &id]).await.json();
    assert_eq!(read["client"]["status"], json!("cancelled"));
    let etag = stage.dna(&["get", "--etag", &id]).await.out;
    let changed = stage.dna(&["update", "--if-match", etag.trim(), &id, "last_name=Núñez"]).await.json();
    assert_eq!(changed["client"]["last_name"], json!("Núñez"));
    assert_eq!(stage.dna(&["update", "--if-match", etag.trim(), &id, "last_name=Late"]).await.code, 6);

    let domain = created["client"]["ns_domain"].as_str().expect("a name");
    assert_eq!(stage.dna(&["domain", domain]).await.json()["data"]["status"], json!("locked"));
    let events = stage.dna(&["events", &id, "order=desc", "limit=2"]).await;
    assert_eq!(events.out.lines().count(), 3, "{}", events.out);
    let page: Value = serde_json::from_str(events.out.lines().nth(1).expect("a page")).expect("JSON");
    assert_eq!(page["events"][0]["reason"], json!("moved out & gone"));
}

#[tokio::test]
async fn the_shell_client_does_what_its_guide_shows() {
    let stage = Stage::set().await;
    fs::copy(SCRIPT, stage.folder.path().join("dna.sh")).expect("a copy");

    let said = said(stage.run_by(&["/bin/sh", "-e", "-c", of_the_guide("shell")], &[])).await;

    assert_eq!((said.code, said.err.as_str()), (0, ""), "{}", said.out);
    assert_eq!(said.out.matches("\"ns_domain\":\"steveharris.com\",\"status\":\"active\"").count(), 2, "{}", said.out);
}

#[tokio::test]
async fn the_shell_client_lists_bills_imports_and_exports() {
    let stage = Stage::set().await;
    let rows = "customer_id,first_name,last_name,email,zipcode,address,has_subreseller_id,subreseller_id,same_billing_address\n\
                B-1,Ana,Ruiz,a@example.com,33134,1 Main Street,true,7,true\n\
                B-2,Ben,Ruiz,b@example.com,02134,2 Main Street,true,8,true\n";
    fs::write(stage.folder.path().join("clients.csv"), rows).expect("a file");

    let tried = stage.dna(&["import", "clients.csv", "dry_run=true", "mode=all"]).await;
    assert!(tried.code == 0 && tried.out.contains("\"dry_run\":true"), "{} {}", tried.out, tried.err);
    let imported = stage.dna(&["import", "clients.csv"]).await;
    assert!(imported.code == 0 && imported.out.contains("\"created\":2"), "{} {}", imported.out, imported.err);
    let listed = stage.dna(&["list", "q=ruiz main", "limit=1"]).await;
    assert!(listed.out.lines().count() >= 2 && listed.out.contains("B-1") && listed.out.contains("B-2"));
    let exported = stage.dna(&["export", "customer_id=B-2"]).await;
    let exported: Value = exported.json();
    assert_eq!((&exported["customer_id"], &exported["zipcode"]), (&json!("B-2"), &json!("02134")));
    assert!(stage.dna(&["export", "format=csv"]).await.out.starts_with("id,"));

    stage.dna(&["activate", &exported["id"].to_string()]).await.json();
    let subresellers = stage.dna(&["subresellers", "limit=1"]).await;
    assert_eq!(subresellers.out.matches("\"total\":1").count(), 2, "{}", subresellers.out);
    let month = "select to_char(now() at time zone 'utc', 'YYYY-MM')";
    let month: String = sqlx::query_scalar(month).fetch_one(&stage.app.db).await.expect("a month");
    let billed = stage.dna(&["billing", &month, "subreseller_id=8"]).await.json();
    assert_eq!(billed["subresellers"][0]["clients"][0]["customer_id"], json!("B-2"));
}

#[tokio::test]
async fn the_feed_of_the_shell_client_goes_on_where_it_was() {
    let stage = Stage::set().await;
    let caller = stage.partner.log_in(&stage.app).await;
    stage.create(&[]).await.json();
    caller.feed(&stage.app, 1).await;
    let first = stage.dna(&["feed", "place"]).await;
    assert_eq!((first.code, first.out.matches("\"created\"").count()), (0, 1), "{}", first.err);

    let nothing = stage.dna(&["feed", "place"]).await;
    assert_eq!((nothing.code, nothing.out.as_str()), (0, ""));
    stage.create(&[]).await.json();
    caller.feed(&stage.app, 2).await;
    assert_eq!(stage.dna(&["feed", "place"]).await.out.matches("\"created\"").count(), 1);
}

#[tokio::test]
async fn the_shell_client_keeps_its_token_and_refreshes_it_once_it_is_over() {
    let stage = Stage::set().await;
    stage.create(&[]).await.json();
    stage.dna(&["list"]).await;
    assert_eq!(logins(&stage.proxy.take()), (1, 0));
    let mode = fs::metadata(stage.token_file()).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let first = stage.kept_tokens();

    // By the server's clock, of which the script hears with a 401.
    stage.app.advance(TimeDelta::minutes(30));
    stage.create(&[]).await.json();
    assert_eq!(logins(&stage.proxy.take()), (0, 1));
    let second = stage.kept_tokens();
    assert_ne!(first, second);

    // By its own: it knows before it asks.
    let kept = fs::read_to_string(stage.token_file()).expect("a token");
    let (of, _) = kept.trim_end().rsplit_once('\n').expect("lines");
    fs::write(stage.token_file(), format!("{of}\n1\n")).expect("a file");
    assert_eq!(stage.dna(&["list"]).await.code, 0);
    let seen = stage.proxy.take();
    assert_eq!((logins(&seen), seen.len()), ((0, 1), 2));

    // Its login was ended elsewhere: the password begins another.
    stage.revoke(&stage.kept_tokens()[0]).await;
    stage.create(&[]).await.json();
    assert_eq!(logins(&stage.proxy.take()), (1, 1));
}

#[tokio::test]
async fn the_shell_client_asks_about_its_token_and_ends_its_login() {
    let stage = Stage::set().await;
    let token = stage.dna(&["token"]).await.out.trim().to_owned();
    stage.app.keep_secret(&token);
    assert_eq!(stage.dna(&["introspect"]).await.json()["active"], json!(true));

    assert_eq!(stage.dna(&["revoke"]).await.code, 0);

    assert!(!stage.token_file().exists());
    assert!(!stage.is_active(&token).await);
}

#[tokio::test]
async fn credentials_of_the_shell_client_may_be_in_a_file_that_is_its_owners_alone() {
    let stage = Stage::set().await;
    let config = stage.folder.path().join(".config/dna/credentials");
    fs::create_dir_all(config.parent().expect("a folder")).expect("a folder");
    let lines = stage.environment().map(|(name, value)| format!("{name}={value}\n"));
    fs::write(&config, format!("# Acme's\n{}", lines.concat())).expect("a file");
    let list = || {
        let mut command = stage.command(&["list"]);
        stage.environment().iter().for_each(|(name, _)| {
            command.env_remove(name);
        });
        said(command)
    };

    fs::set_permissions(&config, fs::Permissions::from_mode(0o640)).expect("a mode");
    let open = list().await;
    assert!(open.code == 2 && open.err.contains("chmod 600"), "{}", open.err);
    fs::set_permissions(&config, fs::Permissions::from_mode(0o600)).expect("a mode");
    assert_eq!(list().await.json()["clients"], json!([]));
    fs::remove_file(&config).expect("no file");
    let none = list().await;
    assert!(none.code == 2 && none.err.contains("API_URL is not set"), "{}", none.err);
}

#[tokio::test]
async fn the_shell_client_explains_itself_without_any_settings() {
    let stage = Stage::set().await;
    let mut command = stage.command(&["--help"]);
    command.env_clear().env("PATH", std::env::var_os("PATH").expect("a path"));

    let help = said(command).await;

    assert_eq!((help.code, help.err.as_str()), (0, ""));
    for command in ["create", "billing YYYY-MM", "Exit codes"] {
        assert!(help.out.contains(command), "{}", help.out);
    }
    assert!(stage.proxy.take().is_empty());
}
