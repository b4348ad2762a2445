//! Two roles on a database of one's own, as `deploy/roles.sql` makes them: one owns the schema, the other serves with
//! no more than that takes.

use std::{path::Path, process::Command};

use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection, PgPool};

use crate::support::{
    Reply, database,
    program::{Folder, Server, failure, run, run_json},
    steve_harris, until,
};

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// A database with two roles, which has not been migrated yet.
struct TwoRoles {
    folder: Folder,
    names: [String; 3],
    owner: String,
    runtime: String,
    superuser: String,
}

impl TwoRoles {
    async fn new() -> Self {
        let number = database::number();
        let names = ["roles", "owner", "runtime"].map(|name| format!("{name} of test \"{number}\""));
        // The URL's reader takes what is encoded; the script must cope with names that need quotes.
        let encoded = names.clone().map(|name| name.replace(' ', "%20").replace('"', "%22"));
        let owner = database::url_as(&encoded[1], &encoded[0]).await;
        let runtime = database::url_as(&encoded[2], &encoded[0]).await;
        let superuser = database::url_as("dna", &encoded[0]).await;
        let roles = Self { folder: Folder::new(), names, owner, runtime, superuser };
        // Who may make roles and databases, as the first role of a managed Postgres does.
        let admin = format!("admin_of_test_{number}");
        let sql = format!("create role {admin} login createrole createdb");
        let mut superuser = Self::connect(&database::url_as("dna", "postgres").await).await;
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut superuser).await.expect("a role");
        roles.run_script(&admin).await;
        roles
    }

    /// As an operator runs it.
    async fn run_script(&self, role: &str) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/roles.sql");
        let [database, owner, runtime] = &self.names;
        let variables = [("database", database), ("owner", owner), ("runtime", runtime)];
        let variables = variables.map(|(name, value)| format!("--set={name}={value}"));
        let mut psql = Command::new("psql");
        psql.arg("--no-psqlrc").args(variables).arg("--file").arg(script).arg(database::url_as(role, "postgres").await);
        let output = psql.output().expect("psql");
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    }

    /// The settings of a server.
    fn both(&self) -> [(&str, &str); 4] {
        let [url, key] = self.serving();
        [url, key, ("DNA_MIGRATE_DATABASE_URL", self.owner.as_str()), ("DNA_SIGNING_KEY_BITS", "2048")]
    }

    /// The settings of one that does not migrate.
    fn serving(&self) -> [(&str, &str); 2] {
        [("DATABASE_URL", self.runtime.as_str()), ("DNA_MASTER_KEY", KEY)]
    }

    async fn connect(url: &str) -> PgConnection {
        PgConnection::connect(url).await.expect("a connection")
    }
}

fn text(value: &Value, member: &str) -> String {
    value[member].as_str().expect(member).to_owned()
}

async fn token(server: &Server, account: &Value, more: &[(&str, String)]) -> Value {
    let mut form = vec![("client_id", text(account, "client_id")), ("client_secret", text(account, "client_secret"))];
    form.extend_from_slice(more);
    let reply = Reply::of(server.post("/api/oauth/token").form(&form)).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.json
}

async fn log_in(server: &Server, account: &Value) -> Value {
    let more = [("username", text(account, "username")), ("password", text(account, "password"))];
    token(server, account, &[&[("grant_type", "password".to_owned())], &more[..]].concat()).await
}

#[tokio::test]
async fn everything_works_for_a_role_that_may_no_more_than_it_takes() {
    let roles = TwoRoles::new().await;
    let server = Server::start(&roles.folder, &roles.both());
    let did = |arguments: &[&str]| run_json(&roles.folder, &roles.serving(), arguments);

    let mut account = did(&["partner", "add", "Acme"]);
    let tokens = log_in(&server, &account).await;
    let more = [("grant_type", "refresh_token".to_owned()), ("refresh_token", text(&tokens, "refresh_token"))];
    let bearer = text(&token(&server, &account, &more).await, "access_token");

    let create = server.post("/api/residential/client").bearer_auth(&bearer).form(&steve_harris());
    let created = Reply::of(create).await;
    assert_eq!(created.status, 201, "{}", created.text);
    let id = created.json["client"]["id"].as_i64().expect("an id");
    for action in ["activate", "suspend"] {
        let path = format!("/api/residential/client/{id}/{action}");
        assert_eq!(Reply::of(server.post(&path).bearer_auth(&bearer)).await.status, 200);
        assert_eq!(Reply::of(server.request(reqwest::Method::GET, &path).bearer_auth(&bearer)).await.status, 200);
    }
    let client_id = text(&account, "client_id");
    until("the documented forms are counted", async || {
        did(&["oauth-client", "list"])[0]["documented_form_uses"] == json!(2)
    })
    .await;

    let crm = did(&["oauth-client", "add", "--partner", "Acme", "--name", "CRM"]);
    did(&["oauth-client", "edit", &text(&crm, "client_id"), "--grant", "password"]);
    account["client_secret"] = did(&["oauth-client", "rotate-secret", &client_id])["client_secret"].clone();
    account["password"] = did(&["user", "reset-password", &text(&account, "username")])["password"].clone();
    did(&["user", "add", "--partner", "Acme", "--username", "Robot"]);
    for (noun, name) in [("partner", "Acme"), ("oauth-client", &client_id), ("user", "Robot")] {
        did(&[noun, "disable", name]);
        did(&[noun, "enable", name]);
        did(&[noun, "list"]);
    }
    log_in(&server, &account).await;
    assert!(did(&["audit"]).as_array().expect("an array").len() > 10);
    assert_eq!(Reply::of(server.request(reqwest::Method::GET, "/readyz")).await.status, 200);
    assert!(run(&roles.folder, &roles.serving(), &["check"]).status.success());
}

