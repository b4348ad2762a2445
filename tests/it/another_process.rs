//! A second process of this program, to be killed: this test binary, run for one function of it.
use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use dna_api::postgres::{Cluster, Durability, Join};

/// Killed (SIGKILL) when dropped.
pub(crate) struct AnotherProcess {
    child: Child,
    /// `true` when it owns the cluster, or the error that it met.
    pub(crate) started: Result<bool, String>,
}

impl AnotherProcess {
    /// Returns once the other one has started the cluster in `data_dir`, or joined it.
    pub(crate) fn start(data_dir: &Path, join: Join) -> Self {
        Self::start_with(data_dir, join, Durability::Durable)
    }

    pub(crate) fn start_with(data_dir: &Path, join: Join, durability: Durability) -> Self {
        let mut child = Self::spawn(data_dir, join, durability);
        let said = BufReader::new(child.stdout.take().expect("piped"));
        let mut said = said.lines().map(|line| line.expect("text"));
        // The test harness may have put words of its own before ours, on the same line.
        let started = said.find_map(|line| {
            let (_, told) = line.split_once("cluster: ")?;
            Some(told.parse().map_err(|_| told.to_owned()))
        });
        Self { child, started: started.expect("an answer") }
    }

    /// Returns at once.
    pub(crate) fn spawn(data_dir: &Path, join: Join, durability: Durability) -> Child {
        Command::new(std::env::current_exe().expect("this test binary"))
            .args(["--exact", "another_process::body", "--ignored", "--nocapture"])
            .env("TEST_DATA_DIR", data_dir)
            .env("TEST_JOIN", format!("{join:?}"))
            .env("TEST_DURABILITY", format!("{durability:?}"))
            .env("DNA_MASTER_KEY", "not for Postgres")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a second process")
    }

    pub(crate) fn kill(mut self) {
        self.child.kill().expect("killed");
    }
}

impl Drop for AnotherProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
#[ignore = "no test: the body of the other process"]
fn body() {
    let Some(data_dir) = std::env::var_os("TEST_DATA_DIR") else {
        return;
    };
    let is = |name, value| std::env::var(name).is_ok_and(|set| set == value);
    let join = if is("TEST_JOIN", "Own") { Join::Own } else { Join::Share };
    let durability = if is("TEST_DURABILITY", "Durable") { Durability::Durable } else { Durability::Throwaway };
    let cluster = Cluster::start(Path::new(&data_dir), None, durability, join);
    match &cluster {
        Ok(cluster) => println!("cluster: {}", cluster.owned()),
        Err(e) => println!("cluster: {e:#}"),
    }
    // Until killed, or until the test lets go.
    let _ = std::io::stdin().lines().next();
}
