//! How it is kept secret: functions over keys, without a database and without HTTP.

pub mod checksum;
pub mod hasher;
pub mod jwt;
pub mod keyring;
pub mod password;
pub mod secret;
pub mod signing_key;
mod time_slice;
mod verified;
