//! Every parser that a caller's bytes reach, fed by libFuzzer: none panics, and each keeps what it promises. Which one is
//! `DNA_FUZZ_TARGET`; `.ci/fuzz` runs them all.

#![no_main]

mod connection;
mod credentials;
mod cursor;
mod forwarded;
mod jwt;
mod parameters;
mod rows;

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;

/// What is done with an input.
type Target = fn(&[u8]);

/// The parsers, each under the name of its corpus.
const TARGETS: [(&str, Target); 11] = [
    ("basic", credentials::basic),
    ("bearer", credentials::bearer),
    ("csv", rows::csv),
    ("cursor", cursor::cursor),
    ("forwarded", forwarded::forwarded),
    ("json", parameters::json),
    ("jwt", jwt::jwt),
    ("multipart", parameters::multipart),
    ("ndjson", rows::ndjson),
    ("requests", connection::requests),
    ("urlencoded", parameters::urlencoded),
];

static TARGET: LazyLock<Target> = LazyLock::new(|| {
    let names = TARGETS.map(|(name, _)| name).join(" ");
    let wanted = std::env::var("DNA_FUZZ_TARGET").unwrap_or_else(|_| panic!("DNA_FUZZ_TARGET is one of {names}"));
    let found = TARGETS.iter().find(|(name, _)| *name == wanted);
    found.unwrap_or_else(|| panic!("DNA_FUZZ_TARGET is one of {names}")).1
});

fuzz_target!(|data: &[u8]| TARGET(data));
