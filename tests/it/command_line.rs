//! What operators type: on a fresh folder, beside a running server, on a database of their own.

mod accounts;
mod live_tokens;
mod own_database;
mod serving;

use std::collections::BTreeSet;

use serde_json::Value;

fn members(value: &Value) -> BTreeSet<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}
