//! How it is kept: every SQL statement there is, each in a function over any executor, each naming the partner.

pub mod any_client;
pub mod attempt;
pub mod audit;
pub mod billing;
pub mod client;
pub mod client_change;
pub mod client_counts;
pub mod client_import;
pub mod client_list;
pub mod client_row;
pub mod client_status;
pub mod client_words;
pub mod db;
pub mod digest;
pub mod disabled;
pub mod documented_form;
pub mod erasure;
mod error;
pub mod event;
pub mod idempotency;
pub mod lease;
pub mod oauth_client;
pub mod partner;
pub mod pool;
pub mod pooler;
pub mod privileges;
pub mod proof;
pub mod proof_across;
pub mod pulse;
pub mod refresh_token;
pub mod retry;
pub mod schema;
pub mod signing_key;
pub mod token_family;
pub mod user;

pub use error::StoreError;
