//! Reading the audit log, and removing what is old.

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool};

use super::{members, text};
use crate::support::{
    database,
    program::{Folder, failure, run, run_json},
};

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// A migrated database with a partner, Acme, and a log of its own: the operator's entries are taken out.
struct Log {
    folder: Folder,
    url: String,
    db: PgPool,
    acme: Value,
}

impl Log {
    async fn new() -> Self {
        let (folder, url) = (Folder::new(), database::empty_url().await);
        let settings = [("DATABASE_URL", url.as_str()), ("DNA_MASTER_KEY", KEY)];
        run_json(&folder, &settings, &["migrate"]);
        let acme = run_json(&folder, &settings, &["partner", "add", "Acme"]);
        let db = PgPool::connect(&url).await.expect("a database");
        let log = Self { folder, url, db, acme };
        log.execute("delete from audit_log").await;
        log
    }

    async fn execute(&self, sql: &str) {
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&self.db).await.expect(sql);
    }

    /// Adds so many entries, a minute apart, the last of them so old, each with its number.
    async fn add(&self, partner: &str, kind: &str, many: u32, age: &str) {
        self.execute(&format!(
            "insert into audit_log (partner_id, id, at, kind, actor, detail)
             select coalesce((select id from partners where name = '{partner}'), '{}'), gen_random_uuid(),
                    now() - interval '{age}' - make_interval(mins => {many} - n), '{kind}', 'api',
                    jsonb_build_object('n', n)
             from generate_series(1, {many}) as n",
            uuid::Uuid::nil()
        ))
        .await;
    }

    fn settings(&self) -> [(&str, &str); 2] {
        [("DATABASE_URL", self.url.as_str()), ("DNA_MASTER_KEY", KEY)]
    }

    fn run(&self, arguments: &[&str]) -> std::process::Output {
        let arguments: Vec<_> = ["audit"].iter().chain(arguments).copied().collect();
        run(&self.folder, &self.settings(), &arguments)
    }

    fn run_json(&self, arguments: &[&str]) -> Value {
        let arguments: Vec<_> = ["audit"].iter().chain(arguments).copied().collect();
        run_json(&self.folder, &self.settings(), &arguments)
    }

    /// The entries that are printed as JSON.
    fn json(&self, arguments: &[&str]) -> Vec<Value> {
        self.run_json(arguments).as_array().expect("an array").clone()
    }

    /// The numbers of the entries that are printed.
    fn numbers(&self, arguments: &[&str]) -> Vec<i64> {
        self.json(arguments).iter().map(|entry| entry["detail"]["n"].as_i64().expect("a number")).collect()
    }

    /// What is printed for a person.
    fn text(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("UTF-8")
    }
}

#[tokio::test]
async fn entries_are_chosen_by_time_partner_and_kind_and_the_newest_come_last() {
    let log = Log::new().await;
    log.add("Acme", "token_issued", 3, "10 days").await;
    log.add("", "token_refused", 2, "3 hours").await;
    log.add("Acme", "token_revoked", 1, "5 minutes").await;

    assert_eq!(log.numbers(&[]), [1, 2, 3, 1, 2, 1]);
    assert_eq!(log.numbers(&["--partner", "Acme"]), [1, 2, 3, 1]);
    assert_eq!(log.numbers(&["--kind", "token_refused"]), [1, 2]);
    assert_eq!(log.numbers(&["--since", "4h"]), [1, 2, 1]);
    assert_eq!(log.numbers(&["--until", "9d"]), [1, 2, 3]);
    assert_eq!(log.numbers(&["--since", "9d", "--until", "30m", "--partner", "Acme"]), [0_i64; 0]);
    assert_eq!(log.numbers(&["--limit", "2"]), [2, 1]);
    assert_eq!(log.numbers(&["--limit", "3", "--partner", "Acme"]), [2, 3, 1]);
    let entries = log.json(&[]);
    let second = text(&entries[1], "at");
    assert_eq!(
        log.numbers(&["--since", second, "--until", text(&entries[2], "at")]),
        [2],
        "from `since`, before `until`"
    );
}

#[tokio::test]
async fn a_log_of_many_pages_is_printed_whole_and_each_entry_once() {
    let log = Log::new().await;
    log.add("Acme", "token_issued", 1_300, "1 hour").await;
    // Many at one moment.
    log.execute("update audit_log set at = date_trunc('hour', at)").await;
    let all = log.json(&["--limit", "5000"]);
    let mut ids: Vec<_> = all.iter().map(|entry| (text(entry, "at"), text(entry, "id"))).collect();
    assert!(ids.is_sorted());
    ids.dedup();
    assert_eq!(ids.len(), 1_300);
    let newest = log.json(&["--limit", "1100"]);
    assert_eq!(newest, all[200..]);
    assert_eq!(log.json(&[]), all[1_100..], "200 where no limit is named");
}

