//! A real proxy with the shipped configuration, of which only addresses, paths and time-outs are changed.

use std::{
    fs::{self, File},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::support::program::Folder;

/// Which proxy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    Nginx,
    Caddy,
    Haproxy,
}

/// A running proxy; killed when it is dropped.
pub struct Proxy {
    child: Child,
    folder: PathBuf,
    address: String,
}

impl Proxy {
    /// Starts it in front of a server, and waits until it answers.
    pub fn start(kind: Kind, folder: &Folder, upstream: &str) -> Self {
        Self::start_with(kind, folder, upstream, |configuration| configuration)
    }

    /// The same, with its configuration changed once more.
    pub fn start_with(kind: Kind, folder: &Folder, upstream: &str, change: impl Fn(String) -> String) -> Self {
        let address = format!("127.0.0.1:{}", free_port());
        let folder = folder.path().join("proxy");
        fs::create_dir(&folder).expect("a folder");
        let changed = change(replace_once(&shipped(kind), "127.0.0.1:8080", upstream));
        let mut command = command(kind, &folder, &address, &changed);
        let output = File::create(folder.join("output.log")).expect("a log");
        let child = command
            .stdin(Stdio::null())
            .stdout(output.try_clone().expect("a file"))
            .stderr(output)
            .spawn()
            .unwrap_or_else(|error| panic!("{kind:?} does not start: {error}"));
        let mut proxy = Self { child, folder, address };
        proxy.wait();
        proxy
    }

    fn wait(&mut self) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(&self.address).is_err() {
            assert!(self.child.try_wait().expect("a process").is_none(), "it ended: {}", self.logs());
            assert!(Instant::now() < deadline, "it does not listen: {}", self.logs());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Where it listens: address and port.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The URL of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// All that it has written, wherever.
    pub fn logs(&self) -> String {
        let mut all = String::new();
        let mut folders = vec![self.folder.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
                if entry.is_dir() {
                    folders.push(entry);
                } else if entry.is_file() {
                    all += &String::from_utf8_lossy(&fs::read(entry).unwrap_or_default());
                }
            }
        }
        all
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The configuration as it is shipped.
fn shipped(kind: Kind) -> String {
    let path = match kind {
        Kind::Nginx => "nginx/dna-api.conf",
        Kind::Caddy => "caddy/Caddyfile",
        Kind::Haproxy => "haproxy/haproxy.cfg",
    };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy").join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The proxy with that configuration, listening there without TLS, and writing into that folder alone.
fn command(kind: Kind, folder: &Path, address: &str, shipped: &str) -> Command {
    let path = |name: &str| folder.join(name).display().to_string();
    match kind {
        Kind::Nginx => {
            let plain =
                replace_once(shipped, "listen 443 ssl default_server", &format!("listen {address} default_server"));
            let plain = without_lines(&plain, "ssl_certificate");
            fs::write(path("dna-api.conf"), plain.replace("/var/log/nginx", &path(""))).expect("written");
            let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
                .map(|name| format!("{name}_temp_path {};\n", path(name)))
                .concat();
            let main = format!(
                "daemon off;\nmaster_process off;\npid {};\nerror_log {} emerg;\nevents {{ worker_connections 2000; }}\n\
                 http {{\n{temporary}include {};\n}}\n",
                path("nginx.pid"),
                path("error.log"),
                path("dna-api.conf"),
            );
            fs::write(path("nginx.conf"), main).expect("written");
            let mut command = Command::new("nginx");
            command.args(["-c", &path("nginx.conf"), "-e", &path("start.log")]);
            command
        }
        Kind::Caddy => {
            // Whatever host a request names: what is of no site would not be logged, and prove nothing.
            let (ip, port) = address.split_once(':').expect("a port");
            let site = format!("\nhttp://:{port} {{\n\tbind {ip}");
            let plain = replace_once(shipped, "\napi.example.com {", &site);
            fs::write(path("Caddyfile"), plain.replace("/var/log/caddy", &path(""))).expect("written");
            let mut command = Command::new("caddy");
            command.args(["run", "--adapter", "caddyfile", "--config", &path("Caddyfile")]);
            command.env("HOME", folder).env("CADDY_ADMIN", format!("unix/{}", path("admin.sock")));
            command.env_remove("XDG_DATA_HOME").env_remove("XDG_CONFIG_HOME");
            command
        }
        Kind::Haproxy => {
            let bind = "bind :443 ssl crt /etc/ssl/api.example.com.pem alpn http/1.1";
            let plain = replace_once(shipped, bind, &format!("bind {address}"));
            let plain = replace_once(&plain, "log /dev/log local0", "log stdout format raw local0");
            fs::write(path("haproxy.cfg"), plain).expect("written");
            let mut command = Command::new("haproxy");
            command.args(["-f", &path("haproxy.cfg")]);
            command
        }
    }
}

/// The text with its one such part replaced.
pub fn replace_once(text: &str, from: &str, to: &str) -> String {
    assert_eq!(text.matches(from).count(), 1, "{from:?} in {text}");
    text.replace(from, to)
}

fn without_lines(text: &str, word: &str) -> String {
    text.lines().filter(|line| !line.trim_start().starts_with(word)).map(|line| format!("{line}\n")).collect()
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}
