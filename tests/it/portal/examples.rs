//! The examples of `docs/openapi.yaml`: each keeps to the schema beside it, and the errors among them are those that the
//! server has.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::description::{DESCRIPTION, Described, escape, members};

/// Every example beside a schema, wherever it is in the document: where the schema stands, and the example.
fn examples(pointer: &str, value: &Value, found: &mut Vec<(String, Value)>) {
    if value.get("schema").is_some() {
        let named = members(&value["examples"]).map(|(name, example)| {
            DESCRIPTION.resolve(format!("{pointer}/examples/{}", escape(name)), example).1["value"].clone()
        });
        found.extend(named.chain(value.get("example").cloned()).map(|example| (format!("{pointer}/schema"), example)));
    }
    for (name, value) in members(value).filter(|(name, _)| !matches!(name.as_str(), "examples" | "example")) {
        examples(&format!("{pointer}/{}", escape(name)), value, found);
    }
    for (number, value) in value.as_array().into_iter().flatten().enumerate() {
        examples(&format!("{pointer}/{number}"), value, found);
    }
}

#[test]
fn every_example_keeps_to_its_schema() {
    let mut found = Vec::new();
    examples("", DESCRIPTION.document(), &mut found);

    assert!(found.len() > 150, "{} examples", found.len());
    for (schema, example) in found {
        DESCRIPTION.validate(&schema, &example).unwrap_or_else(|why| panic!("{schema}: {why}: {example}"));
    }
}

#[test]
fn every_parameter_header_and_body_has_an_example_and_every_reply_one_of_its_own() {
    let components = &DESCRIPTION.document()["components"];
    for (name, part) in ["parameters", "headers"].into_iter().flat_map(|kind| members(&components[kind])) {
        assert!(part.get("example").is_some(), "{name} has no example");
        assert!(part.get("description").is_some(), "{name} has no description");
    }
    let contents = members(&components["requestBodies"]).map(|(name, body)| (name.clone(), body.clone()));
    let replies = DESCRIPTION
        .replies()
        .map(|Described { operation, status, response }| (format!("{operation} {status}"), response.clone()));
    for (name, part) in contents.chain(replies) {
        for (media_type, content) in members(&part["content"]) {
            assert!(content.get("example").or(content.get("examples")).is_some(), "{name}: {media_type}");
        }
        assert!(part.get("content").is_some() || name.ends_with(" 304"), "{name} has no body");
    }
}

/// The words in quotes of one function of a source.
fn words(source: &str, function: &str) -> BTreeSet<String> {
    let (_, body) = source.split_once(function).expect(function);
    let (body, _) = body.split_once("\n    }\n").expect("its end");
    body.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn every_error_of_the_server_is_described_and_no_other() {
    let mut known = words(include_str!("../../../src/http/error.rs"), "fn row(");
    known.append(&mut words(include_str!("../../../src/oauth/error.rs"), "const fn as_str("));
    assert!(known.len() > 20, "{known:?}");

    let described: BTreeSet<String> = DESCRIPTION.errors().map(|(_, _, word)| word).collect();

    assert_eq!(described, known);
}

/// The values that a schema lets its `error` have.
fn allowed(schema: &Value) -> BTreeSet<String> {
    let (_, beneath) = DESCRIPTION.resolve(String::new(), schema);
    if let Some(kinds) = beneath.get("anyOf").and_then(Value::as_array) {
        return kinds.iter().flat_map(allowed).collect();
    }
    let error = schema.pointer("/properties/error").unwrap_or(&beneath["properties"]["error"]);
    let one = error.get("const").into_iter();
    let words = one.chain(error["enum"].as_array().into_iter().flatten());
    words.map(|word| word.as_str().expect("a word").to_owned()).collect()
}

#[test]
fn each_error_that_a_reply_may_be_has_an_example_there() {
    for Described { operation, status, response } in DESCRIPTION.replies() {
        if status.starts_with(['4', '5']) {
            let shown = DESCRIPTION.errors().filter(|(o, s, _)| (o, s) == (&operation, &status));
            let shown: BTreeSet<String> = shown.map(|(_, _, word)| word).collect();
            let schema = &response["content"]["application/json"]["schema"];
            assert_eq!(shown, allowed(schema), "{operation} {status}");
        }
    }
}
