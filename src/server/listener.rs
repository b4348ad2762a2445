//! Where connections come from: a socket of our own, or one that a service manager keeps.

use std::{io, net::SocketAddr, os::unix::fs::FileTypeExt as _, path::Path, process};

use anyhow::{Context as _, Result, bail};
use listenfd::ListenFd;
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

use crate::settings::Listen;

/// The name of our socket where a service manager passes more than one (`FileDescriptorName=`).
const NAME: &str = "http";

/// Where connections come from.
pub struct Listener {
    socket: Socket,
    is_inherited: bool,
}

enum Socket {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// A connection that was accepted.
pub(super) enum Stream {
    /// From that address.
    Tcp(TcpStream, SocketAddr),
    /// Through a Unix socket.
    Unix(UnixStream),
}

/// The same, on its way from the thread that accepted it to the one that serves it.
pub(super) enum Moving {
    Tcp(std::net::TcpStream, SocketAddr),
    Unix(std::os::unix::net::UnixStream),
}

impl Stream {
    /// This thread is not woken for it any more.
    pub(super) fn leave(self) -> io::Result<Moving> {
        Ok(match self {
            Self::Tcp(stream, peer) => Moving::Tcp(stream.into_std()?, peer),
            Self::Unix(stream) => Moving::Unix(stream.into_std()?),
        })
    }
}

impl Moving {
    /// This thread is woken for it from now on.
    pub(super) fn arrive(self) -> io::Result<Stream> {
        Ok(match self {
            Self::Tcp(stream, peer) => Stream::Tcp(TcpStream::from_std(stream)?, peer),
            Self::Unix(stream) => Stream::Unix(UnixStream::from_std(stream)?),
        })
    }
}

impl Listener {
    /// The socket that a service manager passes (systemd's `LISTEN_FDS`), if it passes one to this process.
    ///
    /// # Errors
    /// It passes several, none of which is called `http`, or what it passes is no listening stream socket.
    pub fn inherited() -> Result<Option<Self>> {
        let is_for_us = std::env::var("LISTEN_PID").is_ok_and(|pid| pid == process::id().to_string());
        let names = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
        if !is_for_us {
            return Ok(None);
        }
        let mut sockets = ListenFd::from_env();
        let place = match sockets.len() {
            0 => return Ok(None),
            1 => 0,
            several => {
                names.split(':').position(|name| name == NAME).filter(|place| *place < several).with_context(|| {
                    format!("{several} sockets are passed in LISTEN_FDS: call ours FileDescriptorName={NAME}")
                })?
            }
        };
        let socket = if let Ok(Some(listener)) = sockets.take_tcp_listener(place) {
            listener.set_nonblocking(true)?;
            Socket::Tcp(TcpListener::from_std(listener)?)
        } else if let Ok(Some(listener)) = sockets.take_unix_listener(place) {
            listener.set_nonblocking(true)?;
            Socket::Unix(UnixListener::from_std(listener)?)
        } else {
            bail!("the socket that is passed in LISTEN_FDS does not listen: use ListenStream= and Accept=no");
        };
        Ok(Some(Self { socket, is_inherited: true }))
    }

    /// Where it listens, as far as the socket knows.
    #[must_use]
    pub fn address(&self) -> Option<Listen> {
        match &self.socket {
            Socket::Tcp(listener) => listener.local_addr().ok().map(Listen::Tcp),
            Socket::Unix(listener) => listener.local_addr().ok()?.as_pathname().map(|path| Listen::Unix(path.into())),
        }
    }

    /// The address that TCP is bound to.
    #[must_use]
    pub fn local_addr(&self) -> Option<SocketAddr> {
        match &self.socket {
            Socket::Tcp(listener) => listener.local_addr().ok(),
            Socket::Unix(_) => None,
        }
    }

    /// Whether a service manager keeps the socket: then what is not accepted waits there for the next server.
    #[must_use]
    pub const fn is_inherited(&self) -> bool {
        self.is_inherited
    }

    pub(super) async fn accept(&self) -> io::Result<Stream> {
        match &self.socket {
            Socket::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                stream.set_nodelay(true)?;
                Ok(Stream::Tcp(stream, peer))
            }
            Socket::Unix(listener) => listener.accept().await.map(|(stream, _)| Stream::Unix(stream)),
        }
    }

    const fn own(socket: Socket) -> Self {
        Self { socket, is_inherited: false }
    }

    /// Listens on TCP.
    ///
    /// # Errors
    /// The system's own, where the address is taken or not ours.
    pub async fn tcp(address: SocketAddr) -> io::Result<Self> {
        TcpListener::bind(address).await.map(|bound| Self::own(Socket::Tcp(bound)))
    }

    /// Listens on a Unix socket. A socket that a dead server left is replaced; a live one is not, and nothing else is.
    ///
    /// # Errors
    /// The system's own; `AddrInUse` where another server answers there, or where what is there is no socket.
    pub async fn unix(path: &Path) -> io::Result<Self> {
        match UnixListener::bind(path) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                let is_socket = std::fs::symlink_metadata(path)?.file_type().is_socket();
                if !is_socket || UnixStream::connect(path).await.is_ok() {
                    return Err(error);
                }
                std::fs::remove_file(path)?;
                UnixListener::bind(path).map(|bound| Self::own(Socket::Unix(bound)))
            }
            bound => bound.map(|bound| Self::own(Socket::Unix(bound))),
        }
    }
}
