//! What an operator sets, and what they are told when it is wrong.

mod defaults;
mod leaks;
mod refusals;
mod sources;
mod tracing;
mod values;

use dna_api::settings::{SettingError, Settings, Vars};

/// 32 bytes whose base64 has both characters in which the two alphabets differ.
const KEY: &str = "++//AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxw=";
const DATABASE: (&str, &str) = ("DATABASE_URL", "postgres://dna:secret@db.example/dna");

fn read(pairs: &[(&str, &str)]) -> Result<Settings, SettingError> {
    Settings::read(&Vars::from_pairs(pairs.iter().copied()))
}

fn accepted(pairs: &[(&str, &str)]) -> Settings {
    read(pairs).unwrap_or_else(|error| panic!("{pairs:?}: {error}"))
}

/// The one line that stops a server started with these.
fn refused(pairs: &[(&str, &str)]) -> String {
    read(pairs).and_then(|settings| settings.check_serving()).expect_err(&format!("{pairs:?}")).to_string()
}
