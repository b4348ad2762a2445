//! What a migration may do while servers of the version before run on beside it, and traffic too. Those up to 0012 are
//! released as they are.
//!
//! What narrows the schema has its own time, once no server needs it any more: the line `-- contract: …` above the
//! statement says why, and the file's name since which migration: older servers refuse the schema then.

use std::{collections::HashSet, fs, path::Path};

/// The last migration of before these rules.
const BEFORE: u32 = 12;

/// What may not be in a statement, and why; `true` where a contract allows it.
const BANNED: [(&str, &str, bool); 12] = [
    (" rename ", "servers of the version before ask for the old name: add the new one beside it", false),
    (" drop column ", "servers of the version before read it", true),
    ("drop table ", "servers of the version before read it", true),
    ("drop function ", "servers of the version before call it", true),
    ("drop trigger ", "servers of the version before rely on it", true),
    (" set not null", "it reads the whole table under a lock, and servers of the version before may write null", true),
    (" type ", "it writes the whole table anew under a lock: add another column", false),
    ("lock_timeout", "the program sets it, and tries again", false),
    ("lock table", "everybody waits", false),
    ("truncate ", "it is not to be taken back", false),
    ("vacuum full", "it writes the whole table anew under a lock", false),
    ("cluster ", "it writes the whole table anew under a lock", false),
];

/// Statements without comments, in lower case, one space between two words; each with its own comments.
fn statements(sql: &str) -> Vec<(String, String)> {
    let (mut found, mut text, mut comments, mut quoted) = (Vec::new(), String::new(), String::new(), false);
    for line in sql.lines() {
        let (code, comment) = if quoted { (line, "") } else { line.split_once("--").unwrap_or((line, "")) };
        comments.push_str(comment);
        for part in code.split_inclusive(';') {
            quoted ^= part.matches("$$").count() % 2 == 1;
            text.push_str(part);
            if part.ends_with(';') && !quoted {
                let words = text.trim_end_matches(';').to_lowercase();
                let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
                found.push((format!(" {words} "), std::mem::take(&mut comments)));
                text.clear();
            }
        }
        text.push(' ');
    }
    found
}

/// The word after this one.
fn after<'s>(statement: &'s str, word: &str) -> Option<&'s str> {
    statement.split_once(word)?.1.split([' ', '(']).find(|word| !matches!(*word, "" | "if" | "not" | "exists" | "only"))
}

/// What is wrong with a migration.
fn faults(sql: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let statements = statements(sql);
    let made: HashSet<&str> = statements.iter().filter_map(|(s, _)| after(s, " create table ")).collect();
    let is_new = |table: Option<&str>| table.is_some_and(|table| made.contains(table));
    let mut fault = |why: &str, statement: &str| faults.push(format!("{why}: {statement}"));
    if sql.lines().next().is_some_and(|line| line.starts_with("-- no-transaction")) && statements.len() != 1 {
        fault("what has no transaction is one statement", "the migration");
    }
    for (statement, comments) in &statements {
        let table = after(statement, " alter table ").or_else(|| after(statement, " on "));
        if is_new(table) {
            continue;
        }
        for (words, why, contract) in BANNED {
            if statement.contains(words) && !(contract && comments.contains("contract:")) {
                fault(why, statement);
            }
        }
        if statement.contains(" index ") && !statement.contains(" concurrently ") {
            fault(
                "an index on a table that exists is made and dropped `concurrently`, without a transaction",
                statement,
            );
        }
        if statement.starts_with(" alter table ") {
            for part in statement.split(" add ").skip(1) {
                added(part, statement, &mut fault);
            }
        }
        let whole_table = statement.starts_with(" update ") || statement.starts_with(" delete ");
        if whole_table && !statement.contains(" limit ") {
            fault("a whole table is changed in one transaction: do it in small ones, in the background", statement);
        }
    }
    faults
}

/// What is wrong with a migration's name: it tells servers of before whether they can live with what was taken away.
fn misnamed(name: &str, sql: &str) -> Option<String> {
    let (number, description) = name.trim_end_matches(".sql").split_once('_')?;
    let since = description.strip_prefix("contract_since_").map(|rest| rest.split('_').next().unwrap_or_default());
    let is_number = |text: &str| text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    match (sql.contains("-- contract:"), since) {
        (false, None) => None,
        (true, Some(since)) if is_number(since) && since < number => None,
        (false, Some(_)) => Some(format!("{name} says that it narrows the schema, and has no `-- contract:`")),
        (true, _) => Some(format!("{name} narrows the schema: call it NNNN_contract_since_MMMM_what")),
    }
}

