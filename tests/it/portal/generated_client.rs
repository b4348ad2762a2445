//! A client that a generator makes of the description: compiled strictly, and run.

use std::{fs, os::unix::fs::symlink, path::Path, process::Command};

use crate::support::App;

/// Runs a program of Node's in a folder. What it prints is told where it fails.
async fn node(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) {
    let mut command = Command::new("node");
    command.args(arguments).current_dir(folder).envs(environment.iter().copied());
    let output = tokio::task::spawn_blocking(move || command.output()).await.expect("a run").expect("node");
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(output.status.success(), "{arguments:?}: {said}");
}

#[tokio::test]
#[ignore = "needs Node.js and the packages of .ci/package.json"]
async fn a_generated_client_compiles_and_creates_a_client() {
    let app = App::start().await;
    let partner = app.partner("Acme").await;
    let folder = tempfile::tempdir().expect("a folder");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    symlink(root.join(".ci/node_modules"), folder.path().join("node_modules")).expect("a link");
    for file in ["client.mts", "tsconfig.json"] {
        fs::copy(root.join(".ci/generated_client").join(file), folder.path().join(file)).expect("a copy");
    }

    let description = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/openapi.yaml");
    let generator = "node_modules/openapi-typescript/bin/cli.js";
    node(folder.path(), &[generator, description, "--output", "schema.ts"], &[]).await;
    node(folder.path(), &["node_modules/typescript/bin/tsc"], &[]).await;
    let environment = [
        ("API_URL", app.url.as_str()),
        ("API_CLIENT_ID", &partner.client_id),
        ("API_CLIENT_SECRET", &partner.client_secret),
        ("API_USERNAME", &partner.username),
        ("API_PASSWORD", &partner.password),
    ];
    node(folder.path(), &["client.mjs"], &environment).await;

    assert_eq!(app.rows("clients").await, 1);
}
