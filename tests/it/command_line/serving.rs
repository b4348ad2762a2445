use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::support::{
    Reply,
    program::{Folder, Server, demo, failure, program, run, run_json},
};

#[test]
fn help_names_every_command_and_setting_and_version_says_what_it_is() {
    let folder = Folder::new();
    let help = run(&folder, &[], &["--help"]);
    let help = String::from_utf8(help.stdout).expect("UTF-8");
    for word in [
        "serve",
        "migrate",
        "check",
        "partner",
        "oauth-client",
        "user",
        "keys",
        "DATABASE_URL",
        "DNA_MASTER_KEY",
        "_FILE",
    ] {
        assert!(help.contains(word), "{word} is missing:\n{help}");
    }
    let version = run(&folder, &[], &["--version"]);
    assert_eq!(String::from_utf8_lossy(&version.stdout), format!("dna-api {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_wrong_or_unknown_setting_stops_the_start_with_a_line_that_names_it() {
    let folder = Folder::new();
    for (name, value) in [("DNA_LISTEN", "here"), ("DNA_NO_SUCH_SETTING", "1"), ("DNA_VALIDATION_STATUS", "500")] {
        let (code, line) = failure(&run(&folder, &[(name, value)], &[]));
        assert_eq!(code, 1);
        assert!(line.contains(name), "{line}");
    }
}

#[test]
fn the_embedded_database_is_not_served_to_the_whole_network_by_mistake() {
    let folder = Folder::new();
    let settings = [("DNA_LISTEN", "0.0.0.0:0"), ("DNA_PUBLIC_URL", "http://api.test")];
    let (code, line) = failure(&run(&folder, &settings, &[]));
    assert!(code == 1 && line.contains("DNA_EMBEDDED_PUBLIC"), "{line}");
}

#[test]
fn without_postgres_on_the_machine_one_line_says_what_to_install() {
    let folder = Folder::new();
    let nowhere = folder.path().to_str().expect("UTF-8");
    let (code, line) = failure(&run(&folder, &[("DNA_POSTGRES_BIN", nowhere)], &[]));
    assert_eq!(code, 1);
    assert!(line.contains("DNA_POSTGRES_BIN"), "{line}");
}

#[test]
fn a_second_server_on_the_folder_is_told_so_and_the_first_goes_on() {
    let folder = Folder::new();
    let first = Server::start(&folder, &[]);

    let (code, line) = failure(&run(&folder, &[("DNA_LISTEN", "127.0.0.1:0")], &[]));

    assert_eq!(code, 1);
    assert!(line.contains(folder.data().to_str().expect("UTF-8")), "{line}");
    assert!(run(&folder, &[], &["check"]).status.success());
    assert!(first.stop());
}

#[test]
fn the_demos_files_are_private_and_what_is_printed_works_when_it_is_pasted() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[("DNA_PUBLIC_URL", "")]);

    let said = server.said();
    for name in ["demo.env", "demo.postman_environment.json", "master.key"] {
        let meta = fs::metadata(folder.data().join(name)).expect(name);
        assert_eq!((meta.permissions().mode() & 0o777, meta.uid()), (0o600, nix::unistd::geteuid().as_raw()), "{name}");
    }
    let line = said.lines().find(|line| line.starts_with(". '")).expect("a line to paste");
    let secret = fs::read_to_string(folder.data().join("demo.env")).expect("demo.env");
    let secret = secret.lines().find_map(|line| line.strip_prefix("DNA_DEMO_CLIENT_SECRET=")).expect("a secret");
    assert!(!said.contains(secret.trim_matches('\'')), "what is printed holds a secret");
    let pasted = Command::new("sh").args(["-c", line]).output().expect("a shell");
    let reply: Value = serde_json::from_slice(&pasted.stdout).expect("JSON");
    assert_eq!(reply["token_type"], "Bearer", "{pasted:?}");

    let postman = fs::read(folder.data().join("demo.postman_environment.json")).expect("a file");
    let postman: Value = serde_json::from_slice(&postman).expect("JSON");
    let keys: Vec<&str> =
        postman["values"].as_array().expect("values").iter().filter_map(|v| v["key"].as_str()).collect();
    assert_eq!(keys, ["client_id", "client_secret", "username", "password", "scope", "base_url"]);
}

#[test]
fn a_demo_whose_file_is_lost_gets_new_secrets() {
    let folder = Folder::new();
    run_json(&folder, &[], &["partner", "list"]);
    let before = fs::read_to_string(folder.data().join("demo.env")).expect("demo.env");
    fs::remove_file(folder.data().join("demo.env")).expect("removed");

    run_json(&folder, &[], &["partner", "list"]);

    let after = fs::read_to_string(folder.data().join("demo.env")).expect("demo.env");
    assert_ne!(before, after);
    let id = |text: &str| text.lines().find(|line| line.starts_with("DNA_DEMO_CLIENT_ID=")).map(str::to_owned);
    assert_eq!(id(&before), id(&after), "it is the same OAuth client");
}

#[tokio::test]
async fn commands_that_set_a_fresh_folder_up_at_once_leave_a_demo_that_can_log_in() {
    let folder = Folder::new();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| run_json(&folder, &[], &["partner", "list"]));
        }
    });

    let server = Server::start(&folder, &[]);
    let reply = Reply::of(server.post("/api/oauth/token").form(&demo(&folder))).await;

    assert_eq!(reply.status, 200, "{}", reply.text);
}

#[test]
fn a_link_in_the_place_of_the_master_key_is_not_followed() {
    let folder = Folder::new();
    run_json(&folder, &[], &["partner", "list"]);
    let key = folder.data().join("master.key");
    let elsewhere = folder.path().join("elsewhere");
    fs::rename(&key, &elsewhere).expect("moved");
    std::os::unix::fs::symlink(&elsewhere, &key).expect("a link");

    let (code, line) = failure(&run(&folder, &[], &["partner", "list"]));

    assert_eq!(code, 1);
    assert!(line.contains("symbolic link"), "{line}");
}

#[test]
fn a_server_listens_on_a_unix_socket_and_replaces_one_that_a_dead_server_left() {
    let folder = Folder::new();
    let socket = folder.path().join("api.sock");
    let listen = format!("unix:{}", socket.display());
    drop(std::os::unix::net::UnixListener::bind(&socket).expect("a socket"));

    let mut child = program(&folder, &[("DNA_LISTEN", &listen), ("DNA_PUBLIC_URL", "http://api.test")], &[])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program");
    let curl = ["-sS", "--retry", "100", "--retry-delay", "0", "--retry-max-time", "30", "--retry-all-errors"];
    let reply = Command::new("curl")
        .args(curl)
        .args(["--unix-socket", socket.to_str().expect("UTF-8"), "http://api/readyz"])
        .output()
        .expect("curl");
    child.kill().expect("killed");
    child.wait().expect("gone");

    assert_eq!(String::from_utf8_lossy(&reply.stdout), r#"{"status":"ready"}"#, "{reply:?}");
}

#[test]
fn a_log_can_be_json_a_line() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[("DNA_LOG_FORMAT", "json")]);
    let said = server.said();
    let ready = said.lines().find(|line| line.contains("listen=") || line.contains(r#""listen""#)).expect("a line");
    let line: Value = serde_json::from_str(ready).expect("JSON");
    assert_eq!(line["message"], "ready");
}
