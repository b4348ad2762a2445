//! Data of each released version, as that version wrote it, after all later migrations. `tests/snapshots/make` makes
//! one of the version that is checked out.

use std::{fs, path::Path};

use dna_api::store::schema;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::support::{
    CLIENT, Reply, database,
    program::{Folder, Server, run},
    until,
};

/// The master key that the snapshots' signing keys are sealed under. It guards nothing else.
const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// A database of that version, as its program left it.
async fn filled(version: i64, sql: String) -> String {
    let url = database::empty_url().await;
    let mut older = sqlx::migrate!();
    older.migrations = older.iter().filter(|migration| migration.version <= version).cloned().collect();
    let mut connection = PgConnection::connect(&url).await.expect("a connection");
    older.run(&mut connection).await.expect("migrations");
    // What a migration writes itself is among the data.
    sqlx::raw_sql("truncate event_eras").execute(&mut connection).await.expect("no era");
    // Rows come in the order of the tables' names, whatever refers to what: only a superuser may leave that unlooked at.
    let sql = format!("set session_replication_role = replica; {sql}");
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.expect("the snapshot");
    connection.close().await.expect("closing");
    url
}

fn of(version: i64, extension: &str) -> String {
    let path = format!("tests/snapshots/{version:04}.{extension}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|_| panic!("{}: run tests/snapshots/make", path.display()))
}

#[tokio::test]
async fn what_each_released_version_wrote_is_read_by_this_one() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots");
    let files = fs::read_dir(folder).expect("snapshots").map(|entry| entry.expect("a file").file_name());
    let names = files.filter_map(|name| name.into_string().ok());
    let versions: Vec<i64> = names.filter_map(|name| name.strip_suffix(".sql")?.parse().ok()).collect();
    assert!(
        [10, 12, schema::newest()].iter().all(|version| versions.contains(version)),
        "one was left out: {versions:?}"
    );
    for version in versions {
        reads(version).await;
    }
}

async fn reads(version: i64) {
    let known: Value = serde_json::from_str(&of(version, "json")).expect("JSON");
    let url = filled(version, of(version, "sql")).await;
    let folder = Folder::new();
    let settings = [("DATABASE_URL", url.as_str()), ("DNA_MASTER_KEY", KEY)];
    let server = Server::start(&folder, &settings);
    assert!(run(&folder, &settings, &["check"]).status.success(), "its keys open");

    let text = |name: &str| known["account"][name].as_str().expect(name).to_owned();
    let secrets = [("client_id", text("client_id")), ("client_secret", text("client_secret"))];
    let token = async |more: &[(&str, String)]| -> String {
        let form: Vec<_> = secrets.iter().chain(more).cloned().collect();
        let reply = Reply::of(server.post("/api/oauth/token").form(&form)).await;
        assert_eq!(reply.status, 200, "{version}: {reply:?}");
        reply.json["access_token"].as_str().expect("a token").to_owned()
    };
    let password = [("username", text("username")), ("password", text("password"))];
    let bearer = token(&[&[("grant_type", "password".to_owned())], &password[..]].concat()).await;
    let get = async |path: &str| {
        let reply = Reply::of(server.request(reqwest::Method::GET, path).bearer_auth(&bearer)).await;
        assert_eq!(reply.status, 200, "{version}: {reply:?}");
        reply.json
    };
    // Members may be added; none goes, and none changes.
    for (path, was) in known["replies"].as_object().expect("replies") {
        let is = get(path).await;
        until("the feed has them", async || contains(&get(path).await, was)).await;
        assert!(contains(&is, was), "{version}: {path}\nwas {was:#}\nis  {is:#}");
    }
    let id = known["replies"].as_object().and_then(|replies| replies.values().next());
    let id = id.and_then(|reply| reply["client"]["id"].as_i64()).expect("a client");
    for action in ["suspend", "activate"] {
        let change = server.post(&format!("{CLIENT}/{id}/{action}")).bearer_auth(&bearer);
        assert_eq!(Reply::of(change).await.status, 200);
    }
}

/// Whether everything of one value is in another.
fn contains(is: &Value, was: &Value) -> bool {
    match (is, was) {
        (Value::Object(is), Value::Object(was)) => {
            was.iter().all(|(name, was)| name == "request_id" || is.get(name).is_some_and(|is| contains(is, was)))
        }
        (Value::Array(is), Value::Array(was)) => {
            is.len() == was.len() && is.iter().zip(was).all(|(is, was)| contains(is, was))
        }
        _ => is == was,
    }
}
