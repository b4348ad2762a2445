//! What is true: types that cannot hold a wrong value, and the rules between them. No async, no HTTP, no SQL.

pub mod attempt;
pub mod audit;
pub mod billing;
pub mod caller;
pub mod client;
pub mod client_change;
pub mod client_filter;
pub mod event;
mod form;
pub mod idempotency;
pub mod import;
pub mod json;
pub mod new_client;
pub mod ns_domain;
pub mod oauth_client;
pub mod page;
pub mod parameters;
pub mod partner;
pub mod reason;
pub mod scope;
pub mod search;
pub mod secret;
pub mod signing_key;
pub mod text;
pub mod time;
pub mod user;
pub mod validation;
