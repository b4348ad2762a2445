//! The DNA API: a telephone carrier's partner API.
//!
//! A request runs one way through the layers: router → middleware → handler → domain (decide) → store (keep).

pub mod accounts;
pub mod background;
pub mod bulk;
pub mod cli;
pub mod clock;
pub mod crypto;
pub mod demo;
pub mod domain;
pub mod housekeeping;
pub mod http;
pub mod installation;
pub mod keys;
pub mod metrics;
pub mod oauth;
pub mod operator;
pub mod portal;
pub mod postgres;
pub mod private_file;
pub mod revoked;
pub mod server;
pub mod settings;
pub mod state;
pub mod store;
pub mod telemetry;
pub mod traces;
