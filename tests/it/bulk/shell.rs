//! `dna-api import`.

use std::{fs, process::Stdio};

use serde_json::{Value, json};

use super::{lines, row};
use crate::support::program::{Folder, failure, program, run, run_json};

#[test]
fn a_file_is_imported_from_the_shell_and_rows_that_fail_are_named() {
    let folder = Folder::new();
    run_json(&folder, &[], &["partner", "add", "Acme"]);
    let path = folder.path().join("clients.ndjson");
    fs::write(&path, [row("Steve", "1"), "{".to_owned(), row("Dora", "2")].join("\n")).expect("a file");
    let path = path.to_str().expect("UTF-8");

    let trial = run(&folder, &[], &["import", path, "--partner", "Acme", "--dry-run", "--json"]);
    let strict = run(&folder, &[], &["import", path, "--partner", "Acme", "--all-or-nothing", "--json"]);
    let first = run(&folder, &[], &["import", path, "--partner", "Acme", "--json"]);
    let again = run(&folder, &[], &["import", path, "--partner", "Acme"]);

    let created = [2, 0, 2];
    for (output, created) in [&trial, &strict, &first].into_iter().zip(created) {
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let sum = &lines(&String::from_utf8_lossy(&output.stdout))[0];
        assert_eq!((&sum["created"], &sum["existing"], &sum["failed"]), (&json!(created), &json!(0), &json!(1)));
        let failed = lines(&String::from_utf8_lossy(&output.stderr));
        assert_eq!((failed.len(), &failed[0]["row"]), (1, &json!(2)));
    }
    let said = String::from_utf8_lossy(&again.stdout).into_owned();
    assert!(said.contains("created: 0") && said.contains("existing: 2"), "{said}");
}

#[test]
fn standard_input_is_a_file_too() {
    let folder = Folder::new();
    run_json(&folder, &[], &["partner", "add", "Acme"]);
    let mut child = program(&folder, &[], &["import", "-", "--partner", "Acme", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program");
    std::io::Write::write_all(&mut child.stdin.take().expect("a pipe"), row("Steve", "1").as_bytes()).expect("written");
    let output = child.wait_with_output().expect("an end");

    assert!(output.status.success(), "{output:?}");
    assert_eq!(lines(&String::from_utf8_lossy(&output.stdout))[0]["created"], 1);
}

#[test]
fn an_import_is_on_record_before_its_first_client_and_after_its_last_and_a_test_partners_are_under_test() {
    let folder = Folder::new();
    let file = folder.path().join("clients.csv");
    run_json(&folder, &[], &["partner", "add", "QA", "--test"]);
    let names = "has_subreseller_id,email,first_name,last_name,zipcode,address,same_billing_address";
    let rows = "no,a@example.com,Ana,Ruiz,33134,1 Main Street,yes\r\nno,,Ben,Ruiz,33134,2 Main Street,yes";
    fs::write(&file, format!("{names}\r\n{rows}\r\n")).expect("a file");

    let import = run(&folder, &[], &["import", file.to_str().expect("UTF-8"), "--partner", "QA"]);

    assert_eq!(import.status.code(), Some(1), "{import:?}");
    let entries = run_json(&folder, &[], &["audit", "--partner", "QA"]);
    let details: Vec<_> = entries.as_array().expect("entries").iter().map(|entry| &entry["detail"]).collect();
    let of_import: Vec<_> = details.into_iter().filter(|detail| detail["command"] == "import").collect();
    let told = |detail: &Value| ["stage", "target", "rows", "created", "failed"].map(|name| detail[name].clone());
    assert_eq!(told(of_import[0]), [json!("begun"), json!("QA"), json!(null), json!(null), json!(null)]);
    assert_eq!(told(of_import[1]), [json!("ended"), json!("QA"), json!(2), json!(1), json!(1)]);
    assert_eq!(of_import.len(), 2);
    let found = run_json(&folder, &[], &["client", "find", "--q", "ana"]);
    assert_eq!(found[0]["ns_domain"], "anaruiz.test", "{found}");
}

#[test]
fn a_file_or_a_partner_that_is_not_there_is_told_in_one_line() {
    let folder = Folder::new();
    run_json(&folder, &[], &["partner", "add", "Acme"]);

    let (code, line) = failure(&run(&folder, &[], &["import", "/nowhere", "--partner", "Acme"]));
    assert!(code == 1 && line.contains("cannot open /nowhere"), "{line}");
    let (code, line) = failure(&run(&folder, &[], &["import", "/nowhere", "--partner", "Nobody"]));
    assert!(code == 1 && line.contains("there is no partner `Nobody`"), "{line}");
}
