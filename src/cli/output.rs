//! What a command prints: for a person a line a member or a row an item, for a program one JSON document.

use std::io::Write as _;

use anyhow::{Context as _, Result};
use serde::Serialize;
use serde_json::Value;

pub(super) const CANNOT_WRITE: &str = "cannot write to standard output";

/// Prints a reply.
pub(super) fn print(reply: &impl Serialize, json: bool) -> Result<()> {
    let value = serde_json::to_value(reply)?;
    let lines = match &value {
        _ if json => vec![value.to_string()],
        Value::Array(items) => table(items),
        Value::Object(members) => members.iter().map(|(name, value)| format!("{name}: {}", plain(value))).collect(),
        other => vec![plain(other)],
    };
    write(&lines)
}

/// Prints a reply that holds a secret, and tells a person that it will not be shown again.
pub(super) fn print_once(reply: &impl Serialize, json: bool) -> Result<()> {
    print(reply, json)?;
    if !json {
        eprintln!("Keep the secrets now: they are stored as hashes and cannot be shown again.");
    }
    Ok(())
}

/// Writes lines to standard output; a reader that has gone away is an error to report, not a panic.
pub(super) fn write(lines: &[String]) -> Result<()> {
    let text = lines.join("\n") + "\n";
    std::io::stdout().write_all(text.as_bytes()).context(CANNOT_WRITE)
}

/// What was done, where there is nothing else to say.
#[derive(Serialize)]
pub(super) struct Done {
    /// Whom it was done to.
    pub(super) name: String,
    /// Whether they are enabled now.
    pub(super) enabled: bool,
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "-".to_owned(),
        other => other.to_string(),
    }
}

fn table(items: &[Value]) -> Vec<String> {
    let Some(first) = items.first().and_then(Value::as_object) else { return vec!["none".to_owned()] };
    let header: Vec<String> = first.keys().cloned().collect();
    let cells = |item: &Value| header.iter().map(|name| plain(&item[name])).collect::<Vec<_>>();
    let rows: Vec<Vec<String>> = std::iter::once(header.clone()).chain(items.iter().map(cells)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        cells.join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}
