//! A proxy on a port of its own: it passes requests on, keeps what it saw, and misbehaves as a test tells it.

use std::{
    collections::VecDeque,
    fs, io,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Instant,
};

/// What happens to a request that is no request for a token.
#[derive(Clone, Copy)]
pub enum Fault {
    /// The server carries it out, and nobody hears of it.
    ReplyLost,
    /// The server does not get it: status line and headers of the answer.
    Answered(&'static str),
    /// The server answers 401, as to a token that it no longer knows.
    TokenUnknown,
}

/// A request that came.
#[derive(Clone)]
pub struct Seen {
    pub at: Instant,
    /// Path and query.
    pub target: String,
    pub body: String,
    /// Those of all processes of the machine, while the request was waiting for its answer.
    pub command_lines: String,
    head: String,
}

impl Seen {
    /// Whether it was that method on that path.
    pub fn is(&self, method: &str, path: &str) -> bool {
        self.head.starts_with(&format!("{method} ")) && self.target.split('?').next() == Some(path)
    }

    pub fn header(&self, wanted: &str) -> Option<&str> {
        let mut headers = self.head.lines().filter_map(|line| line.split_once(": "));
        headers.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value)
    }
}

#[derive(Default)]
struct State {
    seen: Vec<Seen>,
    faults: VecDeque<Fault>,
}

/// A running proxy.
pub struct Proxy {
    pub url: String,
    state: Arc<Mutex<State>>,
}

impl Proxy {
    /// One in front of the server at that URL. Its threads end with the process.
    pub fn start(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let upstream = upstream.replace("http://", "");
        let state = Arc::<Mutex<State>>::default();
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (upstream, state) = (upstream.clone(), Arc::clone(&shared));
                // A caller that hangs up is no failure of the proxy.
                thread::spawn(move || drop(pass(stream, &upstream, &state)));
            }
        });
        Self { url, state }
    }

    /// What happens to the next requests.
    pub fn will(&self, faults: &[Fault]) {
        self.state.lock().expect("a lock").faults.extend(faults);
    }

    /// What has come since the last look, once all faults have happened.
    pub fn take(&self) -> Vec<Seen> {
        let mut state = self.state.lock().expect("a lock");
        assert!(state.faults.is_empty(), "{} faults never happened", state.faults.len());
        std::mem::take(&mut state.seen)
    }

    /// What has come.
    pub fn seen(&self) -> Vec<Seen> {
        self.state.lock().expect("a lock").seen.clone()
    }
}

/// One request, and its answer.
fn pass(mut caller: TcpStream, upstream: &str, state: &Mutex<State>) -> io::Result<()> {
    let (head, body) = request(&mut caller)?;
    let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let fault = {
        let command_lines = command_lines();
        let mut state = state.lock().expect("a lock");
        let fault = if target.starts_with("/api/oauth/token") { None } else { state.faults.pop_front() };
        let body = String::from_utf8_lossy(&body).into_owned();
        state.seen.push(Seen { at: Instant::now(), target, body, command_lines, head: head.clone() });
        fault
    };
    let head = match fault {
        Some(Fault::Answered(answer)) => {
            let rest = "content-type: text/html\r\ncontent-length: 0\r\nconnection: close";
            return write!(caller, "HTTP/1.1 {answer}\r\n{rest}\r\n\r\n");
        }
        Some(Fault::TokenUnknown) => head.replace("Bearer ", "Bearer x"),
        _ => head,
    };
    let mut server = TcpStream::connect(upstream)?;
    write!(server, "{}\r\nConnection: close\r\n\r\n", head.trim_end())?;
    server.write_all(&body)?;
    let mut reply = Vec::new();
    server.read_to_end(&mut reply)?;
    if matches!(fault, Some(Fault::ReplyLost)) { Ok(()) } else { caller.write_all(&reply) }
}

/// A request's head and body.
fn request(caller: &mut TcpStream) -> io::Result<(String, Vec<u8>)> {
    let (mut read, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let count = caller.read(&mut buffer)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        read.extend_from_slice(&buffer[..count]);
        let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&read[..end]).into_owned();
        let length = head.to_ascii_lowercase();
        let length = length.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.parse().ok());
        if read.len() >= end + 4 + length.unwrap_or(0) {
            return Ok((head, read.split_off(end + 4)));
        }
    }
}

fn command_lines() -> String {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let lines = processes.filter_map(|process| fs::read(process.path().join("cmdline")).ok());
    lines.map(|line| String::from_utf8_lossy(&line).replace('\0', " ") + "\n").collect()
}
