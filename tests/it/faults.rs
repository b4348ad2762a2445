//! The short forms of `tests/faults/`: what happens to a server in production, from outside.

use std::{path::Path, process::Command};

/// Runs a script to its end and prints its line of figures.
fn run(script: &str, arguments: &[&str]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults").join(script);
    let output = Command::new(path)
        .args(["--binary", env!("CARGO_BIN_EXE_dna-api")])
        .args(arguments)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .expect("python3");
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}");
    assert!(output.status.success(), "{script}: {said}{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
#[ignore = "needs python3"]
fn drippers_are_closed_and_good_callers_hardly_notice() {
    run("drippers", &["--heads", "1000", "--bodies", "500", "--memory", "128"]);
}

#[test]
#[ignore = "needs python3"]
fn a_restart_by_socket_activation_fails_no_request() {
    run("rolling_restart", &["--restarts", "5"]);
}

#[test]
#[ignore = "needs python3"]
fn mutated_requests_are_answered_or_refused() {
    run("mutated_requests", &["--requests", "20000"]);
}
