//! Folders and files that are for us alone, on a machine whose other users may be hostile: every one is opened
//! without following a link, and judged by its open handle, so that nobody can swap it in between.
use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io::{self, ErrorKind, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use nix::{errno::Errno, fcntl::OFlag, unistd::geteuid};
use tempfile::{NamedTempFile, PersistError};

/// Far more than any secret of ours.
const LONGEST: u64 = 64 * 1024;

/// Makes the folder `path`, or adopts the one that is there, and gives its canonical path.
///
/// It is ours (or root's), nobody else can write in it, and its mode is 0700. As root it is 0711: the account that
/// Postgres runs as passes through it, and cannot list it.
///
/// A link on the way is followed only if we or root made it: that is an operator's convenience, whereas a link of
/// anybody else could lead us into a folder of theirs, or into one of ours that they chose.
///
/// # Errors
/// When the folder is not for us alone and cannot safely be made so.
pub fn folder(path: &Path) -> Result<PathBuf> {
    let path = std::path::absolute(path).context("the data folder (DNA_DATA_DIR) has no usable path")?;
    let cannot = |e: io::Error| {
        anyhow!(
            "cannot use the folder {} ({e}): give it to this account, or choose another (DNA_DATA_DIR)",
            path.display()
        )
    };
    refuse_links_of_others(&path)?;
    make(&path).map_err(cannot)?;
    let path = path.canonicalize().map_err(cannot)?;
    let handle = open_folder(&path).map_err(cannot)?;
    check_folder(&handle, &path)?;

    let meta = handle.metadata().map_err(cannot)?;
    let wanted = mode();
    if meta.uid() == geteuid().as_raw() && meta.mode() & 0o777 != wanted {
        // Not `chmod` at any price: the path may be a slip, such as `/etc` or somebody's home.
        ensure!(
            fs::read_dir(&path).map_err(cannot)?.next().is_none(),
            "{0} holds files already and is not private: if it is for dna-api alone, run `chmod {wanted:o} {0}`, else choose another folder (DNA_DATA_DIR)",
            path.display()
        );
        handle.set_permissions(Permissions::from_mode(wanted)).map_err(cannot)?;
    }
    Ok(path)
}

/// Writes a secret, with mode 0600, in a folder of ours: at any moment the file has its old contents or its new ones.
///
/// # Errors
/// When the folder is not ours, or cannot be written.
pub fn write(path: &Path, contents: &str) -> Result<()> {
    put(path, contents, |file| file.persist(path).map(drop))
}

/// Writes a secret where there is none yet; of several processes that do so at once, one does.
///
/// # Errors
/// When the folder is not ours, or cannot be written.
pub fn create(path: &Path, contents: &str) -> Result<()> {
    put(path, contents, |file| match file.persist_noclobber(path) {
        Err(e) if e.error.kind() == ErrorKind::AlreadyExists => Ok(()),
        done => done.map(drop),
    })
}

/// Writes a file under a name that nobody can guess, then has it given its own.
fn put(
    path: &Path,
    contents: &str,
    name: impl FnOnce(NamedTempFile<File>) -> Result<(), PersistError<File>>,
) -> Result<()> {
    let parent = path.parent().context("a secret file needs a folder to be in")?;
    let cannot = |e: io::Error| {
        anyhow!(
            "cannot write {} ({e}): make its folder writable for this account, and see that the disk has room",
            path.display()
        )
    };
    let handle = open_folder(parent).map_err(cannot)?;
    check_folder(&handle, parent)?;

    let mut file = tempfile::Builder::new()
        .prefix(".new-")
        .make_in(parent, |new| options().write(true).create_new(true).open(new))
        .map_err(cannot)?;
    file.write_all(contents.as_bytes()).map_err(cannot)?;
    file.as_file().sync_all().map_err(cannot)?;
    name(file).map_err(|e| cannot(e.error))?;
    handle.sync_all().map_err(cannot)
}

/// Reads a secret, `None` if there is no such file.
///
/// # Errors
/// When others could have read or written it: it is no secret then.
pub fn read(path: &Path) -> Result<Option<String>> {
    let name = path.display();
    let file = match options().read(true).open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        Err(e) if is_link(&e) => {
            bail!("{name} is a symbolic link: put the file itself in its place")
        }
        Err(e) => {
            bail!("cannot read {name} ({e}): make it readable for this account, and for it alone")
        }
    };
    let meta = file.metadata().with_context(|| format!("looking at {name}"))?;
    ensure!(meta.is_file(), "{name} is not a regular file: move it away");
    ensure!(
        is_ours(meta.uid()),
        "{name} belongs to another account (uid {}), who knows what it holds: move it away",
        meta.uid()
    );
    let open_to_others = meta.mode() & 0o077;
    ensure!(
        open_to_others == 0,
        "{name} is open to other accounts (mode {:04o}): replace the secret if they may have seen it, and run `chmod 600 {name}`",
        meta.mode() & 0o7777
    );
    let mut text = String::new();
    file.take(LONGEST)
        .read_to_string(&mut text)
        .map_err(|e| anyhow!("cannot read {name} ({e}): restore it, or move it away"))?;
    Ok(Some(text))
}

/// A file of ours, never through a link, and never stuck on somebody's FIFO.
pub(crate) fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(0o600).custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits());
    options
}

/// A handle of the folder itself, if the last part of `path` is no link.
pub(crate) fn open_folder(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags((OFlag::O_NOFOLLOW | OFlag::O_DIRECTORY).bits()).open(path)
}

fn mode() -> u32 {
    if geteuid().is_root() { 0o711 } else { 0o700 }
}

fn is_ours(uid: u32) -> bool {
    uid == 0 || uid == geteuid().as_raw()
}

fn is_link(e: &io::Error) -> bool {
    // The second is FreeBSD's.
    e.raw_os_error().map(Errno::from_raw).is_some_and(|e| matches!(e, Errno::ELOOP | Errno::EMLINK))
}

fn refuse_links_of_others(path: &Path) -> Result<()> {
    for part in path.ancestors() {
        if let Ok(meta) = fs::symlink_metadata(part) {
            ensure!(
                !meta.is_symlink() || is_ours(meta.uid()),
                "{} is a symbolic link that another account made (uid {}): choose another folder (DNA_DATA_DIR)",
                part.display(),
                meta.uid()
            );
        }
    }
    Ok(())
}

/// Only the folder itself is private: whoever may use it must be able to pass those above.
fn make(path: &Path) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o755).create(parent)?;
    }
    match DirBuilder::new().mode(0o700).create(path) {
        Err(e) if e.kind() == ErrorKind::AlreadyExists => Ok(()),
        done => done,
    }
}

fn check_folder(handle: &File, path: &Path) -> Result<()> {
    let meta = handle.metadata().with_context(|| format!("looking at {}", path.display()))?;
    ensure!(
        is_ours(meta.uid()),
        "{} belongs to another account (uid {}): run as that account, or choose another folder (DNA_DATA_DIR)",
        path.display(),
        meta.uid()
    );
    ensure!(
        meta.mode() & 0o022 == 0,
        "other accounts can write in {0}: look for what does not belong there, run `chmod go-w {0}`, or choose another folder (DNA_DATA_DIR)",
        path.display()
    );
    Ok(())
}
