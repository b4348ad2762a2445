//! What processes have used, from `/proc`.

use std::{fs, time::Duration};

use anyhow::{Context as _, Result};

/// The clock of `/proc`, ticks a second: the same on every Linux.
const TICKS: u64 = 100;

/// CPU time that a process and its threads have used, and children of it that have ended.
pub fn cpu(pid: u32) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    Ok(ticks(&stat).context("a strange /proc")?.1)
}

/// The same with all children that run.
pub fn cpu_of_family(pid: u32) -> Result<Duration> {
    let children = fs::read_dir("/proc")?.flatten().filter_map(|entry| {
        let (parent, used) = ticks(&fs::read_to_string(entry.path().join("stat")).ok()?)?;
        (parent == pid).then_some(used)
    });
    Ok(cpu(pid)? + children.sum())
}

/// Who a process's parent is, and what it has used.
fn ticks(stat: &str) -> Option<(u32, Duration)> {
    // The name, in brackets, may hold anything.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let used: u64 = fields.get(11..15)?.iter().map(|field| field.parse().unwrap_or(0)).sum();
    Some((fields.get(1)?.parse().ok()?, Duration::from_millis(used * 1000 / TICKS)))
}

/// Megabytes that a process has in memory.
pub fn memory(pid: u32) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib / 1024.0)
}
