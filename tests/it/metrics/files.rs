//! The alert rules and the dashboard ask for what there is.

use std::{collections::BTreeSet, process::Command};

use serde_json::Value;

use crate::support::App;

pub const OPERATIONS: &str = include_str!("../../../docs/operations.md");
const ALERTS: &str = include_str!("../../../deploy/prometheus/alerts.yaml");
const DASHBOARD: &str = include_str!("../../../deploy/grafana/dashboard.json");

/// The metrics of ours in an expression, and what it wants of their labels.
fn named(expression: &str) -> BTreeSet<String> {
    let words = expression.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let is_ours =
        |word: &&str| ["dna_", "http_server_", "process_", "db_client_"].iter().any(|own| word.starts_with(own));
    let is_label =
        |word: &&str| word.starts_with("db_client_connection_pool_name") || *word == "db_client_connection_state";
    words.filter(is_ours).filter(|word| !is_label(word)).map(str::to_owned).collect()
}

/// Every text under a member of that name, at any depth.
fn texts<'a>(value: &'a Value, name: &str, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(members) => {
            for (member, value) in members {
                match value.as_str() {
                    Some(text) if member == name => found.push(text),
                    _ => texts(value, name, found),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| texts(value, name, found)),
        _ => {}
    }
}

fn expressions(file: &Value) -> Vec<&str> {
    let mut found = Vec::new();
    texts(file, "expr", &mut found);
    found
}

async fn is_told(expressions: &[&str]) {
    let app = App::start().await;
    app.get("/api/oauth/token?client_id=x&client_secret=y").send().await.expect("a refusal");
    app.state.metrics.tokens.documented_form(dna_api::domain::oauth_client::OauthClientId(uuid::Uuid::nil()));
    let metrics = app.metrics().await;
    let told: BTreeSet<&str> = metrics.series_names().into_iter().collect();
    for expression in expressions {
        for name in named(expression) {
            assert!(told.contains(name.as_str()), "nobody tells {name}: {expression}");
        }
    }
}

#[tokio::test]
async fn each_alert_asks_for_what_is_told() {
    let alerts: Value = serde_saphyr::from_str(ALERTS).expect("YAML");
    let expressions = expressions(&alerts);
    assert!(expressions.len() > 10);
    is_told(&expressions).await;
}

#[tokio::test]
async fn each_panel_asks_for_what_is_told() {
    let dashboard: Value = serde_json::from_str(DASHBOARD).expect("JSON");
    let expressions = expressions(&dashboard);
    assert!(expressions.len() > 30);
    is_told(&expressions).await;
}

#[tokio::test]
async fn each_metric_that_is_told_is_on_the_dashboard() {
    let app = App::start().await;
    let metrics = app.metrics().await;
    for name in metrics.names() {
        assert!(DASHBOARD.contains(name), "{name}");
    }
}

#[test]
#[ignore = "needs promtool, of Debian's prometheus"]
fn promtool_takes_the_alert_rules() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/prometheus/alerts.yaml");
    let checked = Command::new("promtool").args(["check", "rules", file]).output().expect("promtool");
    assert!(checked.status.success(), "{checked:?}");
}

/// What promtool says of names that are OpenTelemetry's.
const NOT_OURS: &str = "non-histogram and non-summary metrics should not have \"_count\" suffix";

#[tokio::test]
#[ignore = "needs promtool, of Debian's prometheus"]
async fn promtool_takes_what_is_told() {
    let app = App::start().await;
    app.get("/healthz").send().await.expect("a reply");
    let told = app.metrics().await.text;
    let check = move || {
        use std::{io::Write as _, process::Stdio};
        let mut promtool = Command::new("promtool");
        let promtool = promtool.args(["check", "metrics"]).stdin(Stdio::piped()).stderr(Stdio::piped());
        let mut checking = promtool.spawn().expect("promtool");
        checking.stdin.take().expect("a pipe").write_all(told.as_bytes()).expect("written");
        checking.wait_with_output().expect("its answer")
    };
    let checked = tokio::task::spawn_blocking(check).await.expect("a thread");
    assert!(matches!(checked.status.code(), Some(0 | 3)), "it could not be read: {checked:?}");
    let said = String::from_utf8(checked.stderr).expect("UTF-8");
    let ours: Vec<&str> = said.lines().filter(|line| !line.ends_with(NOT_OURS)).collect();
    assert!(ours.is_empty(), "{ours:?}");
}
