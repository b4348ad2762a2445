//! What operators type: on a fresh folder, beside a running server, on a database of their own.

mod accounts;
mod activation;
mod audit;
mod audit_of_commands;
mod client;
mod client_erase;
mod deep_check;
mod life_cycle;
mod live_tokens;
mod own_database;
mod serving;
mod start;

use std::collections::BTreeSet;

use serde_json::Value;

fn members(value: &Value) -> BTreeSet<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().expect(member)
}
