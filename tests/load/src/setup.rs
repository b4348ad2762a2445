//! What is measured, and on what.

use std::{
    path::PathBuf,
    process::{Command, id},
    thread::available_parallelism,
};

use anyhow::{Result, ensure};

use crate::cluster::run;

/// See the module.
#[derive(Clone)]
pub struct Setup {
    /// The server's program.
    pub server: PathBuf,
    /// Connections of the server's to its database, and of `pgbench`'s.
    pub connections: usize,
    /// The cores that Postgres has for itself, as `taskset` has them.
    pub cores: Option<String>,
}

/// Keeps this process, and all that it starts, to the second half of the cores; gives the first, for Postgres.
pub fn cores_for_postgres() -> Result<String> {
    let cores = available_parallelism()?.get();
    ensure!(cores > 1, "there is but one core: Postgres can have none for itself");
    let half = cores / 2;
    run(Command::new("taskset").args(["-apc", &format!("{half}-{}", cores - 1), &id().to_string()]))?;
    Ok(format!("0-{}", half - 1))
}
