//! `dna-api keys`, as an operator types it.

use serde_json::Value;

use super::super::support::program::{Folder, Server, failure, run, run_json};
use crate::support::database;

const KEY: (&str, &str) = ("DNA_MASTER_KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
const BITS: (&str, &str) = ("DNA_SIGNING_KEY_BITS", "2048");

fn states(keys: &Value) -> Vec<&str> {
    keys.as_array().expect("keys").iter().map(|key| key["state"].as_str().expect("a state")).collect()
}

#[tokio::test]
async fn keys_are_listed_rotated_and_retired_by_command() {
    let folder = Folder::new();
    let url = database::empty_url().await;
    let settings = [("DATABASE_URL", url.as_str()), KEY, BITS];
    run_json(&folder, &settings, &["migrate"]);
    assert_eq!(run_json(&folder, &settings, &["keys", "list"]), Value::Array(Vec::new()));
    let (code, line) = failure(&run(&folder, &settings, &["keys", "rotate"]));
    assert_eq!((code, line.as_str()), (1, "dna-api: no key signs yet: the server's first start makes one"));
    assert!(Server::start(&folder, &settings).stop());

    let rotated = run_json(&folder, &settings, &["keys", "rotate"]);
    let listed = run_json(&folder, &settings, &["keys", "list"]);
    assert_eq!(states(&listed), ["signing", "next"]);
    let members: Vec<&String> = listed[0].as_object().expect("a key").keys().collect();
    assert_eq!(members, ["kid", "bits", "state", "created_at", "signs_from", "verifies_until"]);
    assert_eq!((&listed[0]["bits"], &listed[1]["bits"]), (&2048.into(), &2048.into()));
    assert_eq!((&rotated["kid"], &rotated["replaces"]), (&listed[1]["kid"], &listed[0]["kid"]));
    assert_eq!(rotated["replaced_verifies_until"], listed[0]["verifies_until"]);
    let table = run(&folder, &settings, &["keys", "list"]);
    assert!(String::from_utf8_lossy(&table.stdout).lines().count() == 3, "{table:?}");

    let check = run(&folder, &settings, &["check"]);
    let said = String::from_utf8_lossy(&check.stdout).into_owned();
    let [signing, next] = [0, 1].map(|place| listed[place]["kid"].as_str().expect("a kid"));
    assert!(said.contains(&format!("signing with {signing}; next {next} from 20")), "{said}");

    assert_eq!(run_json(&folder, &settings, &["keys", "retire", next])["state"], "retired");
    assert_eq!(states(&run_json(&folder, &settings, &["keys", "list"])), ["signing", "retired"]);
    let (code, line) = failure(&run(&folder, &settings, &["keys", "retire", signing]));
    assert!(code == 1 && line.contains("keys rotate"), "{line}");
}

#[tokio::test]
async fn a_name_that_begins_with_a_hyphen_is_a_name() {
    let folder = Folder::new();
    let url = database::empty_url().await;
    let settings = [("DATABASE_URL", url.as_str()), KEY, BITS];
    run_json(&folder, &settings, &["migrate"]);

    for name in ["-zJNYImdlTz-JpZQVuUC_ddMAs2sMuU0cgnIQZQEQlQ", "-hJNYImdlTz-JpZQVuUC_ddMAs2sMuU0cgnIQZQEQlQ", "--x"] {
        for arguments in [["keys", "retire", name, "--json"], ["keys", "retire", "--json", name]] {
            let (code, line) = failure(&run(&folder, &settings, &arguments));
            assert_eq!(
                (code, line),
                (1, format!("dna-api: there is no signing key `{name}`: see `dna-api keys list`"))
            );
        }
    }
}

#[test]
fn wrong_usage_of_keys_ends_with_2() {
    let folder = Folder::new();
    for arguments in [
        &["keys"][..],
        &["keys", "rotate", "--lead", "4"],
        &["keys", "rotate", "--lead", "604801"],
        &["keys", "rotate", "--lead", "soon"],
        &["keys", "retire"],
        &["keys", "replace-all", "now"],
    ] {
        assert_eq!(run(&folder, &[], arguments).status.code(), Some(2), "{arguments:?}");
    }
    assert!(!folder.data().exists());
}
