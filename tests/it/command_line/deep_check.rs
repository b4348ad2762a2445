//! `dna-api check --deep`: every damage that the schema cannot rule out is found, in a line that has nothing personal in
//! it; and what is equal has equal digests.

use std::fs;

use dna_api::store::client_counts;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, PgPool};

use crate::support::{
    database,
    program::{Folder, run, run_json},
};

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// What is done to a database, the check that finds it, and how.
const DAMAGES: [(&str, &str, &str); 26] = [
    ("delete from client_events where client_id = 2", "history", "1 clients without an event, such as of client 2"),
    (
        "delete from client_events where client_id = 1 and kind = 'created'",
        "history",
        "1 clients whose first event is not their creation, such as of client 1",
    ),
    (
        "delete from client_events where client_id = 1 and kind = 'activated'",
        "history",
        "1 clients with an event that does not begin where the one before it ended, such as of client 1",
    ),
    (
        "update client_events set from_billing_status = 'none' where client_id = 1 and kind = 'suspended'",
        "history",
        "1 clients with an event that does not begin where the one before it ended, such as of client 1",
    ),
    (
        "update client_events set position = position - 9 where client_id = 1 and kind = 'suspended'",
        "history",
        "1 clients whose events are not in the order of their positions, such as of client 1",
    ),
    (
        "delete from client_events where client_id = 1 and kind = 'suspended'",
        "history",
        "1 clients whose status is not what their last event led to, such as of client 1",
    ),
    (
        "update clients set billing_status = 'suspended' where id = 2",
        "history",
        "1 clients that are not billed as their last event says, such as of client 2",
    ),
    (
        "update clients set last_position = 0 where id = 1",
        "history",
        "1 clients with an event behind their last position, such as of client 1",
    ),
    (
        "update clients set email = 'zyxw@example.com' where id = 3",
        "erased",
        "1 erased clients that still have personal data, such as of client 3",
    ),
    (
        "insert into idempotent_replies (partner_id, oauth_client_id, key_hash, client_id, status, body)
         select partner_id, id, secret_hash, 3, 200, 'zyxw' from oauth_clients where name = 'zyxw'",
        "erased",
        "1 kept replies that tell of an erased client, such as of client 3",
    ),
    (
        "delete from client_words where word = 'zyxw' and client_id = 1",
        "words",
        "1 words of clients that no search finds, such as of client 1",
    ),
    (
        "insert into client_words select partner_id, 'zyxwv', id from clients where id = 2",
        "words",
        "1 search words that their client does not have, such as of client 2",
    ),
    (
        "insert into client_words select partner_id, 'zyxwv', 4711 from clients where id = 2",
        "words",
        "1 search words that their client does not have, such as of client 4711",
    ),
    (
        "update client_counts set pending = pending + 1 where subreseller_id = '7'",
        "counts",
        "1 subresellers whose counts are not what is counted, such as of partner ACME",
    ),
    (
        "update clients set subreseller_id = '8' where id = 2",
        "counts",
        "2 subresellers whose counts are not what is counted, such as of partner ACME",
    ),
    (
        "insert into idempotent_replies (partner_id, oauth_client_id, key_hash, client_id, status)
         select partner_id, id, secret_hash, 4711, 200 from oauth_clients where name = 'zyxw'",
        "callers",
        "1 kept replies about a client that is not there, such as of client 4711",
    ),
    (
        "insert into idempotent_replies (partner_id, oauth_client_id, key_hash)
         select partner_id, id, secret_hash from oauth_clients where name = 'zyxw'",
        "callers",
        "1 kept replies that are half written, such as of partner ACME",
    ),
    (
        "insert into refresh_tokens (partner_id, token_hash, sid, oauth_client_id, user_id, scope, expires_at)
         select c.partner_id, secret_hash, gen_random_uuid(), c.id, u.id, '', now() + interval '1 day'
         from oauth_clients c join users u on u.partner_id = c.partner_id where c.name = 'zyxw'",
        "callers",
        "1 live refresh tokens without a login, such as of partner ACME",
    ),
    ("delete from ns_domains where client_id = 2", "domains", "1 clients without their domain, such as of client 2"),
    (
        "update ns_domains set client_id = 1 where client_id = 2",
        "domains",
        "1 clients without their domain, such as of client 2",
    ),
    (
        "insert into ns_domains select 'zyxw.com', id, 4711 from partners where name = 'Acme';
         insert into ns_domain_counters values ('zyxw', '.com', 1)",
        "domains",
        "1 domains of a client that is not there, such as of client 4711",
    ),
    (
        "update ns_domain_counters set taken = 1 where slug = 'zyxwruiz'",
        "domains",
        "2 domains that the counter of their name has not come to, such as of client 2",
    ),
    (
        "insert into audit_log (partner_id, id, kind, actor, detail)
         values (gen_random_uuid(), gen_random_uuid(), 'zyxw', 'zyxw', '{}')",
        "tenants",
        "1 rows of no partner in audit_log",
    ),
    (
        "update event_eras set cluster = cluster + 1",
        "next",
        "the data has come from another cluster: run `dna-api migrate` before a server writes to it",
    ),
    (
        "update client_events set position = position + (1::bigint << 32) where client_id = 2;
         update clients set last_position = last_position + (1::bigint << 32) where id = 2",
        "next",
        "events are at positions that this cluster is still to give out",
    ),
    (
        "alter sequence clients_id_seq restart",
        "next",
        "clients have ids that are still to be given out: set the sequence clients_id_seq behind the greatest",
    ),
];

