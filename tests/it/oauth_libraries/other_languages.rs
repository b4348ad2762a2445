//! Libraries of Python and Node: each script uses one as its own documentation does, with the demo partner's
//! credentials, and fails where something is not as it expects.

use std::{
    ffi::OsStr,
    path::Path,
    process::{Command, Stdio},
};

use crate::support::program::{Folder, Server, demo};

/// Runs a script of `.ci/oauth_libraries` against a server of its own.
fn assert_works(interpreter: impl AsRef<OsStr>, script: &str) {
    let folder = Folder::new();
    let server = Server::start(&folder, &[("DNA_PUBLIC_URL", "")]);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/oauth_libraries").join(script);
    let mut command = Command::new(interpreter);
    command.arg(path).current_dir(folder.path()).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        // A proxy would be asked for 127.0.0.1 too.
        if name.to_string_lossy().to_ascii_lowercase().ends_with("_proxy") {
            command.env_remove(name);
        }
    }
    for (name, value) in demo(&folder) {
        command.env(name.to_ascii_uppercase(), value);
    }
    let output = command.env("ISSUER", &server.url).output().expect("the interpreter");
    assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    let said = server.last_words();
    for (_, secret) in demo(&folder).iter().filter(|(name, _)| matches!(*name, "client_secret" | "password")) {
        assert!(!said.contains(secret.as_str()), "{script}: the log holds a secret");
    }
}

fn python() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/venv/bin/python")
}

#[test]
#[ignore = "needs Python and the packages of .ci/requirements.txt"]
fn python_requests_oauthlib_logs_in_and_refreshes() {
    assert_works(python(), "requests_oauthlib.py");
}

#[test]
#[ignore = "needs Python and the packages of .ci/requirements.txt"]
fn python_authlib_logs_in_refreshes_introspects_and_revokes() {
    assert_works(python(), "authlib_session.py");
}

#[test]
#[ignore = "needs Python and the packages of .ci/requirements.txt"]
fn python_pyjwt_verifies_through_the_jwks_url_alone() {
    assert_works(python(), "pyjwt_verify.py");
}

#[test]
#[ignore = "needs Node.js and the packages of .ci/package.json"]
fn node_openid_client_discovers_logs_in_refreshes_introspects_and_revokes() {
    assert_works("node", "openid_client.mjs");
}

#[test]
#[ignore = "needs Node.js and the packages of .ci/package.json"]
fn node_simple_oauth2_logs_in_refreshes_and_revokes() {
    assert_works("node", "simple_oauth2.cjs");
}

#[test]
#[ignore = "needs Node.js and the packages of .ci/package.json"]
fn node_jose_verifies_through_the_jwks_url_alone() {
    assert_works("node", "jose_verify.mjs");
}
