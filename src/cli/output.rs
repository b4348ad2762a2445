//! What a command prints: for a person a line a member or a row an item, for a program one JSON document.

use anyhow::Result;
use serde::Serialize;
use serde_json::Value;

/// Prints a reply.
pub(super) fn print(reply: &impl Serialize, json: bool) -> Result<()> {
    let value = serde_json::to_value(reply)?;
    if json {
        println!("{value}");
        return Ok(());
    }
    match &value {
        Value::Array(items) => table(items),
        Value::Object(members) => {
            for (name, value) in members {
                println!("{name}: {}", plain(value));
            }
        }
        other => println!("{}", plain(other)),
    }
    Ok(())
}

/// Prints a reply that holds a secret, and tells a person that it will not be shown again.
pub(super) fn print_once(reply: &impl Serialize, json: bool) -> Result<()> {
    print(reply, json)?;
    if !json {
        eprintln!("Keep the secrets now: they are stored as hashes and cannot be shown again.");
    }
    Ok(())
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
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

fn table(items: &[Value]) {
    let Some(first) = items.first().and_then(Value::as_object) else {
        println!("none");
        return;
    };
    let header: Vec<String> = first.keys().cloned().collect();
    let cells = |item: &Value| header.iter().map(|name| plain(&item[name])).collect::<Vec<_>>();
    let rows: Vec<Vec<String>> = std::iter::once(header.clone()).chain(items.iter().map(cells)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    for row in rows {
        let line: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        println!("{}", line.join("  ").trim_end());
    }
}
