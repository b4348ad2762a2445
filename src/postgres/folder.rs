//! `DNA_DATA_DIR/postgres`: the one folder that belongs to the account that runs Postgres.
use std::{
    fs::{DirBuilder, File, Permissions},
    io::{ErrorKind, Read as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _, fchown},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use nix::{
    errno::Errno,
    fcntl::{OFlag, openat},
    sys::stat::Mode,
    unistd::geteuid,
};

use super::account::Account;
use crate::private_file;

/// More than any file that we read in there has.
const LONGEST: u64 = 8 * 1024;

pub(super) struct Folder {
    path: PathBuf,
    handle: File,
}

impl Folder {
    /// Makes it, or adopts the one that is there, in a `data_dir` where nobody but us can put anything.
    pub(super) fn make(data_dir: &Path, account: &Account) -> Result<Self> {
        let path = data_dir.join("postgres");
        let cannot = |e: std::io::Error| {
            anyhow!("cannot use {} ({e}): move it away, or choose another folder (DNA_DATA_DIR)", path.display())
        };
        match DirBuilder::new().mode(0o700).create(&path) {
            Err(e) if e.kind() != ErrorKind::AlreadyExists => return Err(cannot(e)),
            _ => {}
        }
        let handle = private_file::open_folder(&path).map_err(cannot)?;
        give(&handle, account).map_err(cannot)?;
        let owner = handle.metadata().map_err(cannot)?.uid();
        ensure!(
            owner == account.uid,
            "{0} belongs to uid {owner}, and Postgres is to run as {1}: run `chown -hR {2} {0}`, or choose another folder (DNA_DATA_DIR)",
            path.display(),
            account.name(),
            account.uid
        );
        Ok(Self { path, handle })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn data(&self) -> PathBuf {
        self.path.join("data")
    }

    /// Where all that Postgres says is kept; for messages, as we never open it.
    pub(super) fn log(&self) -> PathBuf {
        self.path.join("log")
    }

    /// The version that made the data; `None` while there is none.
    pub(super) fn major(&self) -> Result<Option<u32>> {
        if self.open(&["data"], OFlag::O_DIRECTORY)?.is_none() {
            return Ok(None);
        }
        let version = self.read("PG_VERSION")?;
        let major = version.and_then(|v| v.trim().parse().ok());
        let data = self.data();
        Ok(Some(major.with_context(|| {
            format!(
                "{} holds no Postgres data (its PG_VERSION tells no version): restore it, or move it away",
                data.display()
            )
        })?))
    }

    /// A small file of the cluster.
    pub(super) fn read(&self, name: &str) -> Result<Option<String>> {
        let Some(file) = self.open(&["data", name], OFlag::O_NONBLOCK)? else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        let read = file.take(LONGEST).read_to_end(&mut bytes);
        read.with_context(|| format!("cannot read {}/{name}: restore it, or move it away", self.data().display()))?;
        Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// Names what is new in the folder on the disk itself: a cluster must not lose its name in a power failure.
    pub(super) fn sync(&self) -> Result<()> {
        let done = self.handle.sync_all();
        done.with_context(|| format!("cannot write {} to the disk: see that the disk has room", self.path.display()))
    }

    /// Part by part, so that no part is a link that the account has planted.
    fn open(&self, parts: &[&str], last: OFlag) -> Result<Option<File>> {
        let mut at = self.handle.try_clone().context("out of file handles")?;
        for (i, part) in parts.iter().enumerate() {
            let kind = if i + 1 == parts.len() { last } else { OFlag::O_DIRECTORY };
            let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC | kind;
            at = match openat(&at, *part, flags, Mode::empty()) {
                Ok(next) => next.into(),
                Err(Errno::ENOENT) => return Ok(None),
                Err(e) => bail!("cannot open {}/{} ({}): move it away", self.path.display(), parts.join("/"), e.desc()),
            };
        }
        Ok(Some(at))
    }
}

/// Gives a folder that we have just made to the account, through its handle: its name may be somebody else's by now.
pub(super) fn give(handle: &File, account: &Account) -> std::io::Result<()> {
    let owner = handle.metadata()?.uid();
    if owner == geteuid().as_raw() || owner == account.uid {
        handle.set_permissions(Permissions::from_mode(0o700))?;
    }
    if owner == geteuid().as_raw() && owner != account.uid {
        fchown(handle, Some(account.uid), Some(account.gid))?;
    }
    Ok(())
}
