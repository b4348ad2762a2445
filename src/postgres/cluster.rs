//! The cluster's life: taken or borrowed, started, stopped.
use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use super::{
    Durability, Join, ROLE,
    account::Account,
    binaries,
    folder::Folder,
    initdb,
    lock::{self, OwnerLock},
    pid_file::PidFile,
    sockets,
    watchdog::{Plan, Watchdog},
};
use crate::private_file;

/// How long a server that was killed may take to let go of its lock. One that runs keeps it: no use in waiting longer.
const KILLED: Duration = Duration::from_secs(2);
/// How long an owner that lends nothing may need: it is a short command, or it starts, or it stops.
const IN_BETWEEN: Duration = Duration::from_secs(15);
/// How long a short command waits for a server that starts, and for other short commands.
const TURN: Duration = Duration::from_mins(1);
/// How long the Postgres of a killed server may take to write its last checkpoint.
const STOPPING: Duration = Duration::from_mins(1);
/// How long Postgres may take to be ready: after a crash it repeats what was not yet in its files.
const STARTING: Duration = Duration::from_mins(10);

const PAUSE: Duration = Duration::from_millis(10);

/// A running cluster. Dropping it stops Postgres (a fast shutdown) if it is ours; so does the end of this process.
#[derive(Debug)]
pub struct Cluster {
    sockets: PathBuf,
    /// Of the owner. The order matters: Postgres is gone before somebody else may own the folder.
    owned: Option<(Watchdog, OwnerLock)>,
}

enum Turn {
    Own,
    Borrow(PathBuf),
}

impl Cluster {
    /// Starts the cluster in `data_dir` (`DNA_DATA_DIR`), making it the first time, or joins it where it runs.
    /// The programs are looked for in `bin` (`DNA_POSTGRES_BIN`) alone, if given.
    ///
    /// This blocks, for about a second the first time: in async code, call it in `spawn_blocking`.
    ///
    /// # Errors
    /// One line that says what the operator is to do; what Postgres has to say itself is in `data_dir/postgres/log`.
    pub fn start(data_dir: &Path, bin: Option<&Path>, durability: Durability, join: Join) -> Result<Self> {
        let data_dir = private_file::folder(data_dir)?;
        let lock = OwnerLock::open(&data_dir)?;
        if let Turn::Borrow(sockets) = take_turn(&lock, join, &data_dir)? {
            return Ok(Self { sockets, owned: None });
        }
        lock.withdraw()?;
        if durability == Durability::Throwaway {
            refuse_to_throw_away(&data_dir)?;
        }
        let (watchdog, sockets) = run(&data_dir, bin, durability)?;
        if join == Join::Own {
            lock.lend(&sockets)?;
        }
        Ok(Self { sockets, owned: Some((watchdog, lock)) })
    }

    /// Whether this process runs the cluster, and stops it; else it is borrowed.
    #[must_use]
    pub fn owned(&self) -> bool {
        self.owned.is_some()
    }

    /// How sqlx connects to one of its databases; ours is [`ROLE`].
    #[must_use]
    pub fn options(&self, database: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .socket(&self.sockets)
            .port(sockets::PORT)
            .username(ROLE)
            .database(database)
            .ssl_mode(PgSslMode::Disable)
    }

    /// The address of our database, for tools that take one.
    #[must_use]
    pub fn url(&self) -> String {
        let host = self.sockets.to_string_lossy();
        let host = utf8_percent_encode(&host, NON_ALPHANUMERIC);
        format!("postgres://{ROLE}@localhost/{ROLE}?host={host}&port={}", sockets::PORT)
    }

    /// What an operator pastes to look into our database.
    #[must_use]
    pub fn psql(&self) -> String {
        let host = self.sockets.to_string_lossy().replace('\'', r"'\''");
        format!("psql -h '{host}' -p {} -U {ROLE} {ROLE}", sockets::PORT)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some((_, lock)) = &self.owned {
            // At worst somebody tries in vain to borrow what is about to stop.
            let _ = lock.withdraw();
        }
    }
}

/// Starts what the lock is held for.
fn run(data_dir: &Path, bin: Option<&Path>, durability: Durability) -> Result<(Watchdog, PathBuf)> {
    let account = Account::for_postgres()?;
    account.check_reach(data_dir)?;
    let folder = Folder::make(data_dir, &account)?;
    let running = outlast_predecessor(data_dir, &folder, &account)?;
    let stale = refuse_stranger(&folder)?;
    let major = folder.major()?;
    let bin = binaries::find(&account, bin, major)?;
    if major.is_none() {
        let lifeline = lock::share(&running)?;
        initdb::run(&bin, &folder, &account, durability, lifeline.into())?;
    }
    folder.sync()?;

    let (sockets, temporary) = sockets::choose(&folder, &account)?;
    let plan = Plan { durability, stale, running };
    let mut watchdog = Watchdog::start(&bin, &folder, &sockets, &account, plan)?;
    await_ready(&mut watchdog, &folder, &sockets)?;
    if let Some(temporary) = temporary {
        let _ = temporary.keep(); // the watchdog removes it, and does so even when we are killed
    }
    Ok((watchdog, sockets))
}

