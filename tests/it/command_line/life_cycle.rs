//! How a server starts, is set anew and stops, and what a service manager hears of it.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    os::unix::net::UnixDatagram,
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::{
        ptrace,
        signal::{Signal, kill},
        wait::{WaitPidFlag, waitpid},
    },
    unistd::Pid,
};
use reqwest::Method;
use tokio::time::sleep;

use crate::support::{
    program::{Folder, Server},
    until,
};

fn signal(server: &Server, signal: Signal) {
    kill(Pid::from_raw(i32::try_from(server.pid()).expect("a process id")), signal).expect("told");
}

/// The status of a request on a connection of its own; none where nobody accepts it.
async fn status(server: &Server, path: &str) -> Option<u16> {
    let request = server.request(Method::GET, path).header("connection", "close");
    request.send().await.ok().map(|reply| reply.status().as_u16())
}

/// A request whose body does not come.
fn hold(server: &Server) -> TcpStream {
    let mut stream = TcpStream::connect(server.url.replace("http://", "")).expect("a connection");
    let head =
        "POST /api/oauth/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n";
    stream.write_all(head.as_bytes()).expect("sent");
    stream
}

#[test]
fn a_server_that_nobody_watches_stops_at_once() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);

    let start = Instant::now();
    assert!(server.stop());
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
}

#[tokio::test]
async fn who_watches_hears_of_the_end_while_requests_are_still_accepted() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    for _ in 0..3 {
        assert_eq!(status(&server, "/readyz").await, Some(200));
        tokio::time::sleep(Duration::from_secs(1)).await; // a balancer's interval
    }
    let mut held = hold(&server);

    signal(&server, Signal::SIGTERM);
    until("it says that it is not ready", async || status(&server, "/readyz").await == Some(503)).await;
    let reply = server.request(Method::GET, "/healthz").send().await.expect("it is still accepted");
    assert_eq!((reply.status().as_u16(), reply.headers()["connection"].as_bytes()), (200, b"close".as_slice()));
    until("it accepts nothing more", async || status(&server, "/healthz").await.is_none()).await;

    held.write_all(b"{}").expect("sent");
    let mut text = String::new();
    held.read_to_string(&mut text).expect("UTF-8");
    assert!(text.starts_with("HTTP/1.1 400 ") && text.contains("connection: close"), "{text}");
    until("it has ended", async || !fs::exists(format!("/proc/{}/fd/0", server.pid())).unwrap_or(false)).await;
}

#[tokio::test]
async fn a_connection_that_a_proxy_keeps_is_good_for_one_request_more_while_a_server_stops() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[("DNA_TRUSTED_PROXIES", "127.0.0.1")]);
    let ask = |stream: &mut TcpStream| {
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").expect("sent");
        let mut reply = vec![0; 4096];
        let count = stream.read(&mut reply).expect("a reply");
        String::from_utf8_lossy(&reply[..count]).into_owned()
    };
    let mut kept = TcpStream::connect(server.url.replace("http://", "")).expect("a connection");
    assert!(!ask(&mut kept).contains("connection: close"));

    signal(&server, Signal::SIGTERM);
    until("it accepts nothing more", async || status(&server, "/healthz").await.is_none()).await;
    tokio::time::sleep(Duration::from_millis(750)).await; // three times what others have
    let reply = ask(&mut kept);
    assert!(reply.starts_with("HTTP/1.1 200 ") && reply.contains("connection: close"), "{reply}");
    // Nobody else is there: nothing is waited for.
    let start = Instant::now();
    until("it has ended", async || !fs::exists(format!("/proc/{}/fd/0", server.pid())).unwrap_or(false)).await;
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}

#[test]
fn a_second_signal_ends_it_whatever_it_does() {
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    let held = hold(&server);
    thread::sleep(Duration::from_millis(200));

    let start = Instant::now();
    signal(&server, Signal::SIGTERM);
    while !server.said().contains("stopping") {
        assert!(start.elapsed() < Duration::from_secs(5));
        thread::sleep(Duration::from_millis(10));
    }
    signal(&server, Signal::SIGTERM);
    while !server.said().contains("told twice to stop") {
        assert!(start.elapsed() < Duration::from_secs(5), "it ends without a word");
        thread::sleep(Duration::from_millis(10));
    }
    assert!(!server.stop(), "that is no good end");
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
    drop(held);
}

/// A service manager, by the socket that it gives to a server.
struct Manager {
    socket: UnixDatagram,
    path: String,
}

impl Manager {
    fn new(folder: &Folder) -> Self {
        let path = folder.path().join("notify");
        let socket = UnixDatagram::bind(&path).expect("a socket");
        Self { socket, path: path.to_str().expect("UTF-8").to_owned() }
    }

    /// A server that this one watches: at half of this time it tells that it is alive.
    fn start(&self, folder: &Folder, watchdog_usec: &str) -> Server {
        Server::start(folder, &[("NOTIFY_SOCKET", &self.path), ("WATCHDOG_USEC", watchdog_usec)])
    }

