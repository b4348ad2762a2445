//! A large import, and what it takes. `DNA_TEST_IMPORT_ROWS=50000` is the long form.

use std::{collections::BTreeSet, fs};

use serde_json::Value;
use sqlx::{Connection as _, PgConnection};

use super::{IMPORT, lines, row};
use crate::support::{
    Reply, database,
    program::{Folder, Server, run_json},
};

const MASTER_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// The most memory that a process has ever had, in KiB.
fn peak(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("a process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("VmHWM");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

#[tokio::test]
async fn of_a_large_import_exactly_the_bad_rows_are_named_and_again_it_changes_nothing() {
    let rows: u64 = std::env::var("DNA_TEST_IMPORT_ROWS").map_or(5_000, |rows| rows.parse().expect("a number"));
    let folder = Folder::new();
    let url = database::empty_url().await;
    let settings = [("DATABASE_URL", url.as_str()), ("DNA_MASTER_KEY", MASTER_KEY), ("DNA_SIGNING_KEY_BITS", "2048")];
    let server = Server::start(&folder, &settings);
    let account = run_json(&folder, &settings, &["partner", "add", "Acme"]);
    let mut form = vec![("grant_type", "password")];
    let names = ["client_id", "client_secret", "username", "password"];
    form.extend(names.map(|name| (name, account[name].as_str().expect(name))));
    let token = Reply::of(server.post("/api/oauth/token").form(&form)).await.json["access_token"].clone();
    let bad = |n: u64| n % (rows / 100) == 7;
    let file: String = (1..=rows).map(|n| row(if bad(n) { "" } else { "Steve" }, &format!("C-{n}")) + "\n").collect();
    let mut db = PgConnection::connect(&url).await.expect("a connection");
    let import = async || -> Vec<Value> {
        let request = server.post(IMPORT).bearer_auth(token.as_str().expect("a token"));
        let reply = request.header("Content-Type", "application/x-ndjson").body(file.clone()).send().await;
        lines(&reply.expect("a reply").text().await.expect("a body"))
    };
    let idle = peak(server.pid());

    let begun = std::time::Instant::now();
    let told = import().await;
    println!("{rows} rows in {:?}", begun.elapsed());

    let grown = peak(server.pid()) - idle;
    assert!(grown < 64 * 1024, "{grown} KiB above idle");
    let failed: BTreeSet<u64> =
        told.iter().filter(|line| line["result"] == "ERROR").filter_map(|line| line["row"].as_u64()).collect();
    assert_eq!(failed, (1..=rows).filter(|n| bad(*n)).collect());
    let sum = told.last().expect("a summary");
    assert_eq!((&sum["created"], &sum["failed"]), (&(rows - 100).into(), &100.into()));

    let digest =
        "select md5(string_agg(c::text, '|' order by c.id)) || (select count(*) from client_events) from clients c";
    let before: String = sqlx::query_scalar(digest).fetch_one(&mut db).await.expect("a digest");
    let again = import().await;
    let after: String = sqlx::query_scalar(digest).fetch_one(&mut db).await.expect("a digest");
    let sum = again.last().expect("a summary");
    assert_eq!((&sum["created"], &sum["existing"]), (&0.into(), &(rows - 100).into()));
    assert_eq!(before, after);
    println!("{rows} rows: {grown} KiB above idle");
    db.close().await.expect("closing");
}
