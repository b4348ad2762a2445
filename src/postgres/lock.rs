//! Two locks, on files of ours; the kernel lets go of them when the last process that holds them ends, however it ends.
//!
//! `lock` is the owner's alone. `running` is handed down to the watchdog and Postgres: while it is held, some process of a
//! cluster is left, even if its owner was killed.
use std::{
    fs::{File, TryLockError},
    os::unix::fs::{FileExt as _, MetadataExt as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, anyhow, ensure};
use nix::unistd::geteuid;

use crate::private_file;

/// A lock file in `data_dir`, not yet locked.
pub(super) fn open(data_dir: &Path, name: &str) -> Result<File> {
    let path = data_dir.join(name);
    let file = private_file::options().read(true).write(true).create(true).truncate(false).open(&path);
    let file = file.map_err(|e| {
        anyhow!("cannot open {} ({e}): run as the account that {} belongs to", path.display(), data_dir.display())
    })?;
    let meta = file.metadata().with_context(|| format!("looking at {}", path.display()))?;
    ensure!(
        meta.is_file() && meta.uid() == geteuid().as_raw(),
        "{} was put there by another account: remove it",
        path.display()
    );
    Ok(file)
}

/// Whether the lock is ours now.
pub(super) fn try_lock(file: &File) -> Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(e)) => {
            Err(anyhow!("the data folder cannot be locked ({e}): choose one on a local disk (DNA_DATA_DIR)"))
        }
    }
}

/// The same lock once more, to be handed down: it is let go of with the last of them.
pub(super) fn share(file: &File) -> Result<File> {
    file.try_clone().context("no more files can be opened: raise this process's limit (ulimit -n)")
}

/// The owner's lock. The file tells where the sockets are, while they are there to be shared.
#[derive(Debug)]
pub(super) struct OwnerLock(File);

impl OwnerLock {
    pub(super) fn open(data_dir: &Path) -> Result<Self> {
        Ok(Self(open(data_dir, "lock")?))
    }

    pub(super) fn try_take(&self) -> Result<bool> {
        try_lock(&self.0)
    }

    pub(super) fn lend(&self, sockets: &Path) -> Result<()> {
        let line = format!("{}\n", sockets.display());
        let done = self.0.write_all_at(line.as_bytes(), 0);
        done.context("cannot write the lock file: see that the disk has room")
    }

    pub(super) fn withdraw(&self) -> Result<()> {
        self.0.set_len(0).context("cannot write the lock file: see that the disk is writable")
    }

    /// The sockets of the owner, who lends them.
    pub(super) fn lent(&self) -> Option<PathBuf> {
        let mut bytes = [0; 4096];
        let length = self.0.read_at(&mut bytes, 0).ok()?;
        // Without its end of line it is being written.
        let line = std::str::from_utf8(&bytes[..length]).ok()?.strip_suffix('\n')?;
        Some(line.into())
    }
}
