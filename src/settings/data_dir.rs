use std::path::{Path, PathBuf};

use nix::unistd::Uid;

use super::Vars;

pub(super) fn for_this_account(vars: &Vars) -> PathBuf {
    default_data_dir(vars, Uid::effective().is_root())
}

/// Where data goes when `DNA_DATA_DIR` is unset: the account's own data folder, and `/var/lib/dna-api` for root and
/// for an account without a home, which is a service's.
#[must_use]
pub fn default_data_dir(vars: &Vars, root: bool) -> PathBuf {
    // The XDG specification has relative paths ignored.
    let folder = |name| vars.get(name).map(Path::new).filter(|path| path.is_absolute());
    let per_user = if cfg!(target_os = "macos") {
        folder("HOME").map(|home| home.join("Library/Application Support"))
    } else {
        folder("XDG_DATA_HOME").map(Path::to_owned).or_else(|| folder("HOME").map(|home| home.join(".local/share")))
    };
    match per_user {
        Some(folder) if !root => folder.join("dna-api"),
        _ => PathBuf::from("/var/lib/dna-api"),
    }
}
