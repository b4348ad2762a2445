//! The layers, and which may know of which: data flows one way.

use std::{fs, path::Path};

/// A layer, and what it may import of the crate.
const LAYERS: [(&str, &[&str]); 10] = [
    ("clock.rs", &[]),
    ("domain", &["domain"]),
    ("metrics", &["metrics", "domain"]),
    ("traces", &[]),
    ("crypto", &["crypto", "domain", "clock", "metrics", "traces"]),
    ("store", &["store", "domain", "metrics", "traces"]),
    ("bulk", &["bulk", "domain", "store", "metrics"]),
    ("oauth", &["oauth", "domain", "clock", "crypto", "store", "state", "metrics"]),
    ("portal", &["portal", "crypto"]),
    ("http", &["http", "portal", "domain", "clock", "crypto", "store", "state", "oauth", "bulk", "metrics", "traces"]),
];

/// The Rust sources in a folder, each with its name.
fn sources(path: &Path) -> Vec<(String, String)> {
    if path.is_file() {
        if path.extension().is_none_or(|extension| extension != "rs") {
            return Vec::new();
        }
        return vec![(path.display().to_string(), fs::read_to_string(path).expect("a source"))];
    }
    let entries = fs::read_dir(path).expect("a folder");
    entries.flat_map(|entry| sources(&entry.expect("an entry").path())).collect()
}

/// The modules of the crate that a source names after `crate::`, alone or in braces.
fn imports(source: &str) -> Vec<String> {
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut found = Vec::new();
    for rest in source.split("crate::").skip(1) {
        let Some(list) = rest.strip_prefix('{') else {
            found.push(word(rest));
            continue;
        };
        let mut depth = 0;
        let mut at_start = true;
        for (place, c) in list.char_indices() {
            match c {
                '}' if depth == 0 => break,
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 0 => at_start = true,
                c if at_start && c.is_alphabetic() => {
                    found.push(word(&list[place..]));
                    at_start = false;
                }
                _ => {}
            }
        }
    }
    found
}

#[test]
fn each_layer_imports_only_what_is_below_it() {
    for (layer, allowed) in LAYERS {
        for (name, source) in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(layer)) {
            for module in imports(&source) {
                assert!(allowed.contains(&module.as_str()), "{name} imports {module}, which {layer} may not");
            }
        }
    }
}

#[test]
fn an_import_is_found_alone_and_in_braces() {
    let source =
        "use crate::store;\nuse crate::{\n    domain::{a, b},\n    oauth::c,\n};\nlet x = crate::clock::now();";
    assert_eq!(imports(source), ["store", "domain", "oauth", "clock"]);
}

#[test]
fn no_source_is_longer_than_300_lines() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (name, source) in sources(&root.join("src")).into_iter().chain(sources(&root.join("tests"))) {
        assert!(source.lines().count() <= 300, "{name} has {} lines", source.lines().count());
    }
}