#[tokio::test]
async fn an_entry_names_the_partner_and_the_user_where_they_still_exist() {
    let log = Log::new().await;
    log.execute(
        "insert into audit_log (partner_id, id, kind, user_id, oauth_client_id, sid, actor, address, request_id, detail)
         select u.partner_id, gen_random_uuid(), 'token_refused', u.id, o.id, gen_random_uuid(), 'api', '2001:db8::1',
                'from-the-crm', '{\"reason\": \"wrong password\", \"grant\": \"password\"}'
         from users u join oauth_clients o using (partner_id);
         insert into audit_log (partner_id, id, kind, user_id, actor, detail)
         values ('11111111-0000-4000-8000-000000000000', gen_random_uuid(), 'token_issued',
                 '22222222-0000-4000-8000-000000000000', 'api', '{}')",
    )
    .await;

    let entries = log.json(&[]);
    let expected = [
        "actor",
        "address",
        "at",
        "detail",
        "id",
        "kind",
        "oauth_client_id",
        "partner",
        "partner_id",
        "request_id",
        "sid",
        "user_id",
        "username",
    ];
    assert_eq!(members(&entries[0]), expected.into());
    assert_eq!((&entries[0]["partner"], &entries[0]["username"]), (&json!("Acme"), &log.acme["username"]));
    assert_eq!((&entries[1]["partner"], &entries[1]["username"]), (&Value::Null, &Value::Null));
    assert_eq!(entries[1]["partner_id"], "11111111-0000-4000-8000-000000000000");

    let printed = log.text(&[]);
    assert!(printed.lines().all(|line| line.chars().count() <= 120), "{printed}");
    for part in ["token_refused  Acme", "reason=\"wrong password\"", "from=2001:db8::1", "request=from-the-crm"] {
        assert!(printed.contains(part), "{printed}");
    }
    assert!(printed.contains(&format!("user={}", text(&log.acme, "username"))), "{printed}");
    assert!(printed.contains("token_issued  11111111-0000-4000-8000-000000000000"), "{printed}");
}

#[tokio::test]
async fn what_is_left_out_is_told_and_an_empty_log_is_none() {
    let log = Log::new().await;
    assert_eq!((log.text(&[]), log.json(&[])), ("none\n".to_owned(), vec![]));
    log.add("Acme", "token_issued", 2, "1 hour").await;
    let said = |arguments: &[&str]| String::from_utf8(log.run(arguments).stderr).expect("UTF-8");
    assert_eq!(said(&["--limit", "2"]), "");
    assert!(said(&["--limit", "1"]).contains("--limit"), "{}", said(&["--limit", "1"]));
}

#[tokio::test]
async fn a_mistake_is_told() {
    let log = Log::new().await;
    let unknown = (1, "dna-api: there is no partner `Nobody`: see `dna-api partner list`".to_owned());
    assert_eq!(failure(&log.run(&["--partner", "Nobody"])), unknown);
    for (arguments, told) in [
        (&["--kind", "token_stolen"][..], "token_issued, token_refused"),
        (&["--since", "yesterday"], "RFC 3339"),
        (&["--since", "2026-11-24"], "RFC 3339"),
        (&["--until", "1w"], "RFC 3339"),
        (&["--limit", "0"], "1.."),
        (&["prune"], "--older-than"),
        (&["prune", "--older-than", "4"], "400d"),
        (&["prune", "--older-than", "23h"], "a day"),
        (&["prune", "--older-than", "99999d"], "a century"),
    ] {
        let output = log.run(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && said.contains(told), "{arguments:?}: {said}");
    }
}

#[tokio::test]
async fn pruning_removes_what_is_old_and_is_on_record_itself() {
    let log = Log::new().await;
    log.add("Acme", "token_issued", 6_000, "400 days").await;
    log.add("", "token_refused", 10, "399 days").await;

    let pruned = log.run_json(&["prune", "--older-than", "400d"]);
    assert_eq!(pruned["removed"], 6_000);

    let kept = log.json(&["--limit", "10000"]);
    assert_eq!(kept.len(), 11);
    let record = &kept[10];
    assert_eq!((text(record, "kind"), text(&record["detail"], "command")), ("operator", "audit prune"));
    assert_eq!((&record["detail"]["entries"], &record["detail"]["before"]), (&json!(6_000), &pruned["before"]));
}
