//! One file a noun: what each endpoint does, in five beats — who may, what was asked, read, decide, write.

pub mod client;
pub mod health;
pub mod metadata;
pub mod token;
pub mod token_status;
