//! The embedded Postgres, after an owner that was killed.
use std::{fs, path::Path, thread::sleep, time::Duration};

use dna_api::postgres::{Cluster, Durability, Join};

#[cfg(target_os = "linux")]
use crate::embedded_postgres::processes;
use crate::{
    another_process::AnotherProcess,
    embedded_postgres::{folder, lasts_at_most, number, own, remember, remembers, socket_folder},
};

fn share(data_dir: &Path) -> Cluster {
    Cluster::start(data_dir, None, Durability::Durable, Join::Share).expect("shared, or its own")
}

#[test]
fn a_killed_owner_takes_its_postgres_along_and_the_next_one_has_its_data() {
    let folder = folder();
    let owner = AnotherProcess::start(folder.path(), Join::Own);
    assert_eq!(owner.started, Ok(true));
    let borrowed = share(folder.path());
    assert!(!borrowed.owned());
    remember(&borrowed);
    let socket = socket_folder(&borrowed);
    owner.kill();

    let next = own(folder.path()).expect("a start right after the kill");
    assert!(remembers(&next));
    drop(next);
    lasts_at_most(10, || !socket.exists());
    #[cfg(target_os = "linux")]
    lasts_at_most(10, || processes(folder.path()).is_empty());
}

#[test]
fn a_killed_owner_is_not_borrowed_from() {
    let folder = folder();
    for _ in 0..5 {
        let owner = AnotherProcess::start(folder.path(), Join::Own);
        assert_eq!(owner.started, Ok(true));
        owner.kill();
        let shared = share(folder.path());
        assert!(shared.owned());
        sleep(Duration::from_millis(200));
        assert_eq!(number(&shared, "select 1"), 1);
    }
}

#[test]
fn an_owner_killed_while_it_makes_the_cluster_harms_nobody() {
    let folder = folder();
    for milliseconds in [50, 150, 300, 600] {
        let mut owner = AnotherProcess::spawn(folder.path(), Join::Own, Durability::Durable);
        sleep(Duration::from_millis(milliseconds));
        owner.kill().expect("killed");
        owner.wait().expect("reaped");
    }
    assert_eq!(number(&own(folder.path()).expect("a start"), "select 1"), 1);
    let left = fs::read_dir(folder.path().join("postgres")).expect("a folder").flatten();
    assert_eq!(left.filter(|e| e.file_name().to_string_lossy().starts_with("making")).count(), 0);
}

#[cfg(target_os = "linux")]
#[test]
fn an_owner_killed_together_with_its_watchdog_leaves_no_postgres_for_long() {
    use nix::{sys::signal::Signal, sys::signal::kill, unistd::Pid};
    let folder = folder();
    let is_shell = |pid: &i32| fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| line.starts_with(b"/bin/sh"));
    let ours = || processes(&folder.path().join("postgres"));
    for (signal, shells_only) in [(Signal::SIGKILL, true), (Signal::SIGTERM, false), (Signal::SIGKILL, false)] {
        let owner = AnotherProcess::start(folder.path(), Join::Own);
        assert_eq!(owner.started, Ok(true));
        let victims = ours().into_iter().filter(|pid| !shells_only || is_shell(pid));
        for pid in victims {
            // One may be gone with another.
            let _ = kill(Pid::from_raw(pid), signal);
        }
        owner.kill();
        assert_eq!(number(&own(folder.path()).expect("a start"), "select 1"), 1);
        assert_eq!(ours(), [0; 0], "left behind");
    }
}

#[test]
fn a_throwaway_folder_goes_with_its_killed_owner() {
    let folder = folder();
    let data_dir = folder.path().join("data");
    let owner = AnotherProcess::start_with(&data_dir, Join::Own, Durability::Throwaway);
    assert_eq!(owner.started, Ok(true));
    owner.kill();
    lasts_at_most(10, || !data_dir.exists());
}
