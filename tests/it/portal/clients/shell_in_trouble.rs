//! `docs/samples/shell/dna.sh` where replies are lost, requests refused, and secrets looked for.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    process::Command,
};

use chrono::TimeDelta;
use serde_json::json;

use super::{
    Fault, Stage, keys, logins,
    shell::{SCRIPT, said},
};

#[tokio::test]
async fn a_creation_of_the_shell_client_whose_reply_is_lost_makes_one_client() {
    let stage = Stage::set().await;
    stage.proxy.will(&[Fault::ReplyLost, Fault::ReplyLost]);

    let created = stage.create(&[]).await.json();

    assert_eq!(stage.app.rows("clients").await, 1);
    let id: i64 = sqlx::query_scalar("select id from clients").fetch_one(&stage.app.db).await.expect("a client");
    assert_eq!(created["client"]["id"], json!(id));
    let keys = keys(&stage.proxy.take());
    assert!(keys.len() == 3 && keys.iter().all(|key| *key == keys[0]), "{keys:?}");
}

#[tokio::test]
async fn the_shell_client_waits_as_long_as_the_server_asks() {
    let stage = Stage::set().await;
    for answer in ["429 Too Many Requests\r\nRetry-After: 2", "503 Service Unavailable\r\nRetry-After: 2"] {
        stage.proxy.will(&[Fault::Answered(answer)]);
        stage.create(&[]).await.json();
        let seen = stage.proxy.take();
        let tries: Vec<_> = seen.iter().filter(|seen| seen.is("POST", "/api/residential/client")).collect();
        let waited = tries[1].at - tries[0].at;
        assert!((2.0..6.0).contains(&waited.as_secs_f64()), "{waited:?}");
    }
    assert_eq!(stage.app.rows("clients").await, 2);

    // Longer than anybody sits before a terminal: told at once.
    stage.proxy.will(&[Fault::Answered("429 Too Many Requests\r\nRetry-After: 900")]);
    assert_eq!(stage.create(&[]).await.code, 7);
    assert_eq!(keys(&stage.proxy.take()).len(), 1);
}

#[tokio::test]
async fn the_shell_client_repeats_what_a_proxy_could_not_pass_on_but_no_import() {
    let stage = Stage::set().await;
    stage.proxy.will(&[Fault::Answered("502 Bad Gateway"), Fault::Answered("504 Gateway Timeout")]);
    stage.create(&[]).await.json();
    assert_eq!(keys(&stage.proxy.take()).len(), 3);

    fs::write(stage.folder.path().join("clients.ndjson"), "{}\n").expect("a file");
    for (fault, code) in [(Fault::ReplyLost, 9), (Fault::Answered("502 Bad Gateway"), 8)] {
        stage.proxy.will(&[fault]);
        assert_eq!(stage.dna(&["import", "clients.ndjson"]).await.code, code);
        assert_eq!(stage.proxy.take().len(), 1);
    }
}

#[tokio::test]
async fn a_failure_of_the_shell_client_has_a_code_and_the_request() {
    let stage = Stage::set().await;
    let id = stage.create(&[("customer_id", "A-1")]).await.json()["client"]["id"].to_string();
    let narrow = stage.partner.with_user(&stage.app, "client:read").await;
    let wrong = |name: &str, value: &str| {
        let mut command = stage.command(&["list"]);
        command.env(name, value).env("DNA_TOKEN_FILE", stage.folder.path().join("other"));
        command
    };

    for (said, code, word) in [
        (stage.create(&[("email", "x"), ("zipcode", "1")]).await, 4, "validation_failed"),
        (stage.dna(&["get", "999999"]).await, 5, "not_found"),
        (stage.create(&[("customer_id", "A-1")]).await, 6, "duplicate_customer_id"),
        (stage.dna(&["list", "after=x"]).await, 1, "invalid_request"),
        (said(wrong("API_PASSWORD", "not the password")).await, 3, "invalid_grant"),
        (said(wrong("API_CLIENT_SECRET", "not the secret")).await, 3, "invalid_client"),
    ] {
        assert_eq!((said.code, said.out.as_str()), (code, ""), "{}", said.err);
        assert!(said.err.starts_with("dna.sh: 4") && said.err.contains(word), "{}", said.err);
        let request = said.err.split("(request ").nth(1).and_then(|rest| rest.split(')').next());
        assert!(request.is_some_and(|request| request.len() >= 8), "{}", said.err);
    }

    let mut scope = stage.command(&["suspend", &id]);
    scope.env("API_USERNAME", &narrow.username).env("API_PASSWORD", &narrow.password);
    assert_eq!(said(scope).await.code, 3);
    let mut nobody = stage.command(&["list"]);
    nobody.env("API_URL", "nobody://there");
    assert_eq!(said(nobody).await.code, 9);
    for wrong in [&["fly"][..], &["get"], &["get", "1/activate"], &["create", "--etag"], &["update", "--key"]] {
        assert_eq!(stage.dna(wrong).await.code, 2, "{wrong:?}");
    }
}