#[tokio::test]
async fn the_role_that_serves_can_neither_rewrite_what_is_on_record_nor_change_the_schema() {
    let roles = TwoRoles::new().await;
    let server = Server::start(&roles.folder, &roles.both());
    let account = run_json(&roles.folder, &roles.serving(), &["partner", "add", "Acme"]);
    let bearer = text(&log_in(&server, &account).await, "access_token");
    let create = server.post("/api/residential/client").bearer_auth(&bearer).form(&steve_harris());
    assert_eq!(Reply::of(create).await.status, 201);

    let mut runtime = TwoRoles::connect(&roles.runtime).await;
    for sql in [
        "update audit_log set actor = 'somebody else'",
        "delete from audit_log",
        "truncate audit_log",
        "update client_events set to_status = 'active'",
        "delete from client_events",
        "truncate client_events",
        "delete from clients",
        "delete from ns_domains",
        "update ns_domains set ns_domain = 'mine.com'",
        "delete from partners",
        "delete from users",
        "update _sqlx_migrations set success = false",
        "alter table clients add column mine text",
        "alter table audit_log disable trigger all",
        "drop table client_events",
        "create table mine (id int)",
        "create temporary table mine (id int)",
        "create schema mine",
        "create function mine() returns int language sql as 'select 1'",
        "create index on clients (email)",
        "alter role current_user createrole",
    ] {
        let refused = sqlx::raw_sql(sql).execute(&mut runtime).await.expect_err(sql);
        let code = refused.as_database_error().and_then(|error| error.code().map(std::borrow::Cow::into_owned));
        // insufficient_privilege
        assert_eq!(code.as_deref(), Some("42501"), "{sql}: {refused}");
    }
}

#[tokio::test]
async fn each_table_has_its_grants() {
    let roles = TwoRoles::new().await;
    run_json(&roles.folder, &roles.both(), &["migrate"]);
    let mut owner = TwoRoles::connect(&roles.owner).await;
    let without: Vec<String> = sqlx::query_scalar(
        "select relname::text from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
         and not has_table_privilege($1, oid, 'select, insert, update, delete')",
    )
    .bind(&roles.names[2])
    .fetch_all(&mut owner)
    .await
    .expect("tables");
    assert_eq!(without, [""; 0], "deploy/grants.sql names each table of the schema");
}

#[tokio::test]
async fn script_and_migrations_may_run_again_and_grants_that_went_astray_are_set_right() {
    let roles = TwoRoles::new().await;
    let grants = async || -> Vec<(String, String)> {
        let sql = "select table_name::text, privilege_type::text from information_schema.role_table_grants
                   where grantee = $1 order by 1, 2";
        let mut owner = TwoRoles::connect(&roles.owner).await;
        sqlx::query_as(sql).bind(&roles.names[2]).fetch_all(&mut owner).await.expect("grants")
    };
    run_json(&roles.folder, &roles.both(), &["migrate"]);
    let granted = grants().await;
    assert!(granted.contains(&("audit_log".into(), "INSERT".into())), "{granted:?}");

    let astray = format!(
        "grant update, delete on audit_log to \"{0}\"; revoke select on users from \"{0}\"",
        roles.names[2].replace('"', "\"\"")
    );
    for again in ["migrate", "script"] {
        let mut owner = TwoRoles::connect(&roles.owner).await;
        sqlx::raw_sql(sqlx::AssertSqlSafe(astray.clone())).execute(&mut owner).await.expect("grants");
        if again == "migrate" {
            run_json(&roles.folder, &roles.both(), &["migrate"]);
        } else {
            roles.run_script("dna").await;
        }
        assert_eq!(grants().await, granted, "{again}");
    }
    roles.run_script("dna").await;
    assert_eq!(grants().await, granted);
}