/// A database of its own, at which no server is.
struct Whole {
    folder: Folder,
    name: String,
    url: String,
}

impl Whole {
    /// With a partner's clients: 1 is suspended, 2 has a subreseller, 3 was erased; and a test partner that was purged.
    async fn new() -> Self {
        let name = format!("whole_{}", database::number());
        database::administer(&format!("create database {name} template template0 encoding 'UTF8' locale 'C'")).await;
        let url = database::url_as("dna", &name).await;
        let whole = Self { folder: Folder::new(), name, url };
        whole.does(&["migrate"]);
        whole.does(&["partner", "add", "Acme"]);
        whole.does(&["partner", "add", "QA", "--test"]);
        let client = |first: &str, subreseller: &str| {
            let client = json!({"has_subreseller_id": !subreseller.is_empty(), "subreseller_id": subreseller,
                "email": "zyxw@example.com", "first_name": first, "last_name": "Ruiz", "zipcode": "33134",
                "address": "1 Main Street", "same_billing_address": true});
            client.to_string()
        };
        whole.imports("Acme", &[client("Zyxw", ""), client("zyxw", "7"), client("Zyxw", "7")]);
        whole.imports("QA", &[client("Zyxw", "")]);
        for status in ["active", "suspended"] {
            whole.does(&["client", "set-status", "1", status, "--reason", "asked"]);
        }
        whole.does(&["client", "erase", "3", "--reason", "asked"]);
        whole.does(&["partner", "purge", "QA"]);
        let db = PgPool::connect(&whole.url).await.expect("a connection");
        while client_counts::refresh(&mut db.acquire().await.expect("a connection"), 1).await.expect("counts") {}
        db.close().await;
        whole.sql("update oauth_clients set name = 'zyxw' where partner_id = (select id from partners where name = 'Acme')")
            .await;
        whole
    }

    /// A copy of it.
    async fn copy(&self) -> Self {
        let name = format!("copy_{}", database::number());
        let copy = format!("create database {name} template {} strategy file_copy", self.name);
        database::administer(&copy).await;
        Self { folder: Folder::new(), url: database::url_as("dna", &name).await, name }
    }

    fn settings(&self) -> [(&str, &str); 2] {
        [("DATABASE_URL", &self.url), ("DNA_MASTER_KEY", KEY)]
    }

    fn does(&self, arguments: &[&str]) -> Value {
        run_json(&self.folder, &self.settings(), arguments)
    }

    fn imports(&self, partner: &str, clients: &[String]) {
        let path = self.folder.path().join("clients.ndjson");
        fs::write(&path, clients.join("\n")).expect("a file");
        self.does(&["import", path.to_str().expect("UTF-8"), "--partner", partner]);
    }

