//! Sockets that a service manager keeps and passes on.

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, UdpSocket},
    os::unix::net::{UnixListener, UnixStream},
};

use crate::support::program::{Folder, Server, activated, failure};

const REQUEST: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

fn tcp() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").expect("a port")
}

/// What comes for a request.
fn ask(mut stream: impl std::io::Read + std::io::Write) -> String {
    stream.write_all(REQUEST).expect("sent");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("UTF-8");
    text
}

#[test]
fn of_several_sockets_the_one_that_is_called_http_is_served_in_whatever_place() {
    let folder = Folder::new();
    for place in [0, 1] {
        let sockets = [tcp(), tcp()];
        let [ours, other] = [place, 1 - place].map(|place| sockets[place].local_addr().expect("an address"));
        let names = ["http:metrics", "metrics:http"][place];

        let server = Server::start_activated(&folder, names, sockets.map(Into::into));

        assert_eq!(server.url, format!("http://{ours}"));
        assert!(ask(std::net::TcpStream::connect(ours).expect("it listens")).starts_with("HTTP/1.1 200 "));
        let waiting = std::net::TcpStream::connect(other).expect("it listens, and nobody accepts");
        waiting.set_read_timeout(Some(std::time::Duration::from_millis(300))).expect("an option");
        (&waiting).write_all(REQUEST).expect("sent");
        assert!((&waiting).read(&mut [0; 1]).is_err());
        assert!(server.stop());
    }
}

#[test]
fn a_socket_of_the_file_system_is_served_and_stays_when_the_server_goes() {
    let folder = Folder::new();
    let path = folder.path().join("http.socket");
    let kept = UnixListener::bind(&path).expect("a socket");
    for _ in 0..2 {
        let passed = kept.try_clone().expect("a descriptor");

        let server = Server::start_activated(&folder, "http:other", [passed.into(), tcp().into()]);

        assert!(ask(UnixStream::connect(&path).expect("it listens")).starts_with("HTTP/1.1 200 "));
        assert!(server.stop());
    }
    UnixStream::connect(&path).expect("it still listens");
}

#[test]
fn sockets_that_cannot_be_served_stop_the_start_with_a_line_that_says_what_to_do() {
    let folder = Folder::new();
    let udp = UdpSocket::bind("127.0.0.1:0").expect("a port");

    for (names, sockets, what) in [
        ("web:metrics", [tcp().into(), tcp().into()], "FileDescriptorName=http"),
        ("", [tcp().into(), tcp().into()], "FileDescriptorName=http"),
        ("http:metrics", [udp.into(), tcp().into()], "ListenStream="),
    ] {
        let (code, line) = failure(&activated(&folder, names, sockets).output().expect("the program"));
        assert_eq!(code, 1);
        assert!(line.contains(what), "{line}");
    }
}