    /// Whether that is told within some time.
    fn hears(&self, what: &str, within: Duration) -> bool {
        let last = Instant::now() + within;
        let mut heard = [0; 256];
        loop {
            let left = last.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
            self.socket.set_read_timeout(Some(left)).expect("an option");
            let Ok(count) = self.socket.recv(&mut heard) else { return false };
            if String::from_utf8_lossy(&heard[..count]).contains(what) {
                return true;
            }
        }
    }

    #[track_caller]
    fn hear(&self, what: &str) {
        assert!(self.hears(what, Duration::from_secs(20)), "{what} is not heard");
    }

    /// Has a server stop, and listens until it has: who does not hold it up.
    fn see_off(&self, server: Server) {
        let stopped = thread::spawn(|| server.stop());
        self.hear("STOPPING=1");
        while !stopped.is_finished() {
            self.hears("STOPPING=1", Duration::from_millis(10));
        }
        assert!(stopped.join().expect("a thread"));
    }
}

#[test]
fn a_service_manager_hears_that_it_is_ready_alive_reloading_and_stopping() {
    let folder = Folder::new();
    let manager = Manager::new(&folder);
    let server = manager.start(&folder, "400000");

    manager.hear("READY=1");
    manager.hear("WATCHDOG=1");
    manager.hear("WATCHDOG=1");
    signal(&server, Signal::SIGHUP);
    manager.hear("RELOADING=1");
    manager.hear("READY=1");
    manager.hear("WATCHDOG=1");
    manager.see_off(server);
}

#[test]
fn a_service_manager_hears_nothing_while_a_thread_that_serves_stands_still() {
    let folder = Folder::new();
    let manager = Manager::new(&folder);
    let server = manager.start(&folder, "400000");
    manager.hear("WATCHDOG=1");

    let tasks = fs::read_dir(format!("/proc/{}/task", server.pid())).expect("threads");
    let tasks = tasks.map(|task| task.expect("a thread").path());
    let is_worker =
        |task: &PathBuf| fs::read_to_string(task.join("comm")).is_ok_and(|name| name.starts_with("worker-"));
    // On one core there is none but the first, which also tells.
    let thread = tasks
        .into_iter()
        .find(is_worker)
        .map_or(server.pid().to_string(), |task| task.file_name().expect("a number").to_string_lossy().into_owned());
    let thread = Pid::from_raw(thread.parse().expect("a number"));
    ptrace::attach(thread).expect("a thread of a child may be stopped (kernel.yama.ptrace_scope is 0 or 1)");
    waitpid(thread, Some(WaitPidFlag::__WALL)).expect("it stands still");
    while manager.hears("WATCHDOG=1", Duration::ZERO) {} // what was told before
    manager.hears("WATCHDOG=1", Duration::from_millis(400)); // and what was under way
    assert!(!manager.hears("WATCHDOG=1", Duration::from_secs(2)), "as if all was well");

    ptrace::detach(thread, None).expect("it goes on");
    manager.hear("WATCHDOG=1");
    manager.see_off(server);
}

#[tokio::test]
async fn a_hang_up_reads_the_file_of_settings_again() {
    let folder = Folder::new();
    let file = folder.path().join(".env");
    let server = Server::start(&folder, &[]);
    let said = async |what: &str| until(what, async || server.said().contains(what)).await;
    let number = AtomicU32::new(0);
    let forwarded = async || {
        let id = format!("forwarded-{}.", number.fetch_add(1, Relaxed));
        let request = server.request(Method::GET, "/api/none").header("x-forwarded-for", "192.0.2.7");
        request.header("x-request-id", &id).send().await.expect("a reply");
        said(&id).await;
        let log = server.said();
        log.lines().any(|line| line.contains(&id) && line.contains("from=192.0.2.7"))
    };
    assert!(!forwarded().await);

    fs::write(&file, "DNA_TRUSTED_PROXIES=127.0.0.1\nDNA_RATE_LIMIT=7\n").expect("a file");
    signal(&server, Signal::SIGHUP);
    said("DNA_RATE_LIMIT").await;
    assert!(server.said().contains("take effect with a restart"));
    assert!(!server.said().contains("changed=\"DNA_TRUSTED_PROXIES DNA_RATE_LIMIT\""));
    until("the proxy is believed", forwarded).await;

    fs::write(&file, "DNA_TRUSTED_PROXIES=nonsense\n").expect("a file");
    signal(&server, Signal::SIGHUP);
    said("the settings are as before").await;

    fs::write(&file, "DNA_LOG=error\n").expect("a file");
    signal(&server, Signal::SIGHUP);
    sleep(Duration::from_secs(1)).await; // it says nothing of that: it says less
    server.request(Method::GET, "/api/none").header("x-request-id", "less-is-logged").send().await.expect("a reply");
    assert!(!server.last_words().contains("less-is-logged"));
}
