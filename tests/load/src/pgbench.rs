//! Postgres under `pgbench`: what the database alone could do with the server's statements.

use std::{fs, process::Stdio, time::Duration};

use anyhow::{Context as _, Result, bail};

use crate::{cluster::Cluster, statements::Script, usage};

/// What came of it.
#[derive(Clone, Copy, Debug)]
pub struct Bench {
    /// Scripts a second.
    pub rate: f64,
    /// CPU seconds of Postgres for one.
    pub cpu: f64,
}

/// Runs a script on so many connections, for at least a second.
pub fn run(cluster: &Cluster, script: &Script, connections: usize, time: Duration) -> Result<Bench> {
    let file = cluster.folder().join("script.sql");
    fs::write(&file, &script.text)?;
    let mut command = cluster.pgbench();
    for (name, value) in &script.values {
        command.args(["-D", &format!("{name}={value}")]);
    }
    let seconds = time.as_secs().max(1);
    command.args(["-D", "turn=0", "-c", &connections.to_string(), "-T", &seconds.to_string(), "-f"]).arg(&file);
    command.arg("dna").stdin(Stdio::null());
    let before = usage::cpu_of_family(cluster.postmaster)?;
    let output = command.output().context("cannot run pgbench")?;
    let used = usage::cpu_of_family(cluster.postmaster)?.saturating_sub(before);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let wrong = String::from_utf8_lossy(&output.stderr).into_owned();
    if !output.status.success() || wrong.contains("aborted") {
        bail!("pgbench: {wrong}{said}\n{}", script.text);
    }
    let number = |name: &str| {
        let line = said.lines().find_map(|line| line.split_once(name).map(|(_, value)| value.trim().to_owned()));
        line.and_then(|value| value.split([' ', '/']).next().and_then(|n| n.parse::<f64>().ok()))
    };
    let rate = number("tps = ").with_context(|| format!("no rate in {said}"))?;
    let done = number("number of transactions actually processed:").with_context(|| format!("no number in {said}"))?;
    Ok(Bench { rate, cpu: used.as_secs_f64() / done })
}
