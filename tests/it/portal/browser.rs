//! The page and its console in a browser.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::support::program::{Folder, Server, demo};

fn chromium() -> PathBuf {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let mut found = std::env::split_paths(&folders).map(|folder| folder.join("chromium"));
    found.find(|path| path.is_file()).expect("chromium in PATH")
}

/// Nothing here names what is expected: `.ci/browser/portal.mjs` does, and says what is not so.
#[test]
#[ignore = "needs Chromium and Node.js"]
fn the_page_and_the_console_work_in_a_browser() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[("DNA_PUBLIC_URL", "")]);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let screenshots = root.join("target/screenshots");
    fs::create_dir_all(&screenshots).expect("a folder");
    let mut command = Command::new("node");
    command.arg(root.join(".ci/browser/portal.mjs")).current_dir(folder.path()).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        // A proxy would be asked for 127.0.0.1 too.
        if name.to_string_lossy().to_ascii_lowercase().ends_with("_proxy") {
            command.env_remove(name);
        }
    }
    for (name, value) in demo(&folder) {
        command.env(name.to_ascii_uppercase(), value);
    }
    command.env("SERVER", &server.url).env("CHROMIUM", chromium()).env("SCREENSHOTS", screenshots);

    let output = command.output().expect("Node.js");

    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
