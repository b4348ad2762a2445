//! The small process between us and Postgres. It stops Postgres once our end of its stdin closes: at a drop, and at an
//! exit, a panic, an abort or a SIGKILL too.
use std::{
    fs::File,
    io::Write as _,
    path::Path,
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
};

use anyhow::{Context as _, Result, anyhow};

use super::{
    Durability,
    account::{Account, bare_command},
    folder::Folder,
    sockets::PORT,
};

/// The log is opened here, by the account, as a link may be in its place. Descriptor 4 is the lifeline.
///
/// A stale `postmaster.pid` gets the number of this shell: Postgres takes its parent's for stale, and still makes sure that
/// no process of an old server is left on the shared memory that the file names.
///
/// TERM, then INT: a shell starts its background jobs deaf to INT, so one that comes before Postgres listens would be lost.
const SCRIPT: &str = r#"
umask 077
folder=$1 sockets=$2 stale=$3; shift 3
exec 3<&0 4>&1 </dev/null >>"$folder/log" 2>&1
[ -d "$sockets" ] || mkdir "$sockets" || exit
rm -f "$sockets"/.s.*
pid=$folder/data/postmaster.pid
if [ "$stale" = stale ]; then
    if [ -s "$pid" ]; then sed "1s/.*/$$/" "$pid" >"$pid.new" && mv "$pid.new" "$pid"; else rm -f "$pid"; fi
fi
"$@" 3<&- & postgres=$!
{ read -r line <&3; kill -TERM "$postgres"; kill -INT "$postgres"; } 4>&- & guard=$!
exec 3<&-
wait "$postgres"; code=$?
kill "$guard" 2>/dev/null; wait "$guard" 2>/dev/null
rm -rf "$sockets"
exit "$code""#;

/// Removes a throwaway folder: it is ours, so not for the account to remove. The watchdog and Postgres hold its stdin, so
/// that it ends after the last of them. It waits for a line of ours first: a start that fails leaves its log to be read.
const SWEEPER: &str = r#"read -r ready || exit 0; cat >/dev/null; rm -rf -- "$1""#;

/// A shell of the account that does its work until we let go of it.
#[derive(Debug)]
pub(super) struct Shell {
    child: Child,
    hold: Option<ChildStdin>,
}

/// Runs `command` with `lifeline`, which it and all its own hold until they end.
pub(super) fn spawn(command: &mut Command, lifeline: Stdio, account: &Account) -> Result<Shell> {
    let child = command.stdin(Stdio::piped()).stdout(lifeline).stderr(Stdio::null()).spawn();
    // The command keeps its copy of the lifeline, and it outlives this call.
    command.stdout(Stdio::null());
    let mut child = child.map_err(|e| {
        anyhow!(
            "cannot run /bin/sh as the account {} ({e}): let this process change accounts, or run it as that one",
            account.name()
        )
    })?;
    let hold = child.stdin.take();
    Ok(Shell { child, hold })
}

impl Shell {
    /// How it ended by itself. (`Child::wait` alone would let go of it first.)
    pub(super) fn wait(&mut self) -> Result<ExitStatus> {
        self.child.wait().context("waiting for a process of Postgres")
    }

    pub(super) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.child.try_wait().context("looking at a process of Postgres")
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        drop(self.hold.take());
        // It cannot fail: the child is ours, and nobody else waits for it.
        let _ = self.child.wait();
    }
}

/// A Postgres that runs, or starts to. The order of the fields is the order of the end.
#[derive(Debug)]
pub(super) struct Watchdog {
    pub(super) shell: Shell,
    sweeper: Option<Sweeper>,
}

impl Watchdog {
    pub(super) fn start(bin: &Path, folder: &Folder, sockets: &Path, account: &Account, plan: Plan) -> Result<Self> {
        let (lifeline, sweeper) = match plan.durability {
            Durability::Durable => (plan.running.into(), None),
            Durability::Throwaway => Sweeper::start(folder).map(|(lifeline, sweeper)| (lifeline, Some(sweeper)))?,
        };
        let mut shell = account.command("/bin/sh");
        shell.arg("-c").arg(SCRIPT).arg("dna-postgres").arg(folder.path()).arg(sockets);
        shell.arg(if plan.stale { "stale" } else { "fresh" });
        shell.arg(bin.join("postgres")).arg("-D").arg(folder.data()).arg("-k").arg(sockets);
        for setting in settings(plan.durability) {
            shell.arg("-c").arg(setting);
        }
        let shell = spawn(&mut shell, lifeline, account)?;
        Ok(Self { shell, sweeper })
    }

    /// From now on a throwaway folder goes when Postgres does.
    pub(super) fn is_ready(&mut self) -> Result<()> {
        match self.sweeper.as_mut().and_then(|sweeper| sweeper.hold.take()) {
            Some(mut hold) => {
                hold.write_all(b"ready\n").context("the process that is to remove the test folder is gone")
            }
            None => Ok(()),
        }
    }
}

/// How to start this time.
pub(super) struct Plan {
    pub(super) durability: Durability,
    /// Whether a `postmaster.pid` is there that no Postgres of this folder has written and still needs.
    pub(super) stale: bool,
    /// The lock that Postgres holds while it runs.
    pub(super) running: File,
}

fn settings(durability: Durability) -> Vec<String> {
    let mut settings = vec![format!("port={PORT}")];
    let fixed = [
        "listen_addresses=",
        // The details of a refused row hold what a partner wrote of a client.
        "log_error_verbosity=terse",
        "unix_socket_permissions=0700",
        "logging_collector=off",
        "log_timezone=UTC",
        "timezone=UTC",
    ];
    settings.extend(fixed.map(str::to_owned));
    if durability == Durability::Throwaway {
        let fast = [
            "fsync=off",
            "full_page_writes=off",
            "synchronous_commit=off",
            "autovacuum=off",
            "max_connections=300",
            "max_wal_size=4GB",
        ];
        settings.extend(fast.map(str::to_owned));
    }
    settings
}

#[derive(Debug)]
struct Sweeper {
    child: Child,
    hold: Option<std::io::PipeWriter>,
}

impl Sweeper {
    fn start(folder: &Folder) -> Result<(Stdio, Self)> {
        let data_dir = folder.path().parent().context("the folder of Postgres is in the data folder")?;
        let start = || {
            let (reader, writer) = std::io::pipe()?;
            let lifeline = writer.try_clone()?;
            let mut command = bare_command("/bin/sh");
            command.arg("-c").arg(SWEEPER).arg("dna-sweeper").arg(data_dir);
            let child = command.stdin(reader).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
            std::io::Result::Ok((lifeline.into(), Self { child, hold: Some(writer) }))
        };
        start().context("cannot run /bin/sh: see that this machine has one")
    }
}

impl Drop for Sweeper {
    fn drop(&mut self) {
        drop(self.hold.take());
        let _ = self.child.wait();
    }
}
