//! The folder of the Unix socket, which decides who may connect: only its account (and root) can enter it.
use std::{
    fs,
    io::{self, Read as _, Write as _},
    os::unix::{fs::FileTypeExt as _, net::UnixStream},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, Result};
use tempfile::TempDir;

use super::{ROLE, account::Account, folder};
use crate::private_file;

/// The number in the socket's name; nothing listens on that TCP port.
pub(super) const PORT: u16 = 5432;

/// What `sockaddr_un` has room for, the last NUL aside.
const LONGEST: usize = if cfg!(target_os = "linux") { 107 } else { 103 };

/// A new socket folder; the second part, if any, removes it unless it is kept.
pub(super) fn choose(folder: &folder::Folder, account: &Account) -> Result<(PathBuf, Option<TempDir>)> {
    let near = folder.path().join("s");
    // Postgres reads the folder as a list, hence no comma and no quote.
    let plain = near.to_str().is_some_and(|s| !s.contains([',', '"', '\n']));
    if plain && socket(&near).as_os_str().len() <= LONGEST {
        return Ok((near, None));
    }
    // Not `$TMPDIR`, which can be as long, and which other accounts may not be able to enter.
    let make = || {
        let temporary = tempfile::Builder::new().prefix("dna-").tempdir_in("/tmp")?;
        folder::give(&private_file::open_folder(temporary.path())?, account)?;
        io::Result::Ok(temporary)
    };
    let temporary = make().with_context(|| {
        format!(
            "the path {} is too long for a socket, and /tmp cannot be used instead: choose a shorter DNA_DATA_DIR",
            near.display()
        )
    })?;
    Ok((temporary.path().to_owned(), Some(temporary)))
}

fn socket(sockets: &Path) -> PathBuf {
    sockets.join(format!(".s.PGSQL.{PORT}"))
}

/// Whether a Postgres there lets us into our database.
pub(super) fn answers(sockets: &Path) -> bool {
    let socket = socket(sockets);
    // No links, so that the account does not make us talk to the socket of another program.
    fs::symlink_metadata(sockets).is_ok_and(|m| m.is_dir())
        && fs::symlink_metadata(&socket).is_ok_and(|m| m.file_type().is_socket())
        && greet(&socket).unwrap_or(false)
}

/// The start of a session, up to "ready for query".
fn greet(socket: &Path) -> io::Result<bool> {
    const VERSION: u32 = 3 << 16;
    const GOODBYE: &[u8] = b"X\0\0\0\x04"; // else the log calls it a failure
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    let names = format!("user\0{ROLE}\0database\0{ROLE}\0\0");
    let length = u32::try_from(8 + names.len()).expect("two short names");
    stream.write_all(&[&length.to_be_bytes(), &VERSION.to_be_bytes(), names.as_bytes()].concat())?;
    loop {
        let mut head = [0; 5];
        stream.read_exact(&mut head)?;
        let [kind, length @ ..] = head;
        // Authentication (none is asked for), settings, the cancel key, a notice; then "ready for query".
        if !b"RSKNZ".contains(&kind) {
            return Ok(false);
        }
        let body = u64::from(u32::from_be_bytes(length)).saturating_sub(4);
        io::copy(&mut (&stream).take(body), &mut io::sink())?;
        if kind == b'Z' {
            stream.write_all(GOODBYE)?;
            return Ok(true);
        }
    }
}
