//! Every test, from outside. One binary, so that one throw-away Postgres serves the whole run.

#[path = "../support/mod.rs"]
mod support;

mod another_process;
mod audit;
mod bearer;
mod billing;
mod bulk;
mod client;
mod command_line;
mod database_away;
mod deploy;
mod distribution;
mod embedded_postgres;
mod embedded_postgres_as_root;
mod embedded_postgres_killed;
mod guessing;
mod hang_ups;
mod housekeeping;
mod http;
mod idempotency;
mod introspection;
mod journey;
mod keys;
mod layers;
mod leases;
mod least_privilege;
mod metrics;
mod oauth_libraries;
mod planted;
mod portal;
mod private_file;
mod proxies;
mod rate_limit;
mod revocation;
mod secrets;
mod settings;
mod telemetry;
mod test_partners;
mod token;
mod traces;
