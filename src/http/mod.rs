//! How it is spoken: paths, methods, parameters, replies and errors over HTTP.

pub mod arrival;
pub mod body;
pub mod cursor;
pub mod error;
pub mod extract;
pub mod handlers;
pub mod idempotency;
pub mod middleware;
pub mod precondition;
pub mod reply;
pub mod reply_billing;
pub mod reply_introspection;
pub mod reply_list;
pub mod router;
pub mod token_error;

pub use router::Api;