/// What is added to a table that exists.
fn added(part: &str, statement: &str, fault: &mut impl FnMut(&str, &str)) {
    let part = part.split_once(", add ").map_or(part, |(part, _)| part);
    if part.starts_with("constraint ") || part.starts_with("check") || part.starts_with("foreign") {
        if part.contains(" unique") || part.contains(" primary key") {
            if !part.contains(" using index ") {
                fault("a key of a table that exists is made of an index that was built `concurrently`", statement);
            }
        } else if !part.contains(" not valid") {
            fault("a constraint on a table that exists is added `not valid`, and validated later", statement);
        }
        return;
    }
    let default = part.split_once(" default ").map(|(_, default)| default);
    // A call is worked out for each row, but for those that stand still in a transaction.
    let stands_still = |default: &str| !default.contains('(') || default.starts_with("now()");
    if part.contains(" not null") && default.is_none() {
        fault("servers of the version before do not write it: give it a default, or let it be null", statement);
    }
    if default.is_some_and(|default| !stands_still(default)) || part.contains(" generated ") {
        fault("it writes the whole table anew under a lock", statement);
    }
}

#[test]
fn no_migration_stops_the_traffic_or_a_server_of_the_version_before() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let mut seen = 0;
    for entry in fs::read_dir(folder).expect("migrations") {
        let path = entry.expect("a migration").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
        let number: u32 = name.split('_').next().and_then(|number| number.parse().ok()).expect("a number");
        seen += 1;
        if number > BEFORE {
            let sql = fs::read_to_string(&path).expect("a migration");
            let faults = faults(&sql);
            assert!(faults.is_empty(), "{name}: {faults:#?}");
            assert_eq!(misnamed(&name, &sql), None);
        }
    }
    assert!(seen > 5, "the migrations are elsewhere");
}

#[test]
fn each_unsafe_step_is_found_and_its_safe_twin_is_not() {
    for bad in [
        "alter table clients add column a text not null;",
        "alter table clients add column a text, add column b uuid default gen_random_uuid();",
        "alter table clients rename column email to mail;",
        "alter table clients alter column email type varchar(10);",
        "alter table clients drop column email;",
        "alter table clients alter column email set not null;",
        "alter table clients add constraint clients_a_check check (id > 0);",
        "alter table clients add constraint clients_a_key unique (email);",
        "create index a on clients (email);",
        "create unique index a on clients (email);",
        "drop index clients_email_idx;",
        "-- no-transaction\ncreate index concurrently a on clients (email); create index concurrently b on clients (id);",
        "update clients set status = 'active';",
        "set local lock_timeout = '5s';",
        "drop table clients;",
        "ALTER TABLE clients\n    DROP COLUMN email;",
    ] {
        assert!(!faults(bad).is_empty(), "not found: {bad}");
    }
    for good in [
        "alter table clients add column a text, add column b int not null default 0;",
        "alter table clients add column a timestamptz not null default now();",
        "-- contract: nothing reads it since version 3\nalter table clients drop column email;",
        "alter table clients add constraint clients_a_check check (id > 0) not valid;",
        "alter table clients validate constraint clients_a_check;",
        "-- no-transaction\ncreate index concurrently a on clients (email);",
        "create table a (b text not null, c uuid default gen_random_uuid()); create index d on a (b);",
        "create function f() returns int language sql as $$ update clients set id = 1; select 1 $$;",
    ] {
        let faults = faults(good);
        assert!(faults.is_empty(), "{good}: {faults:#?}");
    }
}

#[test]
fn what_narrows_the_schema_says_in_its_name_who_can_live_with_it() {
    let narrows = "-- contract: nothing reads it\nalter table clients drop column email;";
    let widens = "alter table clients add column a text;";
    assert_eq!(misnamed("0014_contract_since_0013_drop_email.sql", narrows), None);
    assert_eq!(misnamed("0014_more.sql", widens), None);
    for (name, sql) in [
        ("0014_drop_email.sql", narrows),
        ("0014_contract_since_0014_drop_email.sql", narrows),
        ("0014_contract_since_drop_email.sql", narrows),
        ("0014_contract_since_0013_more.sql", widens),
    ] {
        assert!(misnamed(name, sql).is_some(), "{name}");
    }
}
