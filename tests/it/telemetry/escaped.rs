//! Whatever a text holds, the log has it in one line that steers no terminal and reads as it was written.

use serde_json::Value;
use sqlx::{Connection as _, PgConnection};

use crate::support::{
    Reply, database,
    program::{Folder, Server, run_json},
    steve_harris,
};

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
/// A forged line, a cleared screen, a bell, a C1 control, text that is turned around, and a line's end of Unicode's.
const MISLEADING: &str = "a\nINFO forged\r\u{1b}[2J\u{7}\u{9b}1m\u{202e}txt\u{2066}x\u{200f}\u{2028}z";

/// What the log says of a request that fails with that text as its cause.
async fn cause_in_log(format: &str) -> String {
    let folder = Folder::new();
    let url = database::empty_url().await;
    let settings = [("DATABASE_URL", url.as_str()), ("DNA_MASTER_KEY", KEY), ("DNA_LOG_FORMAT", format)];
    let server = Server::start(&folder, &settings);
    let account = run_json(&folder, &settings, &["partner", "add", "Acme"]);
    let member = |name: &str| account[name].as_str().expect(name).to_owned();
    let form: Vec<_> = ["client_id", "client_secret", "username", "password"].map(|name| (name, member(name))).into();
    let token = server.post("/api/oauth/token").query(&[("grant_type", "password")]).form(&form);
    let token = Reply::of(token).await.json["access_token"].as_str().expect("a token").to_owned();

    let mut db = PgConnection::connect(&url).await.expect("a database");
    let quoted = MISLEADING.replace('\'', "''");
    let raising = format!(
        "create function raises() returns trigger language plpgsql as
         $$ begin raise exception using errcode = 'XX000', message = '{quoted}'; end $$;
         create trigger raises before insert on clients for each row execute function raises()"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(raising)).execute(&mut db).await.expect("a trigger");
    let create = server.post("/api/residential/client").bearer_auth(token).form(&steve_harris());
    assert_eq!(Reply::even_a_failure(create).await.status, 500);
    let said = server.last_words();
    said.lines().find(|line| line.contains("forged")).expect("the cause").to_owned()
}

fn is_clean(line: &str) {
    let misleading = |c: char| c.is_control() || "\u{202e}\u{2066}\u{200f}\u{2028}".contains(c);
    assert!(!line.contains(misleading), "{line:?}");
}

#[tokio::test]
async fn in_text() {
    let line = cause_in_log("text").await;
    is_clean(&line);
    assert!(line.contains("ERROR request{") && line.contains("cause="), "one line of the request: {line}");
    assert!(line.contains("\\u{202e}txt\\u{2066}x\\u{200f}\\u{2028}z"), "{line}");
}

#[tokio::test]
async fn in_json() {
    let line = cause_in_log("json").await;
    is_clean(&line);
    let event: Value = serde_json::from_str(&line).expect("one object");
    let cause = event["cause"].as_str().expect("a cause");
    assert!(cause.contains("\u{202e}txt\u{2066}x\u{200f}\u{2028}z"), "what is read is what was written: {cause:?}");
    assert!(line.contains("\\u202etxt\\u2066x"), "{line}");
}