#[tokio::test]
async fn check_warns_of_one_role_for_all_and_is_content_with_two() {
    let roles = TwoRoles::new().await;
    let line = |settings: &[(&str, &str)]| {
        let output = run(&roles.folder, settings, &["check"]);
        assert!(output.status.success(), "{output:?}");
        let said = String::from_utf8(output.stdout).expect("UTF-8");
        said.lines().find(|line| line.contains(" role ")).expect("a line on the role").to_owned()
    };
    run_json(&roles.folder, &roles.both(), &["migrate"]);
    let two = line(&roles.serving());
    assert!(two.starts_with("ok") && !two.contains("warning") && two.contains(&roles.names[2]), "{two}");
    let one = line(&[("DATABASE_URL", &roles.owner), ("DNA_MASTER_KEY", KEY)]);
    assert!(one.starts_with("ok") && one.contains("warning: it may rewrite the audit log"), "{one}");
}

#[tokio::test]
async fn a_database_of_one_role_can_be_parted_into_two() {
    let roles = TwoRoles::new().await;
    // As it was while one role did everything.
    let [database, owner, runtime] = roles.names.clone().map(|name| format!("\"{}\"", name.replace('"', "\"\"")));
    let mut superuser = TwoRoles::connect(&roles.superuser).await;
    let sql = format!("alter database {database} owner to {runtime}; grant create on schema public to {runtime}");
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut superuser).await.expect("one role");
    run_json(&roles.folder, &roles.serving(), &["migrate"]);
    run_json(&roles.folder, &roles.serving(), &["partner", "add", "Acme"]);

    let sql = format!("reassign owned by {runtime} to {owner}");
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut superuser).await.expect("another owner");
    roles.run_script("dna").await;

    let check = run(&roles.folder, &roles.serving(), &["check"]);
    assert!(!String::from_utf8_lossy(&check.stdout).contains("warning: it may"), "{check:?}");
    let _server = Server::start(&roles.folder, &roles.both());
    run_json(&roles.folder, &roles.serving(), &["partner", "disable", "Acme"]);
}

#[tokio::test]
async fn only_the_schemas_owner_removes_audit_entries() {
    let roles = TwoRoles::new().await;
    run_json(&roles.folder, &roles.both(), &["migrate"]);
    let old = "insert into audit_log (partner_id, id, at, kind, actor, detail)
               values (gen_random_uuid(), gen_random_uuid(), now() - interval '2 years', 'token_issued', 'api', '{}')";
    sqlx::raw_sql(old).execute(&mut TwoRoles::connect(&roles.owner).await).await.expect("an old entry");

    let prune = ["audit", "prune", "--older-than", "400d"];
    let (code, line) = failure(&run(&roles.folder, &roles.serving(), &prune));
    assert!(code == 1 && line.contains("DNA_MIGRATE_DATABASE_URL"), "{line}");
    assert_eq!(run_json(&roles.folder, &roles.both(), &prune)["removed"], 1);
}

#[tokio::test]
async fn a_server_removes_what_is_over_as_that_role() {
    let roles = TwoRoles::new().await;
    let server = Server::start(&roles.folder, &roles.both());
    let account = run_json(&roles.folder, &roles.serving(), &["partner", "add", "Acme"]);
    log_in(&server, &account).await;
    let owner = PgPool::connect(&roles.owner).await.expect("a database");
    sqlx::raw_sql("update refresh_tokens set expires_at = now() - interval '2 days'")
        .execute(&owner)
        .await
        .expect("a token that is over");
    drop(server);
    let _server = Server::start(&roles.folder, &roles.both());
    until("nothing is over", async || {
        sqlx::query_scalar::<_, i64>("select count(*) from refresh_tokens").fetch_one(&owner).await.expect("a count")
            == 0
    })
    .await;
}

#[tokio::test]
async fn only_the_schemas_owner_erases_and_purges() {
    let roles = TwoRoles::new().await;
    run_json(&roles.folder, &roles.both(), &["migrate"]);
    run_json(&roles.folder, &roles.serving(), &["partner", "add", "QA", "--test"]);
    for command in [&["partner", "purge", "QA"][..], &["client", "erase", "1", "--reason", "x"]] {
        let (_, line) = failure(&run(&roles.folder, &roles.serving(), command));
        assert!(line.contains("DNA_MIGRATE_DATABASE_URL"), "{line}");
    }
    assert_eq!(run_json(&roles.folder, &roles.both(), &["partner", "purge", "QA"])["removed"], 0);
}
