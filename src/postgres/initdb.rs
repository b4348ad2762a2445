//! Making the cluster, with its one database. It gets its name only when it is complete: a half-made one is never taken
//! for data, and the next try removes it.
use std::{path::Path, process::Stdio};

use anyhow::{Result, ensure};

use super::{Durability, ROLE, account::Account, folder::Folder, watchdog};

/// Killed with us: everything here is one process group, which ends once our end of its stdin closes.
const SCRIPT: &str = r#"
umask 077
folder=$1 bin=$2 role=$3 durable=$4
exec 3<&0 4>&1 </dev/null >>"$folder/log" 2>&1
{ read -r line <&3; kill -TERM 0; } & guard=$!
rm -rf "$folder"/making-*
making=$folder/making-$$
make() {
    if [ "$durable" = yes ]; then set -- --data-checksums; else set --; fi
    "$bin/initdb" -D "$making" -U "$role" -E UTF8 --locale=C --auth-local=trust --auth-host=reject --no-sync "$@" 3<&- &&
    echo "create database $role" | "$bin/postgres" --single -D "$making" -c fsync=off -c exit_on_error=on postgres 3<&- || return
    if [ "$durable" = yes ]; then "$bin/initdb" --sync-only -D "$making" || return; fi
    mv "$making" "$folder/data"
}
make; code=$?
kill "$guard"; wait "$guard" 2>/dev/null
exit "$code""#;

/// `lifeline` tells that a process of ours is at work in the folder.
pub(super) fn run(
    bin: &Path,
    folder: &Folder,
    account: &Account,
    durability: Durability,
    lifeline: Stdio,
) -> Result<()> {
    let mut shell = account.command("/bin/sh");
    shell.arg("-c").arg(SCRIPT).arg("dna-initdb").arg(folder.path()).arg(bin).arg(ROLE);
    shell.arg(if durability == Durability::Durable { "yes" } else { "no" });
    let mut shell = watchdog::spawn(&mut shell, lifeline, account)?;
    let status = shell.wait()?;
    ensure!(
        status.success(),
        "the database could not be made (initdb: {status}): {} says why; see also that the disk has room",
        folder.log().display()
    );
    Ok(())
}
