//! A server of the version before on the schema of the version after: as long as that is only wider, it serves beside the
//! new one; once what it needs is gone, it says so.

use std::borrow::Cow;

use dna_api::store::schema;
use serde_json::Value;
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, SqlSafeStr as _,
    migrate::{Migration, MigrationType, Migrator},
    postgres::PgConnectOptions,
};

use crate::support::{
    CLIENT, Reply, database,
    program::{Folder, Server, failure, run, run_json},
    steve_harris, until,
};

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// What a version to come might add: a column, a table, and an index.
const WIDER: &str = "alter table clients add column note text, add column weight integer not null default 0;
     create table client_notes (partner_id uuid not null, client_id bigint not null, note text not null,
                                constraint client_notes_pkey primary key (partner_id, client_id))";

/// Does what a program with one migration more does.
async fn newer(url: &str, description: &'static str, sql: &'static str) {
    let mut migrator: Migrator = sqlx::migrate!();
    let version = schema::newest() + 1 + i64::from(description.starts_with("contract"));
    migrator.ignore_missing = true;
    let next = Migration::new(version, Cow::Borrowed(description), MigrationType::Simple, sql.into_sql_str(), false);
    migrator.migrations = migrator.iter().cloned().chain([next]).collect();
    let options: PgConnectOptions = url.parse().expect("a URL");
    schema::apply(&migrator, &options).await.expect("a migration");
}

/// A partner's day at that server: its replies.
async fn day(server: &Server, account: &Value) -> Vec<u16> {
    let text = |name: &str| account[name].as_str().expect(name).to_owned();
    let form = ["client_id", "client_secret", "username", "password"].map(|name| (name, text(name)));
    let form: Vec<_> = form.into_iter().chain([("grant_type", "password".to_owned())]).collect();
    let login = Reply::of(server.post("/api/oauth/token").form(&form)).await;
    let token = login.json["access_token"].as_str().expect("a token").to_owned();
    let created = Reply::of(server.post(CLIENT).bearer_auth(&token).form(&steve_harris())).await;
    let id = created.json["client"]["id"].as_i64().expect("a client");
    let mut statuses = vec![login.status, created.status];
    for path in [format!("{CLIENT}/{id}/activate"), format!("{CLIENT}/{id}/suspend")] {
        statuses.push(Reply::of(server.post(&path).bearer_auth(&token)).await.status);
    }
    for path in [format!("{CLIENT}/{id}"), format!("{CLIENT}?q=harris"), format!("{CLIENT}/{id}/events")] {
        statuses.push(Reply::of(server.request(reqwest::Method::GET, &path).bearer_auth(&token)).await.status);
    }
    statuses
}

#[tokio::test]
async fn a_server_serves_and_starts_on_a_schema_that_a_newer_one_has_widened() {
    let url = database::empty_url().await;
    let folder = Folder::new();
    let settings = [("DATABASE_URL", url.as_str()), ("DNA_MASTER_KEY", KEY), ("DNA_SIGNING_KEY_BITS", "2048")];
    let before = Server::start(&folder, &settings);
    let account = run_json(&folder, &settings, &["partner", "add", "Acme"]);
    newer(&url, "notes", WIDER).await;

    let all_well = [200, 201, 200, 200, 200, 200, 200];
    assert_eq!(day(&before, &account).await, all_well, "one that runs already");
    let restarted = Server::start(&folder, &settings);
    assert_eq!(day(&restarted, &account).await, all_well, "one that starts");
    assert_eq!(day(&before, &account).await, all_well, "one beside it");
    assert!(run(&folder, &settings, &["check"]).status.success());
    assert_eq!(run_json(&folder, &settings, &["migrate"])["applied"].as_array().map(Vec::len), Some(0));
}

#[tokio::test]
async fn a_server_refuses_a_schema_from_which_a_newer_one_took_what_it_needs() {
    let url = database::empty_url().await;
    let folder = Folder::new();
    let settings = [("DATABASE_URL", url.as_str()), ("DNA_MASTER_KEY", KEY), ("DNA_SIGNING_KEY_BITS", "2048")];
    let server = Server::start(&folder, &settings);
    let ready = async || Reply::even_a_failure(server.request(reqwest::Method::GET, "/readyz")).await.status;

    newer(&url, "wider", WIDER).await;

    // What was given up before this version's time is nothing to it.
    let long_ago = format!("contract since {:04} notes", schema::newest());
    newer(&url, Box::leak(long_ago.clone().into_boxed_str()), "drop table client_notes").await;
    assert!(run(&folder, &settings, &["check"]).status.success());
    assert_eq!(ready().await, 200);

    let lately = format!("contract since {:04} notes", schema::newest() + 1);
    let rename = format!("update _sqlx_migrations set description = '{lately}' where description = '{long_ago}'");
    let mut connection = url.parse::<PgConnectOptions>().expect("a URL").connect().await.expect("a connection");
    sqlx::raw_sql(AssertSqlSafe(rename)).execute(&mut connection).await.expect("a name");
    until("it leaves the balancer", async || ready().await == 503).await;
    let why = format!("the migration {:04} {lately} took from the database what", schema::newest() + 2);
    let (code, said) = failure(&run(&folder, &settings, &["serve"]));
    assert!(code == 1 && said.contains(&why), "{said}");
    let checked = run(&folder, &settings, &["check"]);
    assert!(checked.status.code() == Some(1) && String::from_utf8_lossy(&checked.stdout).contains(&why), "{checked:?}");
}