/// The folder is removed at the end, so nothing may be in it that we have not put there.
fn refuse_to_throw_away(data_dir: &Path) -> Result<()> {
    let entries =
        fs::read_dir(data_dir).with_context(|| format!("cannot list {}: run as its owner", data_dir.display()))?;
    let precious = entries.flatten().any(|entry| entry.file_name() != "lock");
    ensure!(
        !precious,
        "{} holds files already, and a test run removes its folder at the end: give it an empty one (DNA_DATA_DIR)",
        data_dir.display()
    );
    Ok(())
}

fn take_turn(lock: &OwnerLock, join: Join, data_dir: &Path) -> Result<Turn> {
    let began = Instant::now();
    loop {
        if lock.try_take()? {
            return Ok(Turn::Own);
        }
        let lent = lock.lent();
        if let (Join::Share, Some(sockets)) = (join, &lent)
            && sockets::answers(sockets)
        {
            // A Postgres answers for a moment longer than its killed owner lives: is there one still, and the same?
            if lock.try_take()? {
                return Ok(Turn::Own);
            }
            if lock.lent() == lent {
                return Ok(Turn::Borrow(sockets.clone()));
            }
        }
        let (patience, advice) = match (join, &lent) {
            (Join::Own, Some(_)) => (KILLED, "stop it first, or give this one a folder of its own (DNA_DATA_DIR)"),
            (Join::Own, None) => {
                (IN_BETWEEN, "wait until it is done, or give this one a folder of its own (DNA_DATA_DIR)")
            }
            (Join::Share, _) => {
                (TURN, "its Postgres cannot be shared now; wait until it is done, or look at postgres/log in there")
            }
        };
        ensure!(began.elapsed() < patience, "another dna-api runs the database in {}: {advice}", data_dir.display());
        sleep(PAUSE);
    }
}

/// The owner before us may have been killed a moment ago: its watchdog is stopping its Postgres. Or both were, and their
/// Postgres runs on.
fn outlast_predecessor(data_dir: &Path, folder: &Folder, account: &Account) -> Result<File> {
    let running = lock::open(data_dir, "running")?;
    let began = Instant::now();
    let mut next_signal = Duration::from_secs(1);
    while !lock::try_lock(&running)? {
        ensure!(
            began.elapsed() < STOPPING,
            "an older Postgres still runs in {} after {} s: see {}, and stop it",
            folder.data().display(),
            STOPPING.as_secs(),
            folder.log().display()
        );
        if began.elapsed() > next_signal {
            next_signal += Duration::from_secs(1);
            if let Some(pid) = PidFile::read(folder)?.and_then(|file| file.running(folder)) {
                // As the account: the number comes from a file of its own, so it may hit nobody else's process.
                let _ = account.command("/bin/sh").args(["-c", r#"kill -INT "$1""#, "sh", &pid.to_string()]).output();
            }
        }
        sleep(PAUSE);
    }
    Ok(running)
}

/// Whether there is a pid file, which is then stale, as no Postgres of ours runs: but an operator could have started one.
fn refuse_stranger(folder: &Folder) -> Result<bool> {
    let file = PidFile::read(folder)?;
    if let Some(pid) = file.as_ref().and_then(|file| file.running(folder)) {
        bail!(
            "a Postgres that dna-api did not start (process {pid}) runs on {0}: run `pg_ctl stop -D {0}`",
            folder.data().display()
        );
    }
    Ok(file.is_some())
}

fn await_ready(watchdog: &mut Watchdog, folder: &Folder, sockets: &Path) -> Result<()> {
    let log = folder.log();
    let began = Instant::now();
    let mut told = false;
    // The file is asked first, as a Postgres that still repeats its log would log each of our visits.
    while !(PidFile::read(folder)?.is_some_and(|file| file.ready) && sockets::answers(sockets)) {
        if let Some(status) = watchdog.shell.ended()? {
            bail!("Postgres did not start ({status}): {} says why", log.display());
        }
        ensure!(
            began.elapsed() < STARTING,
            "Postgres was not ready after {} s: see {}",
            STARTING.as_secs(),
            log.display()
        );
        if !told && began.elapsed() > Duration::from_secs(5) {
            told = true;
            tracing::warn!(log = %log.display(), "Postgres takes its time to start");
        }
        sleep(PAUSE);
    }
    watchdog.is_ready()
}
