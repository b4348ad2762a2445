//! The program itself, as a process: what operators run.

use std::{
    fs::{self, File},
    os::{fd::OwnedFd, unix::fs::PermissionsExt as _},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::atomic::{AtomicU32, Ordering::Relaxed},
    time::{Duration, Instant},
};

use reqwest::{Method, RequestBuilder};
use tempfile::TempDir;

/// A folder for a data folder, which the account that runs Postgres can pass through.
pub struct Folder(TempDir);

impl Folder {
    pub fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("dna-test-").tempdir().expect("a folder");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711)).expect("its mode");
        Self(folder)
    }

    /// A data folder that does not exist yet.
    pub fn data(&self) -> PathBuf {
        self.0.path().join("data")
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

/// The program with these settings and no others, in a folder without a `.env`.
pub fn program(folder: &Folder, settings: &[(&str, &str)], arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dna-api"));
    command.args(arguments).env_clear().current_dir(folder.path());
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("DNA_DATA_DIR", folder.data());
    command.envs(settings.iter().copied());
    command
}

/// What a server of the tests is told.
const SERVING: [(&str, &str); 2] = [("DNA_LISTEN", "127.0.0.1:0"), ("DNA_PUBLIC_URL", "http://api.test")];

/// A server to which a service manager passes two sockets by those names: descriptors from 3 on. What it prints goes to
/// standard error.
pub fn activated(folder: &Folder, names: &str, [first, second]: [OwnedFd; 2]) -> Command {
    let program = program(folder, &SERVING, &[]);
    let mut command = Command::new("sh");
    command.args(["-c", r#"exec 3<&0 4<&1 </dev/null >&2; LISTEN_PID=$$ exec "$0" serve"#]).arg(program.get_program());
    command.env_clear().envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.env("LISTEN_FDS", "2").env("LISTEN_FDNAMES", names).current_dir(folder.path());
    command.stdin(first).stdout(second);
    command
}

/// Runs an operator's command to its end.
pub fn run(folder: &Folder, settings: &[(&str, &str)], arguments: &[&str]) -> Output {
    program(folder, settings, arguments).output().expect("the program")
}

/// What a successful command printed with `--json`.
pub fn run_json(folder: &Folder, settings: &[(&str, &str)], arguments: &[&str]) -> serde_json::Value {
    let arguments: Vec<&str> = arguments.iter().copied().chain(["--json"]).collect();
    let output = run(folder, settings, &arguments);
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    serde_json::from_slice(&output.stdout).expect("one JSON document")
}

/// The exit code and the one line on standard error of a command that failed.
pub fn failure(output: &Output) -> (i32, String) {
    let said = String::from_utf8(output.stderr.clone()).expect("UTF-8");
    assert_eq!(said.lines().count(), 1, "not one line: {said}");
    (output.status.code().expect("an exit code"), said.trim_end().to_owned())
}

/// A running server; killed when it is dropped.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub url: String,
    log: PathBuf,
    http: reqwest::Client,
}

impl Server {
    /// Starts a server on a free port and waits until it is ready. Its public URL does not depend on the port, so that
    /// its tokens outlive it.
    pub fn start(folder: &Folder, settings: &[(&str, &str)]) -> Self {
        let (log, file) = new_log(folder);
        let mut command = program(folder, &SERVING, &["serve"]);
        command.envs(settings.iter().copied()).stdin(Stdio::null()).stdout(file.try_clone().expect("a file"));
        Self::of(command.stderr(file), log)
    }

    /// Starts a server to which a service manager passes two sockets, and waits until it is ready.
    pub fn start_activated(folder: &Folder, names: &str, sockets: [OwnedFd; 2]) -> Self {
        let (log, file) = new_log(folder);
        Self::of(activated(folder, names, sockets).stderr(file), log)
    }

    fn of(command: &mut Command, log: PathBuf) -> Self {
        let child = command.spawn().expect("the program");
        let mut server = Self { child, url: String::new(), log, http: reqwest::Client::new() };
        server.url = server.wait_until_ready();
        server
    }

    fn wait_until_ready(&mut self) -> String {
        let deadline = Instant::now() + Duration::from_mins(1);
        loop {
            if let Some(address) = address(&self.said()) {
                return format!("http://{address}");
            }
            assert!(self.child.try_wait().expect("a process").is_none(), "it ended: {}", self.said());
            assert!(Instant::now() < deadline, "it is not ready: {}", self.said());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// What it has printed and logged so far. The line of a request may come a moment after its reply.
    pub fn said(&self) -> String {
        fs::read_to_string(&self.log).expect("a log")
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url))
    }

    pub fn post(&self, path: &str) -> RequestBuilder {
        self.request(Method::POST, path)
    }

    /// Ends it as a crash would.
    pub fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("gone");
    }

    /// Tells it to stop, as a service manager would, and says whether it ended well.
    pub fn stop(mut self) -> bool {
        let pid = i32::try_from(self.child.id()).expect("a process id");
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::SIGTERM).expect("told");
        self.child.wait().expect("gone").success()
    }

    /// Tells it to stop, and has all that it has printed and logged, once it has ended well.
    pub fn last_words(self) -> String {
        let log = self.log.clone();
        assert!(self.stop(), "that is no good end");
        fs::read_to_string(log).expect("a log")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A new file for what a server says.
fn new_log(folder: &Folder) -> (PathBuf, File) {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let log = folder.path().join(format!("server-{}.log", NEXT.fetch_add(1, Relaxed)));
    let file = File::create(&log).expect("a log");
    (log, file)
}

/// The address in the line that tells where a server listens, as text or as JSON.
fn address(said: &str) -> Option<String> {
    let (_, rest) = said.split_once("listen=\"").or_else(|| said.split_once(r#""listen":""#))?;
    rest.split_once('"').map(|(address, _)| address.to_owned())
}

/// The demo's credentials, as its file has them.
pub fn demo(folder: &Folder) -> Vec<(&'static str, String)> {
    let text = fs::read_to_string(folder.data().join("demo.env")).expect("demo.env");
    let value = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("DNA_DEMO_{name}="))).expect(name);
        line.trim_matches('\'').to_owned()
    };
    vec![
        ("grant_type", "password".to_owned()),
        ("client_id", value("CLIENT_ID")),
        ("client_secret", value("CLIENT_SECRET")),
        ("username", value("USERNAME")),
        ("password", value("PASSWORD")),
    ]
}
