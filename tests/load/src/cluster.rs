//! A Postgres of the harness's own, as an operator would run it: `fsync` and `synchronous_commit` are on.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail, ensure};
use tempfile::TempDir;

/// Postgres refuses root.
const ACCOUNT: &str = "postgres";

/// A running cluster; stopped and removed when it is dropped.
pub struct Cluster {
    folder: TempDir,
    bin: PathBuf,
    cores: Option<String>,
    pub postmaster: u32,
}

impl Cluster {
    /// With these settings beside those of its own, on these cores where any are named.
    pub fn start(more: &[&str], cores: Option<String>) -> Result<Self> {
        let bin = binaries()?;
        let folder = tempfile::Builder::new().prefix("dna-load-").tempdir()?;
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777))?;
        let mut cluster = Self { folder, bin, cores, postmaster: 0 };
        let data = cluster.data();
        let mut initdb = cluster.program("initdb");
        run(initdb.arg("-D").arg(&data).args(["-U", "dna", "-E", "UTF8", "--locale=C", "--auth=trust"]))?;
        let settings = [
            format!("unix_socket_directories = '{}'", cluster.folder.path().display()),
            "listen_addresses = ''".into(),
            "max_connections = 100".into(),
            "max_wal_size = '4GB'".into(),
            "logging_collector = on".into(),
            "log_destination = 'csvlog'".into(),
            "log_filename = 'postgres'".into(),
            "log_file_mode = 0644".into(),
        ];
        let mut configuration = fs::read_to_string(data.join("postgresql.conf"))?;
        configuration
            .push_str(&settings.iter().map(String::as_str).chain(more.iter().copied()).collect::<Vec<_>>().join("\n"));
        fs::write(data.join("postgresql.conf"), configuration)?;
        let mut start = cluster.program("pg_ctl");
        run(start.arg("-D").arg(&data).args(["-w", "-l"]).arg(cluster.folder.path().join("start.log")).arg("start"))?;
        let pid = fs::read_to_string(data.join("postmaster.pid"))?;
        cluster.postmaster = pid.lines().next().context("no process id")?.trim().parse()?;
        for on in ["fsync", "synchronous_commit"] {
            ensure!(cluster.sql("postgres", &format!("show {on}"))? == "on", "{on} is off");
        }
        cluster.sql("postgres", "create database dna")?;
        Ok(cluster)
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Where its socket is.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// For `DATABASE_URL`.
    pub fn url(&self) -> String {
        format!("postgres://dna@localhost/dna?host={}", self.folder().display())
    }

    /// Carries out SQL, and gives what it prints.
    pub fn sql(&self, database: &str, sql: &str) -> Result<String> {
        let mut psql = Command::new(self.bin.join("psql"));
        psql.args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-U", "dna", "-d", database, "-c", sql]);
        Ok(run(psql.arg("-h").arg(self.folder()))?.trim_end().to_owned())
    }

    /// Carries out a script of psql's with these variables.
    pub fn script(&self, database: &str, script: &str, variables: &[(&str, usize)]) -> Result<()> {
        let file = self.folder().join("script.psql");
        fs::write(&file, script)?;
        let mut psql = Command::new(self.bin.join("psql"));
        psql.args(["-Xq", "-o", "/dev/null", "-v", "ON_ERROR_STOP=1", "-U", "dna", "-d", database]);
        for (name, value) in variables {
            psql.args(["-v", &format!("{name}={value}")]);
        }
        run(psql.arg("-h").arg(self.folder()).arg("-f").arg(&file)).map(drop)
    }

    /// All that was logged, as comma-separated values.
    pub fn log(&self) -> Result<String> {
        Ok(fs::read_to_string(self.data().join("log/postgres.csv"))?)
    }

    /// A `pgbench` against it.
    pub fn pgbench(&self) -> Command {
        let mut pgbench = Command::new(self.bin.join("pgbench"));
        pgbench.arg("-h").arg(self.folder()).args(["-U", "dna", "-n", "-M", "prepared"]);
        pgbench
    }

    /// A program of Postgres's, as an account that may run it.
    fn program(&self, name: &str) -> Command {
        let program = self.bin.join(name);
        let is_root = fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
        let mut command = Command::new("env");
        if let Some(cores) = &self.cores {
            command.args(["taskset", "-c", cores]);
        }
        if is_root {
            command.args(["setpriv", "--reuid", ACCOUNT, "--regid", ACCOUNT, "--clear-groups"]);
        }
        command.arg(program).current_dir("/");
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let mut stop = self.program("pg_ctl");
        drop(run(stop.arg("-D").arg(self.data()).args(["-m", "immediate", "stop"])));
    }
}

/// Runs a program to its end, and gives what it printed.
pub fn run(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("cannot run {command:?}"))?;
    if !output.status.success() {
        bail!("{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// The folder of the newest `initdb`.
fn binaries() -> Result<PathBuf> {
    let version = |path: &PathBuf| path.parent()?.file_name()?.to_str()?.parse::<u32>().ok();
    let installed = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest =
        installed.map(|entry| entry.path().join("bin")).filter(|bin| bin.join("initdb").exists()).max_by_key(version);
    let in_path = std::env::var_os("PATH")
        .and_then(|path| std::env::split_paths(&path).find(|folder| folder.join("initdb").exists()));
    newest.or(in_path).context("no initdb found: install your system's postgresql package")
}
