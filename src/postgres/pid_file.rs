//! `postmaster.pid`, written by Postgres. As the account could write anything there, it is only ever a hint.
use std::{fs, path::Path, process::Command};

use anyhow::Result;

use super::folder::Folder;

pub(super) struct PidFile {
    pid: Option<u32>,
    pub(super) ready: bool,
}

impl PidFile {
    pub(super) fn read(folder: &Folder) -> Result<Option<Self>> {
        let text = folder.read("postmaster.pid")?;
        Ok(text.map(|text| Self {
            pid: text.lines().next().and_then(|pid| pid.trim().parse().ok()),
            ready: text.lines().last().is_some_and(|status| status.trim() == "ready"),
        }))
    }

    /// The Postgres of this folder, if the process named still is one. It may be gone, or dead and not yet reaped (the
    /// first process of a container may never do it), or another program, its number having been given out again.
    /// Postgres itself sees only the first.
    pub(super) fn running(&self, folder: &Folder) -> Option<u32> {
        let data = format!(" -D {} ", folder.data().display());
        self.pid.filter(|pid| command_line(*pid).is_some_and(|line| line.contains(&data)))
    }
}

/// The arguments of a process, each followed by a space.
fn command_line(pid: u32) -> Option<String> {
    let bytes = if Path::new("/proc/self/cmdline").exists() {
        fs::read(format!("/proc/{pid}/cmdline")).ok()?
    } else {
        let mut bytes =
            Command::new("ps").args(["-ww", "-o", "command=", "-p", &pid.to_string()]).output().ok()?.stdout;
        bytes.push(b' ');
        bytes
    };
    Some(String::from_utf8_lossy(&bytes).replace(['\0', '\n'], " "))
}
