//! A Postgres of our own, for an operator who has none to offer: it runs the machine's Postgres programs on a Unix
//! socket that only its own account reaches, and stops when this process ends, however it ends.
//!
//! ```text
//! DNA_DATA_DIR/      ours; 0700, as root 0711
//!   lock             held by the owner; tells the sockets' folder to those who may share
//!   running          held by the Postgres itself and whatever belongs to it
//!   postgres/        the account's that runs Postgres; 0700
//!     data/ log s/   the cluster, its log, its socket
//! ```
//!
//! As root, Postgres runs as another account, and that account is not trusted: it can plant links in `postgres/`. So
//! whatever is made, renamed or removed in there is done by a process of that account; we only read two small files, and
//! follow no link to them.
mod account;
mod binaries;
mod cluster;
mod folder;
mod initdb;
mod lock;
mod pid_file;
mod sockets;
mod watchdog;

pub use cluster::Cluster;

/// The role that the cluster is made with, and its database. A fixed name, so the data can move between accounts.
pub const ROLE: &str = "dna";

/// What the data is worth.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Durability {
    /// Kept: survives a power failure.
    Durable,
    /// For one run of tests: nothing is synced to disk, and the whole data folder, empty at first, is removed at the end.
    Throwaway,
}

/// What to do where another process already runs the cluster.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Join {
    /// A server: it runs the cluster itself or not at all, and lends it to short commands meanwhile.
    Own,
    /// A short command: it uses the cluster of a running server, else runs it itself. Such a one is not lent (it is
    /// gone in a moment): the next command waits for its turn.
    Share,
}
