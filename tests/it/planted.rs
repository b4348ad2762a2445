//! The bugs of `tests/planted`: that each could still be planted, and that the tests, or the
//! script, that should catch it are there.

use std::{fs, path::Path};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The patches, each with its name.
fn patches() -> Vec<(String, String)> {
    let entries = fs::read_dir(root().join("tests/planted")).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let paths = paths.filter(|path| path.extension().is_some_and(|extension| extension == "patch"));
    paths.map(|path| (path.display().to_string(), fs::read_to_string(path).expect("a patch"))).collect()
}

/// What a hunk takes to be there.
fn before(hunk: &str) -> String {
    let lines = hunk.split_inclusive('\n').skip(1);
    lines.filter_map(|line| line.strip_prefix([' ', '-'])).collect()
}

#[test]
fn each_could_be_planted() {
    let patches = patches();
    assert!(patches.len() >= 10, "{}", patches.len());
    for (name, patch) in patches {
        for file in patch.split("\n--- ").skip(1) {
            let (old, hunks) = file.split_once('\n').expect("a line");
            let Some(path) = old.strip_prefix("a/") else {
                let new = hunks.strip_prefix("+++ b/").and_then(|new| new.lines().next()).expect("a name");
                assert!(!root().join(new).exists(), "{name}: {new} is there");
                continue;
            };
            let source =
                fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{name}: {path}: {error}"));
            let mut hunks = hunks.split("\n@@ ").skip(1).peekable();
            assert!(hunks.peek().is_some(), "{name} changes nothing");
            for hunk in hunks {
                let before = before(&format!("{hunk}\n"));
                assert!(source.contains(before.trim_end()), "{name} no longer applies to {path}:\n{before}");
            }
        }
    }
}

#[test]
fn each_names_tests_that_are_there() {
    for (name, patch) in patches() {
        let filter = patch.lines().find_map(|line| line.strip_prefix("Caught by: "));
        let filter = filter.unwrap_or_else(|| panic!("{name} names no test"));
        if filter.starts_with("tests/") {
            let script = filter.split(' ').next().expect("a word");
            assert!(root().join(script).exists(), "{name}: {script} is nowhere");
            continue;
        }
        let mut words = filter.split("::").peekable();
        let mut path = root().join("tests/it");
        while let Some(word) =
            words.next_if(|word| path.join(word).exists() || path.join(format!("{word}.rs")).exists())
        {
            path.push(word);
        }
        let source = fs::read_to_string(path.with_extension("rs")).unwrap_or_else(|error| panic!("{name}: {error}"));
        let test = words.next().map(|word| format!("fn {word}"));
        assert!(test.is_none_or(|test| source.contains(&test)), "{name}: {filter} is nowhere");
    }
}
