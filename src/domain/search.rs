//! The words that a client is found by: in the letters a to z and digits, whatever their accents, case and script.

use deunicode::deunicode;

/// Characters of a word, at most: what is longer is found by its beginning.
const WORD_MAX: usize = 40;

/// The words of a text, in their order.
pub fn words(text: &str) -> impl Iterator<Item = String> {
    let latin = deunicode(text).to_ascii_lowercase();
    let words: Vec<String> = latin
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| word.chars().take(WORD_MAX).collect())
        .collect();
    words.into_iter()
}

/// What is stored of a client for searching: the words of its names and its address, with one space between two.
#[must_use]
pub fn of_client(first_name: &str, last_name: &str, address: &str) -> String {
    [first_name, last_name, address].into_iter().flat_map(words).collect::<Vec<_>>().join(" ")
}
