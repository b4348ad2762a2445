//! The statements that the program sends, as its sources have them.

use std::{collections::HashSet, fs, path::Path};

use serde_json::Value;

/// What a statement begins with.
const VERBS: [&str; 20] = [
    "alter", "begin", "copy", "create", "declare", "delete", "discard", "do", "drop", "insert", "listen", "lock",
    "notify", "reset", "select", "set", "truncate", "unlisten", "update", "with",
];

/// The text of every string literal, without comments and characters.
fn literals(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = source;
    let mut before = ' ';
    while let Some(c) = rest.chars().next() {
        let mut length = c.len_utf8();
        if rest.starts_with("//") {
            length = rest.find('\n').unwrap_or(rest.len());
        } else if c == '\'' {
            let escaped = rest[1..].starts_with('\\');
            let next = rest[1..].chars().nth(usize::from(escaped)).map_or(0, char::len_utf8) + usize::from(escaped) + 1;
            // Else it is a lifetime.
            if rest[next..].starts_with('\'') {
                length = next + 1;
            }
        } else if c == '"' {
            let (text, end) = plain(&rest[1..]);
            found.push(text);
            length = end + 1;
        } else if c == 'r' && !before.is_alphanumeric() && before != '_' {
            let hashes = rest[1..].chars().take_while(|c| *c == '#').count();
            let begin = 1 + hashes;
            if rest[begin..].starts_with('"') {
                let close = format!("\"{}", "#".repeat(hashes));
                let end = rest[begin + 1..].find(&close).expect("a literal ends");
                found.push(rest[begin + 1..begin + 1 + end].to_owned());
                length = begin + 1 + end + close.len();
            }
        }
        before = rest[..length].chars().next_back().unwrap_or(' ');
        rest = &rest[length..];
    }
    found
}

/// A literal that may have escapes, and where it ends.
fn plain(rest: &str) -> (String, usize) {
    let (mut text, mut characters) = (String::new(), rest.char_indices().peekable());
    while let Some((place, c)) = characters.next() {
        match c {
            '"' => return (text, place + 1),
            '\\' => match characters.next() {
                Some((_, 'n')) => text.push('\n'),
                Some((_, '\n')) => while characters.next_if(|(_, c)| c.is_whitespace()).is_some() {},
                Some((_, c)) => text.push(c),
                None => {}
            },
            c => text.push(c),
        }
    }
    panic!("a literal without an end: {text}")
}

/// Every literal of the sources that reads like statements, with the file that it is in.
pub(super) fn statements() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let store = fs::read_dir(root.join("src/store")).expect("the store").map(|entry| entry.expect("a source").path());
    let mut found = Vec::new();
    // All SQL is in the store, but for how an operator's reading begins.
    for path in store.chain([root.join("src/operator.rs")]) {
        let name = path.strip_prefix(root).expect("a path of ours").display().to_string();
        for text in literals(&fs::read_to_string(&path).expect("a source")) {
            let mut words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
            if words.next().is_some_and(|first| VERBS.contains(&first)) && words.next().is_some() {
                found.push((name.clone(), text));
            }
        }
    }
    found
}

#[test]
fn no_statement_that_the_compiler_checked_is_overlooked() {
    let found: HashSet<String> = statements().into_iter().map(|(_, text)| text).collect();
    let mut seen = 0;
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".sqlx")).expect("queries") {
        let text = fs::read_to_string(entry.expect("a query").path()).expect("a query");
        let query: Value = serde_json::from_str(&text).expect("JSON");
        let query = query["query"].as_str().expect("its text");
        assert!(found.contains(query), "{query}");
        seen += 1;
    }
    assert!(seen > 100, "the queries are elsewhere: {seen}");
}

#[test]
fn literals_are_told_from_comments_characters_and_lifetimes() {
    #[expect(clippy::needless_raw_string_hashes, reason = "with one less it would end at the literal within")]
    let source = r##"
        // "a comment"
        fn f<'a>(x: &'a str) -> char { let q = '"'; let n = '\''; g("one \"two\" \
            three"); r#"raw "four""#; format!(r"five\"); b"six" }
    "##;
    assert_eq!(literals(source), ["one \"two\" three", "raw \"four\"", "five\\", "six"]);
}
