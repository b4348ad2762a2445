//! Every test, from outside. One binary, so that one throw-away Postgres serves the whole run.

#[path = "../support/mod.rs"]
mod support;

mod bearer;
mod client;
mod settings;
mod token;