#[tokio::test]
#[ignore = "needs bash, dash and shellcheck"]
async fn the_shell_client_is_a_script_of_any_posix_shell() {
    let stage = Stage::set().await;
    let mut lint = Command::new("shellcheck");
    lint.args(["--shell=sh", "--enable=quote-safe-variables,check-unassigned-uppercase", SCRIPT]);
    let lint = said(lint).await;
    assert_eq!((lint.code, lint.out.as_str()), (0, ""));

    for shell in [&["bash", "--posix", SCRIPT][..], &["bash", SCRIPT], &["dash", SCRIPT]] {
        let command = stage.run_by(shell, &["list", "q=harris \\\"'&"]);
        // One login, whose token the next shell finds.
        assert_eq!(said(command).await.json()["clients"], json!([]), "{shell:?}");
    }
    assert_eq!(logins(&stage.proxy.take()), (1, 0));
}

/// What the script runs. Its PATH has nothing else, so that none is missing here.
const TOOLS: &str = "awk cat curl date dirname grep head id ls mkdir mktemp mv od rm sed sleep tail tr";

impl Stage {
    /// Puts something in front of each tool that writes down what it is given, and tells where to.
    fn watch(&self, command: &mut Command) -> PathBuf {
        let (tools, log) = (self.folder.path().join("tools"), self.folder.path().join("arguments"));
        fs::create_dir_all(&tools).expect("a folder");
        let path = std::env::var("PATH").expect("a path");
        for tool in TOOLS.split(' ') {
            let note = format!("printf '%s\\n' {tool} \"$@\" >>'{}'", log.display());
            let text = format!("#!/bin/sh\n{note}\nPATH='{path}'\nexec {tool} \"$@\"\n");
            fs::write(tools.join(tool), text).expect("a tool");
            fs::set_permissions(tools.join(tool), Permissions::from_mode(0o755)).expect("its mode");
        }
        command.env("PATH", tools);
        log
    }
}

#[tokio::test]
async fn no_secret_of_the_shell_client_is_on_a_command_line_in_a_url_or_in_a_message() {
    let stage = Stage::set().await;
    stage.create(&[]).await.json();
    let mut secrets = stage.kept_tokens();
    let mut log = PathBuf::new();
    let mut told = String::new();
    for (command, code) in [(&["list"][..], 0), (&["export"], 0), (&["get", "999999"], 5), (&["introspect"], 0)] {
        stage.app.advance(TimeDelta::minutes(30));
        let mut command = stage.command(command);
        log = stage.watch(&mut command);
        let said = said(command).await;
        assert_eq!(said.code, code, "{}", said.err);
        told += &said.err;
        secrets.extend(stage.kept_tokens());
    }
    let mut command = stage.command(&["revoke"]);
    stage.watch(&mut command);
    assert_eq!(said(command).await.code, 0);

    let given = fs::read_to_string(log).expect("what was given");
    // The checks see the tools at work.
    assert!(given.contains("curl\n--disable\n--config\n-\n") && given.contains("\nmv\n-f\n"), "{given}");
    assert!(stage.proxy.seen().iter().all(|seen| seen.command_lines.contains("curl --disable --config - ")));
    let secrets: Vec<_> = secrets.iter().map(String::as_str).collect();
    stage.no_secret_shows(&secrets);
    for secret in secrets.into_iter().chain([stage.partner.client_secret.as_str(), &stage.partner.password]) {
        assert!(!given.contains(secret), "a secret is given to a tool");
        assert!(!told.contains(secret), "a message has a secret");
    }
}
