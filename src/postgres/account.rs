//! The account that Postgres runs as: our own, or another one when we are root, since Postgres refuses root.
use std::{
    ffi::OsStr, fs, os::unix::fs::MetadataExt as _, os::unix::process::CommandExt as _, path::Path, process::Command,
};

use anyhow::{Context as _, Result, ensure};
use nix::unistd::{User, getegid, geteuid};

pub(super) struct Account {
    pub(super) uid: u32,
    pub(super) gid: u32,
    /// Set when it is not our own.
    other: Option<&'static str>,
}

impl Account {
    pub(super) fn for_postgres() -> Result<Self> {
        if !geteuid().is_root() {
            return Ok(Self { uid: geteuid().as_raw(), gid: getegid().as_raw(), other: None });
        }
        let found = ["postgres", "nobody"].into_iter().find_map(|name| Some((name, User::from_name(name).ok()??)));
        let (name, user) = found.context(
            "Postgres refuses to run as root, and there is no account `postgres` or `nobody` for it: make one, or run as another account",
        )?;
        Ok(Self { uid: user.uid.as_raw(), gid: user.gid.as_raw(), other: Some(name) })
    }

    /// A command run as this account, which finds none of our secrets in its environment.
    pub(super) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = bare_command(program);
        if self.other.is_some() {
            // As root, std also drops the supplementary groups.
            command.uid(self.uid).gid(self.gid);
        }
        command
    }

    /// Whether Postgres can get to `folder`, which is root's.
    pub(super) fn check_reach(&self, folder: &Path) -> Result<()> {
        let Some(name) = self.other else {
            return Ok(());
        };
        for parent in folder.ancestors().skip(1) {
            let meta = fs::metadata(parent).with_context(|| format!("looking at {}", parent.display()))?;
            let needed = if meta.uid() == self.uid {
                0o100
            } else if meta.gid() == self.gid {
                0o010
            } else {
                0o001
            };
            ensure!(
                meta.mode() & needed != 0,
                "as root, Postgres runs under the account `{name}`, which cannot enter {0}: run `chmod o+x {0}`, or choose another folder (DNA_DATA_DIR)",
                parent.display()
            );
        }
        Ok(())
    }

    /// How a message names it.
    pub(super) fn name(&self) -> String {
        self.other.map_or_else(|| format!("uid {}", self.uid), |name| format!("`{name}`"))
    }
}

/// A command with next to no environment (ours may hold a master key, the address of a database, settings of libpq), that
/// keeps no folder busy, and that Ctrl-C does not reach: Postgres goes after us, not with us.
pub(super) fn bare_command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("LC_ALL", "C").current_dir("/").process_group(0);
    for name in ["PATH", "LD_LIBRARY_PATH"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
}
