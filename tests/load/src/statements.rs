//! The statements that a request has the server send, taken from what Postgres logs of it: so they are the very ones, in
//! their order. They become a script of pgbench's.

use std::{collections::HashMap, fs, path::Path, thread::sleep, time::Duration};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::cluster::Cluster;

/// A statement, and what was bound to it.
#[derive(Clone, PartialEq, Debug)]
pub struct Statement {
    /// The process of Postgres's that carried it out: one for each connection.
    process: String,
    pub sql: String,
    /// None for NULL.
    pub parameters: Vec<Option<String>>,
}

/// What is to differ each time: a value that was bound, and what pgbench binds in its place.
pub type Varied<'a> = &'a [(&'a str, &'a str)];

/// A script, and the values that it binds.
pub struct Script {
    pub text: String,
    pub values: Vec<(String, String)>,
    /// How many the server sent.
    pub statements: usize,
}

/// What is logged while something is done, without what a server that rests asks too: all on its background's connections,
/// where some is rare, and on others the look at whether a connection that was idle still leads to a primary.
pub fn of(cluster: &Cluster, act: impl FnOnce() -> Result<()>) -> Result<Vec<Statement>> {
    cluster.sql("dna", "alter system set log_statement = 'all'")?;
    cluster.sql("dna", "select pg_reload_conf()")?;
    sleep(Duration::from_millis(300));
    let before = cluster.log()?.len();
    sleep(Duration::from_millis(1500));
    let resting = cluster.log()?.len();
    act()?;
    sleep(Duration::from_millis(300));
    let log = cluster.log()?;
    cluster.sql("dna", "alter system reset log_statement")?;
    cluster.sql("dna", "select pg_reload_conf()")?;
    let always = statements(&log[before..resting]);
    let mut found = statements(&log[resting..]);
    let is_also = |by: &Statement, other: &Statement| {
        let is_own = ["begin", "commit"].iter().any(|word| by.sql.eq_ignore_ascii_case(word));
        by.process == other.process || (by.sql == other.sql && !is_own)
    };
    found.retain(|statement| !always.iter().any(|other| is_also(statement, other)));
    ensure!(!found.is_empty(), "the request had no statement sent");
    Ok(found)
}

/// The statements of a log in CSV.
fn statements(log: &str) -> Vec<Statement> {
    let statement = |fields: Vec<String>| {
        let (process, message) = (fields.get(3)?.clone(), fields.get(13)?);
        if let Some(sql) = message.strip_prefix("statement: ") {
            return Some(Statement { process, sql: sql.to_owned(), parameters: Vec::new() });
        }
        let sql = message.strip_prefix("execute ")?.split_once(": ")?.1;
        Some(Statement { process, sql: sql.to_owned(), parameters: parameters(fields.get(14)?) })
    };
    records(log).into_iter().filter_map(statement).collect()
}

fn records(log: &str) -> Vec<Vec<String>> {
    let (mut records, mut record, mut field, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut chars = log.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => field.extend(chars.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => record.push(std::mem::take(&mut field)),
            '\n' if !quoted => {
                record.push(std::mem::take(&mut field));
                records.push(std::mem::take(&mut record));
            }
            c => field.push(c),
        }
    }
    records
}

/// `parameters: $1 = 'a', $2 = NULL`
fn parameters(detail: &str) -> Vec<Option<String>> {
    let mut found = Vec::new();
    let mut rest = detail;
    while let Some((_, value)) = rest.split_once(" = ") {
        if let Some(after) = value.strip_prefix("NULL") {
            found.push(None);
            rest = after;
            continue;
        }
        let Some(quoted) = value.strip_prefix('\'') else { break };
        let (mut text, mut chars) = (String::new(), quoted.char_indices().peekable());
        let mut end = quoted.len();
        while let Some((place, c)) = chars.next() {
            if c == '\'' {
                if chars.peek().is_some_and(|(_, next)| *next == '\'') {
                    chars.next();
                } else {
                    end = place + 1;
                    break;
                }
            }
            text.push(c);
        }
        found.push(Some(text));
        rest = &quoted[end..];
    }
    found
}

/// What the program's own queries bind, in SQL's words.
pub struct Types(HashMap<String, Vec<String>>);

impl Types {
    /// From the folder that the queries are checked against.
    pub fn read(folder: &Path) -> Result<Self> {
        let mut types = HashMap::new();
        for entry in fs::read_dir(folder)? {
            let query: Value = serde_json::from_str(&fs::read_to_string(entry?.path())?)?;
            let sql = query["query"].as_str().context("a query")?.to_owned();
            let bound = query["describe"]["parameters"]["Left"].as_array().cloned().unwrap_or_default();
            types.insert(sql, bound.iter().map(|name| sql_type(name.as_str().unwrap_or_default())).collect());
        }
        Ok(Self(types))
    }
}

fn sql_type(name: &str) -> String {
    let lower = name.to_lowercase();
    lower.strip_suffix("array").map_or_else(|| lower.clone(), |one| format!("{one}[]"))
}

/// A script of these statements after `begin`, which sets what it draws.
pub fn script(begin: &str, statements: &[Statement], types: &Types, varied: Varied<'_>) -> Result<Script> {
    for (captured, _) in varied {
        let is_bound =
            |statement: &Statement| statement.parameters.iter().any(|value| value.as_deref() == Some(captured));
        ensure!(statements.iter().any(is_bound), "no statement has {captured:?}, which is to differ each time");
    }
    let (mut text, mut values) = (format!("{begin}\n"), Vec::new());
    for statement in statements {
        let bound = types.0.get(&statement.sql);
        ensure!(bound.is_some() || statement.parameters.is_empty(), "no types are known of {}", statement.sql);
        let mut sql = statement.sql.clone();
        for (n, value) in statement.parameters.iter().enumerate().rev() {
            let bound = &bound.context("types")?[n];
            let drawn = value.as_deref().and_then(|value| varied.iter().find(|(captured, _)| *captured == value));
            let replacement = match (drawn, value) {
                (Some((_, drawn)), _) => format!("{drawn}::{bound}"),
                (None, None) => format!("null::{bound}"),
                (None, Some(value)) => {
                    let name = values
                        .iter()
                        .find(|(_, known)| known == value)
                        .map(|(name, _): &(String, String)| name.clone());
                    let name = name.unwrap_or_else(|| {
                        let name = format!("v{}", values.len());
                        values.push((name.clone(), value.clone()));
                        name
                    });
                    format!(":{name}::{bound}")
                }
            };
            sql = sql.replace(&format!("${}", n + 1), &replacement);
        }
        text.push_str(sql.trim());
        text.push_str(";\n");
    }
    Ok(Script { text, values, statements: statements.len() })
}
