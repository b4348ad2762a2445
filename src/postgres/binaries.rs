//! Where this machine keeps its Postgres programs.
use std::{
    cmp::Reverse,
    fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Result, bail};

use super::account::Account;

const OLDEST: u32 = 14;

const ADVICE: &str = "install Postgres (Debian, Ubuntu: `apt install postgresql`; Fedora, RHEL: `dnf install postgresql-server`; Alpine: `apk add postgresql`; macOS: `brew install postgresql`), or set DATABASE_URL to one that runs elsewhere, or DNA_POSTGRES_BIN to the folder of `initdb` and `postgres`";

struct Found {
    major: u32,
    bin: PathBuf,
}

/// The `bin` folder of the newest Postgres, or of the `major` that has made the data. Only in `named`, if given.
pub(super) fn find(account: &Account, named: Option<&Path>, major: Option<u32>) -> Result<PathBuf> {
    let folders = match named {
        Some(bin) => std::path::absolute(bin).into_iter().collect(),
        None => usual_folders(),
    };
    let mut found: Vec<Found> = folders
        .into_iter()
        .filter_map(|bin| Some(Found { major: version(account, &bin)?, bin }))
        .filter(|found| found.major >= OLDEST)
        .collect();
    found.sort_by_key(|found| Reverse(found.major));

    if let Some(right) = found.iter().find(|found| major.is_none_or(|major| major == found.major)) {
        return Ok(right.bin.clone());
    }
    if let (Some(major), false) = (major, found.is_empty()) {
        let list: Vec<String> = found.iter().map(|f| format!("{} in {}", f.major, f.bin.display())).collect();
        bail!(
            "the data was made by Postgres {major}, and this machine has {}: install Postgres {major} (Debian, Ubuntu: `apt install postgresql-{major}`) or set DNA_POSTGRES_BIN to it; to move on, see \"A newer Postgres under the embedded database\" in docs/operations.md",
            list.join(", ")
        );
    }
    match named {
        Some(bin) => bail!(
            "DNA_POSTGRES_BIN, {}, holds no `initdb` and `postgres` of version {OLDEST} or newer that the account {} can run: {ADVICE}",
            bin.display(),
            account.name()
        ),
        None => bail!("no Postgres {OLDEST} or newer that the account {} can run was found: {ADVICE}", account.name()),
    }
}

/// `PATH`, then where the packages put what is not for everyone's `PATH`.
fn usual_folders() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // A relative entry means whatever folder we happen to be in.
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).filter(|p| p.is_absolute()).collect();
    for (parent, prefix) in [
        ("/usr/lib/postgresql", ""),                          // Debian, Ubuntu
        ("/usr/lib", "postgresql"),                           // Alpine, openSUSE
        ("/usr/libexec", "postgresql"),                       // Alpine, newer
        ("/usr", "pgsql-"),                                   // Fedora, RHEL, from postgresql.org
        ("/opt/homebrew/opt", "postgresql@"),                 // macOS, Apple silicon
        ("/usr/local/opt", "postgresql@"),                    // macOS, Intel
        ("/Applications/Postgres.app/Contents/Versions", ""), // macOS, Postgres.app
    ] {
        for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let version = name.to_str().and_then(|name| name.strip_prefix(prefix));
            if version.is_some_and(|v| v.parse::<u32>().is_ok()) {
                folders.push(entry.path().join("bin"));
            }
        }
    }
    folders
}

/// Asked of the program itself, as the account that is to run it: whoever could write there gets nothing of root's.
fn version(account: &Account, bin: &Path) -> Option<u32> {
    if !bin.join("initdb").is_file() {
        return None;
    }
    let asked = account.command(bin.join("postgres")).arg("--version").stdin(Stdio::null()).output().ok()?;
    // `postgres (PostgreSQL) 15.13 (Debian …)`, `17beta1`, `18devel`
    let said = String::from_utf8(asked.stdout).ok()?;
    let version = said.strip_prefix("postgres (PostgreSQL) ")?;
    version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}
