//! One file a noun: what each endpoint does, in five beats — who may, what was asked, read, decide, write.

pub mod billing;
pub mod client;
pub mod client_bulk;
pub mod client_change;
pub mod client_export;
pub mod client_list;
pub mod docs;
pub mod event;
pub mod health;
pub mod metadata;
pub mod token;
pub mod token_status;
