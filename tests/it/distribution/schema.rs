//! Tables, keys and triggers, as the catalogue of a migrated database has them.

use sqlx::{PgPool, Row as _};

use super::{Breach, GLOBAL, unexplained};
use crate::support::App;

/// What is let be, and why.
const EXCEPTIONS: [(&str, &str, &str); 2] = [
    (
        "sequence",
        "clients.id",
        "a bigint: unique among all nodes, since Citus gives each node a range of it. Below 2^53 and in order of creation \
         while all is written by the coordinator",
    ),
    (
        "trigger",
        "refresh_tokens_adopt_login",
        "for servers of before token families: dropped when the tables are distributed, and no such server is left then",
    ),
];

async fn names(db: &PgPool, sql: &'static str) -> Vec<String> {
    let rows = sqlx::query(sql).fetch_all(db).await.unwrap_or_else(|error| panic!("{error}: {sql}"));
    rows.iter().map(|row| row.get(0)).collect()
}

/// What of the schema of this database a rule forbids. Which tables are global goes in as text.
async fn breaches(db: &PgPool) -> Vec<Breach> {
    let global = GLOBAL.map(|(table, _)| format!("'{table}'")).join(", ");
    let mut found = Vec::new();
    for (rule, sql) in RULES {
        let sql = sql.replace("$global", &global);
        let sql: &'static str = Box::leak(sql.into_boxed_str());
        found.extend(names(db, sql).await.into_iter().map(|what| Breach { rule, what }));
    }
    found
}

/// Each rule, and the query that finds what breaks it.
const RULES: [(&str, &str); 8] = [
    (
        "no partner_id",
        "select relname::text from pg_class t where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
           and relname not in ($global)
           and not exists (select from pg_attribute a where a.attrelid = t.oid and attname = 'partner_id' and attnotnull)",
    ),
    (
        "key that partner_id does not lead",
        "select k.relname::text from pg_index i join pg_class t on t.oid = i.indrelid join pg_class k on k.oid = i.indexrelid
         where t.relnamespace = 'public'::regnamespace and t.relname not in ($global)
           and (i.indisunique or i.indisexclusion)
           and not exists (select from pg_attribute a where a.attrelid = t.oid and a.attnum = i.indkey[0]
                           and a.attname = 'partner_id')",
    ),
    (
        "table without a primary key",
        "select relname::text from pg_class t where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
           and not exists (select from pg_index i where i.indrelid = t.oid and i.indisprimary)",
    ),
    (
        "foreign key that does not carry partner_id",
        "select f.conname::text from pg_constraint f
         join pg_class t on t.oid = f.conrelid join pg_class r on r.oid = f.confrelid
         where f.contype = 'f' and t.relname not in ($global) and r.relname not in ($global)
           and not exists (select from unnest(f.conkey, f.confkey) as k (ours, theirs)
                           join pg_attribute a on a.attrelid = t.oid and a.attnum = ours and a.attname = 'partner_id'
                           join pg_attribute b on b.attrelid = r.oid and b.attnum = theirs and b.attname = 'partner_id')",
    ),
    (
        "foreign key from a table of all nodes to a distributed one",
        "select f.conname::text from pg_constraint f
         join pg_class t on t.oid = f.conrelid join pg_class r on r.oid = f.confrelid
         where f.contype = 'f' and t.relname in ($global) and r.relname not in ($global)",
    ),
    (
        "sequence",
        "select t.relname || '.' || a.attname from pg_class t join pg_attribute a on a.attrelid = t.oid
         left join pg_attrdef d on d.adrelid = t.oid and d.adnum = a.attnum
         where t.relnamespace = 'public'::regnamespace and t.relkind in ('r', 'p')
           and (a.attidentity <> '' or pg_get_expr(d.adbin, d.adrelid) like '%nextval(%')",
    ),
    (
        "trigger",
        "select tgname::text from pg_trigger g join pg_class t on t.oid = g.tgrelid
         where not tgisinternal and t.relnamespace = 'public'::regnamespace and t.relname not in ($global)",
    ),
    (
        "rule, view, inheritance or unlogged table",
        "select relname::text from pg_class t where relnamespace = 'public'::regnamespace
           and (relkind in ('v', 'm', 'f') or relpersistence = 'u' or exists (select from pg_inherits where inhrelid = t.oid)
                or exists (select from pg_rewrite where ev_class = t.oid))",
    ),
];

#[tokio::test]
async fn the_schema_can_be_distributed_by_partner() {
    let app = App::start().await;
    let wrong = unexplained(&breaches(&app.db).await, &EXCEPTIONS);
    assert!(wrong.is_empty(), "{wrong:#?}");
    let there = names(&app.db, "select relname::text from pg_class where relnamespace = 'public'::regnamespace").await;
    for (table, _) in GLOBAL {
        assert!(there.iter().any(|name| name == table), "{table} is not there: it need not be in the list");
    }
    // Each has what makes it global: a key, or a name, that is unique without the partner.
    let would_do = names(
        &app.db,
        "select t.relname::text from pg_class t where relnamespace = 'public'::regnamespace and relkind = 'r'
         and not exists (select from pg_index i left join pg_attribute a on a.attrelid = t.oid and a.attnum = i.indkey[0]
                         where i.indrelid = t.oid and i.indisunique and a.attname is distinct from 'partner_id')",
    )
    .await;
    for (table, _) in GLOBAL {
        assert!(!would_do.iter().any(|name| name == table), "{table} could be distributed: it need not be in the list");
    }
}

#[tokio::test]
async fn each_breach_of_the_schemas_rules_is_found() {
    let app = App::start().await;
    let planted = [
        ("no partner_id", "notes", "create table notes (id uuid primary key)"),
        ("no partner_id", "optional", "create table optional (partner_id uuid, id uuid primary key)"),
        (
            "key that partner_id does not lead",
            "clients_email_key",
            "create unique index clients_email_key on clients (email)",
        ),
        (
            "key that partner_id does not lead",
            "turned_pkey",
            "create table turned (partner_id uuid not null, id uuid, primary key (id, partner_id))",
        ),
        ("table without a primary key", "keyless", "create table keyless (partner_id uuid not null)"),
        (
            "foreign key that does not carry partner_id",
            "loose_fkey",
            "create unique index clients_id_key on clients (id);
             create table loose (partner_id uuid not null, client_id bigint, primary key (partner_id, client_id),
                                 constraint loose_fkey foreign key (client_id) references clients (id))",
        ),
        (
            "foreign key from a table of all nodes to a distributed one",
            "backwards_fkey",
            "alter table ns_domains add constraint backwards_fkey foreign key (partner_id, client_id) references clients",
        ),
        ("sequence", "audit_log.number", "alter table audit_log add column number bigserial"),
        (
            "trigger",
            "watch",
            "create trigger watch before insert on clients for each row execute function adopt_login()",
        ),
        ("rule, view, inheritance or unlogged table", "seen", "create view seen as select 1 as one"),
        (
            "rule, view, inheritance or unlogged table",
            "quick",
            "create unlogged table quick (partner_id uuid primary key)",
        ),
    ];
    for (rule, what, sql) in planted {
        let mut transaction = app.db.begin().await.expect("a transaction");
        sqlx::raw_sql(sql).execute(&mut *transaction).await.unwrap_or_else(|error| panic!("{error}: {sql}"));
        transaction.commit().await.expect("planted");
        let found = breaches(&app.db).await;
        assert!(found.contains(&Breach { rule, what: what.to_owned() }), "{sql}: {found:#?}");
    }
}