    /// Does what no constraint stops.
    async fn sql(&self, sql: &str) {
        let mut connection = PgConnection::connect(&self.url).await.expect("a connection");
        let sql = format!("set session_replication_role = replica; {sql}");
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.expect("the damage");
        connection.close().await.expect("closing");
    }

    /// The lines of the findings that failed; with the code that tells of them, and nothing personal anywhere.
    fn failed(&self) -> Vec<String> {
        let output = run(&self.folder, &self.settings(), &["check", "--deep"]);
        let said = String::from_utf8(output.stdout).expect("UTF-8");
        assert!(output.stderr.is_empty() && !said.to_lowercase().contains("zyxw"), "{said}");
        let failed: Vec<_> = said.lines().filter(|line| line.starts_with("FAILED")).map(str::to_owned).collect();
        assert_eq!(output.status.code(), Some(i32::from(!failed.is_empty())), "{said}");
        assert!(said.lines().any(|line| line.contains("clients_") || line.contains("client_events")), "{said}");
        failed
    }

    /// What each table holds.
    fn tables(&self) -> Vec<Value> {
        let findings = self.does(&["check", "--deep"]);
        let tables = findings.as_array().expect("findings").iter().filter(|finding| finding["check"] == "table");
        tables.map(|finding| json!([finding["table"], finding["rows"], finding["digest"]])).collect()
    }
}

#[tokio::test]
async fn every_damage_that_the_schema_cannot_rule_out_is_found() {
    let whole = Whole::new().await;
    assert_eq!(whole.failed(), [""; 0]);
    let acme = whole.does(&["partner", "list"])[0]["id"].as_str().map(str::to_owned);

    let mut missed = Vec::new();
    for (damage, check, line) in DAMAGES {
        let damaged = whole.copy().await;
        damaged.sql(damage).await;
        let failed = damaged.failed();
        let line = line.replace("ACME", acme.as_deref().unwrap_or("-"));
        let found = failed.iter().find(|failed| failed.starts_with(&format!("FAILED {check:8} ")));
        if !found.is_some_and(|found| found.contains(&line)) {
            missed.push(format!("{damage}\n{failed:#?}"));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[tokio::test]
async fn a_copy_has_the_digests_of_what_it_was_made_of_and_a_row_that_differs_shows() {
    let whole = Whole::new().await;
    let (copy, changed, swapped, stripped) =
        (whole.copy().await, whole.copy().await, whole.copy().await, whole.copy().await);
    copy.sql("update clients set zipcode = zipcode; cluster clients using clients_pkey").await; // rows in other places
    changed.sql("update clients set zipcode = '33135' where id = 2").await;
    swapped.sql("update clients set address = case id when 1 then 'a' else 'b' end where id < 3").await;
    let before = swapped.tables();
    swapped.sql("update clients set address = case id when 1 then 'b' else 'a' end where id < 3").await;
    stripped.sql("alter table clients drop constraint clients_partner_id_fkey").await;

    let tables = whole.tables();
    let others = |of: &[Value], than: &[Value]| -> Vec<Value> {
        of.iter().zip(than).filter(|(one, other)| one != other).map(|(one, _)| one[0].clone()).collect()
    };
    assert_eq!(copy.tables(), tables);
    assert_eq!(others(&changed.tables(), &tables), ["clients"]);
    assert_eq!(others(&swapped.tables(), &before), ["clients"]);
    assert_eq!(others(&stripped.tables(), &tables), ["schema"]);
}

#[tokio::test]
async fn every_table_has_its_line() {
    let whole = Whole::new().await;
    let mut connection = PgConnection::connect(&whole.url).await.expect("a connection");
    let names: Vec<String> = sqlx::query_scalar(
        "select table_name::text from information_schema.tables where table_schema = 'public' order by 1",
    )
    .fetch_all(&mut connection)
    .await
    .expect("tables");

    let tables = whole.tables();
    let listed: Vec<&str> = tables.iter().filter_map(|table| table[0].as_str()).collect();
    assert!(listed[0] == "schema" && listed[1..] == names, "{listed:?}");
    let clients = tables.iter().find(|table| table[0] == "clients").expect("clients");
    assert_eq!(clients[1], 3);
}
