use std::{fmt, net::SocketAddr, os::unix::net, path::PathBuf};

/// Where the server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listen {
    /// An IP address and a port; port 0 lets the system choose one.
    Tcp(SocketAddr),
    /// A Unix socket's absolute path, short enough for the system.
    Unix(PathBuf),
}

impl Listen {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let Some(path) = text.strip_prefix("unix:") else {
            return text.parse().ok().map(Self::Tcp);
        };
        let bindable = path.starts_with('/') && net::SocketAddr::from_pathname(path).is_ok();
        bindable.then(|| Self::Unix(PathBuf::from(path)))
    }

    /// Whether only this machine can reach it.
    #[must_use]
    pub fn is_local(&self) -> bool {
        match self {
            Self::Tcp(address) => address.ip().to_canonical().is_loopback(),
            Self::Unix(_) => true,
        }
    }

    /// Whether it is every address of the machine, so that no URL can be made of it.
    #[must_use]
    pub fn is_wildcard(&self) -> bool {
        match self {
            Self::Tcp(address) => address.ip().to_canonical().is_unspecified(),
            Self::Unix(_) => false,
        }
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(out),
            Self::Unix(path) => write!(out, "unix:{}", path.display()),
        }
    }
}
