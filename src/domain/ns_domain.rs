//! `ns_domain`: the name of a client's domain on the NetSapiens switch.
//!
//! It is a slug of the client's name, a number from 2 on where that is taken, and a suffix. A slug has letters alone
//! and a suffix starts with a dot, so no two of the three parts can be mistaken for another pair's.

use deunicode::deunicode;

/// Characters of the whole name, at most: the switch takes no more.
const MAX: usize = 64;
/// Characters of the slug, at most.
const SLUG_MAX: usize = 40;
/// Room kept for a namesake's number.
const NUMBER: usize = 10;

/// The letters of a client's first and last name, transliterated to `a`–`z`, or `client` where none is left; cut so
/// that number and `suffix` fit behind it.
#[must_use]
pub fn slug(first_name: &str, last_name: &str, suffix: &str) -> String {
    let letters: String =
        [first_name, last_name].into_iter().flat_map(str::chars).filter(|c| c.is_alphabetic()).collect();
    let latin = deunicode(&letters);
    let max = SLUG_MAX.min(MAX.saturating_sub(NUMBER + suffix.len()));
    let slug: String =
        latin.chars().filter(char::is_ascii_alphabetic).map(|c| c.to_ascii_lowercase()).take(max).collect();
    if slug.is_empty() { "client".to_owned() } else { slug }
}

/// A domain as a caller writes it, in any letter case: in lower case, as it is stored. None where it can be nobody's.
#[must_use]
pub fn parse(name: &str) -> Option<String> {
    let possible = name.len() <= MAX && name.bytes().all(|b| b.is_ascii_graphic());
    possible.then(|| name.to_ascii_lowercase())
}
