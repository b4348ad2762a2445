//! The server, as an operator would start it, and its partner.

use std::{
    fs::{self, File},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    cluster::{Cluster, run},
    setup::Setup,
};

/// Any key will do.
pub const MASTER_KEY: [u8; 32] = *b"a master key of a load harness..";
const MASTER_KEY_BASE64: &str = "YSBtYXN0ZXIga2V5IG9mIGEgbG9hZCBoYXJuZXNzLi4=";
/// What signs here and at the peers.
pub const KEY_BITS: &str = "2048";
/// The issuer of its tokens.
const ISSUER: &str = "http://api.test";

/// A running server; killed when it is dropped.
pub struct Server {
    child: Child,
    folder: TempDir,
    pub setup: Setup,
    database: String,
    /// Seconds from its start until it was ready.
    pub start: f64,
    pub port: u16,
}

impl Server {
    /// Migrates a cluster and starts a server on it.
    pub fn start(setup: &Setup, cluster: &Cluster) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("dna-load-server-").tempdir()?;
        let (setup, database) = (setup.clone(), cluster.url());
        run(command(&setup, &folder, &database).arg("migrate"))?;
        let (child, port, _) = spawn(&setup, &folder, &database)?;
        let mut server = Self { child, folder, setup, database, start: 0.0, port };
        // Once more, with keys that are there.
        server.start = server.restart()?;
        Ok(server)
    }

    /// Stops it and starts it again; gives the seconds until it was ready.
    pub fn restart(&mut self) -> Result<f64> {
        self.child.kill()?;
        self.child.wait()?;
        let took;
        (self.child, self.port, took) = spawn(&self.setup, &self.folder, &self.database)?;
        Ok(took)
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Carries out an operator's command.
    pub fn operate(&self, arguments: &[&str]) -> Result<Value> {
        let mut command = command(&self.setup, &self.folder, &self.database);
        Ok(serde_json::from_str(&run(command.args(arguments).arg("--json"))?)?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The program with these settings and its defaults.
fn command(setup: &Setup, folder: &TempDir, database: &str) -> Command {
    let mut command = Command::new(&setup.server);
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).current_dir(folder.path());
    command.envs([
        ("DATABASE_URL", database),
        ("DNA_MASTER_KEY", MASTER_KEY_BASE64),
        ("DNA_LISTEN", "127.0.0.1:0"),
        ("DNA_PUBLIC_URL", ISSUER),
        ("DNA_SIGNING_KEY_BITS", KEY_BITS),
        ("DNA_RATE_LIMIT", "0"),
        ("DNA_DB_MAX_CONNECTIONS", &setup.connections.to_string()),
    ]);
    command
}

fn spawn(setup: &Setup, folder: &TempDir, database: &str) -> Result<(Child, u16, f64)> {
    let path = folder.path().join("log");
    let start = Instant::now();
    let log = File::create(&path)?;
    let mut command = command(setup, folder, database);
    let mut child = command.arg("serve").stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn()?;
    while start.elapsed() < Duration::from_mins(1) {
        let said = fs::read_to_string(&path)?;
        let ready = said.lines().find(|line| line.contains(" ready ") || line.contains("ready url"));
        if let Some(port) = ready.and_then(|line| line.split("listen=\"127.0.0.1:").nth(1)) {
            let port = port.split('"').next().context("no port")?.parse()?;
            return Ok((child, port, start.elapsed().as_secs_f64()));
        }
        if child.try_wait()?.is_some() {
            bail!("the server ended: {said}");
        }
        sleep(Duration::from_millis(1));
    }
    bail!("the server is not ready")
}
