//! The document's own commands, as it prints them, typed into a shell.

use std::process::Command;

use serde_json::Value;

use crate::support::{App, Partner, Reply};

/// Each is printed on several lines without a backslash at their ends.
const TOKEN: &str = r#"curl "http://local.websales-api.nexogy.com/api/oauth/token?grant_type=password&client_id=<value>&client_secret=<value>&username=<value>&password=<value>&scope=<value>"
  -H "Accept: application/json""#;
const CREATE: &str = r#"curl "http://local.websales-api.nexogy.com/api/residential/client"
  -H "Authorization:Bearer eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiIsImp0aSI6IjY1N2"
  -H "Accept:application/json""#;
const ACTIVATE: &str = r#"curl "http://local.websales-api.nexogy.com/api/residential/client/<id>/activate"
  -H "Authorization:Bearer eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiIsImp0aSI6IjY1N2"
  -H "Accept:application/json""#;
const SUSPEND: &str = r#"curl "http://local.websales-api.nexogy.com/api/residential/client/<id>/suspend"
  -H "Authorization:Bearer eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiIsImp0aSI6IjY1N2"
  -H "Accept:application/json""#;

/// Joins a command's lines, sends it to this server and runs it; tells status and body.
async fn run(app: &App, command: &str) -> (u16, Value) {
    let line = command.replace('\n', " ").replace("http://local.websales-api.nexogy.com", &app.url);
    let line = format!(r"{line} --silent --noproxy '*' --write-out '\n%{{http_code}}'");
    let shell = move || Command::new("sh").arg("-c").arg(line).output().expect("a shell");
    let output = tokio::task::spawn_blocking(shell).await.expect("curl");
    assert!(output.status.success(), "{output:?}");
    let output = String::from_utf8(output.stdout).expect("UTF-8");
    let (body, status) = output.rsplit_once('\n').expect("a status behind the body");
    (status.parse().expect("a status"), serde_json::from_str(body).expect("JSON"))
}

fn with_token(command: &str, token: &str) -> String {
    command.replace("eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiIsImp0aSI6IjY1N2", token)
}

async fn token(app: &App, partner: &Partner) -> String {
    let scope = "client:create+client:activate+client:suspend";
    let values = [&partner.client_id, &partner.client_secret, &partner.username, &partner.password, scope];
    let command = values.iter().fold(TOKEN.to_owned(), |command, value| command.replacen("<value>", value, 1));
    let (status, body) = run(app, &command).await;
    assert_eq!(status, 200, "{body}");
    let secret = |name: &str| {
        let value = body[0][name].as_str().unwrap_or_else(|| panic!("an array of one token: {body}"));
        app.keep_secret(value);
        value.to_owned()
    };
    secret("refresh_token");
    let access_token = secret("access_token");
    let members = ["token_type", "expires_in", "access_token", "refresh_token"];
    assert_eq!((body.as_array().map(Vec::len), Reply::members(&body[0])), (Some(1), members.to_vec()));
    access_token
}

#[tokio::test]
async fn work_once_their_lines_are_joined() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let id = partner.log_in(&app).await.new_client(&app).await;

    let token = token(&app, &partner).await;
    // It lacks its `-X POST` and its parameters, so it asks for the list, which this token's scopes do not have.
    let (create, refused) = run(&app, &with_token(CREATE, &token)).await;
    assert_eq!((create, &refused["error"]), (403, &"insufficient_scope".into()));
    for (command, status) in [(ACTIVATE, "active"), (SUSPEND, "suspended")] {
        let (code, body) = run(&app, &with_token(command, &token).replace("<id>", &id.to_string())).await;
        assert_eq!((code, &body["result"]), (200, &"OK".into()));
        assert_eq!((&body["client"]["id"], &body["client"]["status"]), (&id.into(), &status.into()));
        assert_eq!(app.status(id).await.0, status);
    }
    assert_eq!(app.rows("clients").await, 1);
}
