//! Starts that cannot succeed, or are called off.

use std::{fs, os::unix::net::UnixListener, process::Stdio, time::Duration};

use crate::support::{
    database,
    program::{Folder, Server, demo, failure, program, run, run_json},
    until,
};

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

#[test]
fn a_file_in_the_place_of_the_unix_socket_is_left_alone() {
    let folder = Folder::new();
    let file = folder.path().join("precious");
    fs::write(&file, "precious").expect("a file");
    let listen = format!("unix:{}", file.display());

    let (code, line) = failure(&run(&folder, &[("DNA_LISTEN", &listen), ("DNA_PUBLIC_URL", "http://api.test")], &[]));

    assert!(code == 1 && line.contains("DNA_LISTEN"), "{line}");
    assert_eq!(fs::read_to_string(&file).expect("the file"), "precious");
}

#[test]
fn a_socket_that_a_dead_server_left_is_replaced() {
    let folder = Folder::new();
    let socket = folder.path().join("socket");
    drop(UnixListener::bind(&socket).expect("a socket"));
    let listen = format!("unix:{}", socket.display());

    let server = Server::start(&folder, &[("DNA_LISTEN", &listen)]);

    let (code, line) = failure(&run(&folder, &[("DNA_LISTEN", &listen), ("DNA_PUBLIC_URL", "http://api.test")], &[]));
    assert!(code == 1 && line.contains("DNA_LISTEN"), "one that a live server has is not: {line}");
    assert!(server.stop());
}

#[tokio::test]
async fn a_server_that_waits_for_its_database_stops_when_it_is_told_to() {
    let silent = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let url = format!("postgres://dna@{}/dna", silent.local_addr().expect("an address"));
    let folder = Folder::new();
    let settings = [("DATABASE_URL", url.as_str()), ("DNA_MASTER_KEY", KEY), ("DNA_LISTEN", "127.0.0.1:0")];
    let mut server =
        program(&folder, &settings, &["serve"]).stderr(Stdio::null()).stdin(Stdio::null()).spawn().expect("a server");
    let _connection = silent.accept().await.expect("the server's connection");

    let pid = nix::unistd::Pid::from_raw(i32::try_from(server.id()).expect("a process id"));
    nix::sys::signal::kill(pid, nix::sys::signal::SIGTERM).expect("told");

    let took = until("it has stopped", async || server.try_wait().expect("a process").is_some()).await;
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert!(server.wait().expect("its end").success());
}

#[tokio::test]
async fn a_database_that_lacks_most_letters_is_refused() {
    let folder = Folder::new();
    let url = database::empty_url_encoded("LATIN1").await;

    let settings = [("DATABASE_URL", url.as_str()), ("DNA_MASTER_KEY", KEY)];
    let (code, line) = failure(&run(&folder, &settings, &["migrate"]));

    assert!(code == 1 && line.contains("LATIN1") && line.contains("UTF8"), "{line}");
}

#[test]
fn a_demo_file_that_was_emptied_is_made_anew() {
    let folder = Folder::new();
    run_json(&folder, &[], &["partner", "list"]);
    fs::write(folder.data().join("demo.env"), "\n").expect("emptied");

    run_json(&folder, &[], &["partner", "list"]);

    assert!(demo(&folder).iter().all(|(_, value)| !value.is_empty()));
}

#[test]
fn the_line_to_paste_works_whatever_the_folder_is_called() {
    let folder = Folder::new();
    let odd = folder.path().join("o'brien, \"x\" $HOME");
    let server = Server::start(&folder, &[("DNA_PUBLIC_URL", ""), ("DNA_DATA_DIR", odd.to_str().expect("UTF-8"))]);

    let said = server.said();
    let line = said.lines().find(|line| line.starts_with(". '")).expect("a line to paste");
    let pasted = std::process::Command::new("sh").args(["-c", line]).output().expect("a shell");

    assert!(String::from_utf8_lossy(&pasted.stdout).contains("access_token"), "{pasted:?}");
}

#[test]
fn wrong_usage_is_one_line_that_says_what_is_wrong() {
    let folder = Folder::new();
    for (arguments, told) in [
        (["partner", "add", ""].as_slice(), "1 to 64 characters"),
        (&["partner", "ad"], "'add'"),
        (&["partner"], "--help"),
        (&["user", "add", "--partner", "x"], "--username"),
        (&["serve", "--json"], "--json"),
        (&["nonsense"], "nonsense"),
    ] {
        let (code, line) = failure(&run(&folder, &[], arguments));
        assert_eq!(code, 2, "{line}");
        assert!(line.starts_with("dna-api: ") && line.contains(told), "{line}");
    }
}
