//! The embedded Postgres, started by root: it runs as another account, which is not trusted.
use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, lchown, symlink},
    path::Path,
};

use dna_api::postgres::{Cluster, Durability, Join};
use nix::unistd::geteuid;

use crate::{
    another_process::AnotherProcess,
    embedded_postgres::{folder, number, own, refused},
};

fn owner(path: &Path) -> u32 {
    fs::symlink_metadata(path).expect("a file").uid()
}

#[test]
fn only_the_folder_of_postgres_belongs_to_its_account() {
    if !geteuid().is_root() {
        return;
    }
    let folder = folder();
    let data_dir = folder.path().join("data");
    let cluster = own(&data_dir).expect("a start");
    let mode = |path: &Path| fs::metadata(path).expect("a file").permissions().mode() & 0o777;
    assert_eq!((owner(&data_dir), mode(&data_dir)), (0, 0o711));
    for ours in ["lock", "running"].map(|name| data_dir.join(name)) {
        assert_eq!((owner(&ours), mode(&ours)), (0, 0o600));
    }
    let postgres = data_dir.join("postgres");
    assert_ne!(owner(&postgres), 0);
    assert_eq!(mode(&postgres), 0o700);
    for theirs in ["data", "log", "s"].map(|name| postgres.join(name)) {
        assert_eq!(owner(&theirs), owner(&postgres));
        assert_eq!(mode(&theirs) & 0o077, 0);
    }
    assert_eq!(number(&cluster, "select 1"), 1);
}

#[test]
fn links_that_the_account_plants_harm_nothing_of_root() {
    if !geteuid().is_root() {
        return;
    }
    let folder = folder();
    let data_dir = folder.path().join("data");
    drop(own(&data_dir).expect("a start"));
    let postgres = data_dir.join("postgres");
    let account = owner(&postgres);
    let precious = folder.path().join("precious");
    fs::create_dir(&precious).expect("a folder");
    fs::write(precious.join("file"), "root's").expect("written");
    let plant = |target: &Path, name: &str| {
        let link = postgres.join(name);
        let _ = fs::remove_file(&link);
        symlink(target, &link).expect("a link");
        lchown(&link, Some(account), None).expect("theirs");
    };

    plant(&precious.join("file"), "log");
    let line = refused(own(&data_dir));
    assert!(line.contains("postgres/log"), "{line}");
    fs::remove_file(postgres.join("log")).expect("removed");

    plant(&precious, "s");
    plant(&precious, "making-1");
    plant(&precious.join("file"), "data/postmaster.pid");
    let line = refused(own(&data_dir));
    assert!(line.contains("postmaster.pid"), "{line}");
    fs::remove_file(postgres.join("data/postmaster.pid")).expect("removed");
    fs::remove_file(postgres.join("s")).expect("removed");

    fs::rename(postgres.join("data"), postgres.join("away")).expect("renamed");
    plant(&precious, "data");
    let line = refused(own(&data_dir));
    assert!(line.contains("data"), "{line}");
    fs::remove_file(postgres.join("data")).expect("removed");
    drop(own(&data_dir).expect("a start with new data"));

    assert!(!postgres.join("making-1").exists());
    assert_eq!(owner(&precious), 0);
    assert_eq!(owner(&precious.join("file")), 0);
    assert_eq!(fs::read_to_string(precious.join("file")).expect("read"), "root's");

    fs::rename(&postgres, data_dir.join("away")).expect("renamed");
    symlink(&precious, &postgres).expect("a link");
    refused(own(&data_dir));
    assert_eq!(owner(&precious), 0);
}

#[test]
fn a_parent_that_bars_the_account_is_named() {
    if !geteuid().is_root() {
        return;
    }
    let folder = folder();
    let parent = folder.path().join("parent");
    fs::create_dir(&parent).expect("a folder");
    fs::set_permissions(&parent, fs::Permissions::from_mode(0o700)).expect("barred");
    let line = refused(own(&parent.join("data")));
    assert!(line.contains(&format!("chmod o+x {}", parent.display())), "{line}");
}

#[test]
fn programs_that_the_account_cannot_run_are_passed_over() {
    if !geteuid().is_root() {
        return;
    }
    let folder = folder();
    let bin = folder.path().join("bin");
    fs::create_dir(&bin).expect("a folder");
    for name in ["initdb", "postgres"] {
        fs::write(bin.join(name), "#!/bin/sh\necho 'postgres (PostgreSQL) 99.1'").expect("written");
        fs::set_permissions(bin.join(name), fs::Permissions::from_mode(0o700)).expect("root's");
    }
    let data_dir = folder.path().join("data");
    let line = refused(Cluster::start(&data_dir, Some(&bin), Durability::Durable, Join::Own));
    assert!(line.contains("that the account `"), "{line}");
}

#[cfg(target_os = "linux")]
#[test]
fn postgres_has_none_of_our_secrets_and_none_of_our_groups() {
    if !geteuid().is_root() {
        return;
    }
    let folder = folder();
    let _other = AnotherProcess::start(folder.path(), Join::Own);
    let pid_file = fs::read_to_string(folder.path().join("postgres/data/postmaster.pid"));
    let pid_file = pid_file.expect("a pid file");
    let proc = Path::new("/proc").join(pid_file.lines().next().expect("a pid"));
    let environment = fs::read(proc.join("environ")).expect("readable");
    assert!(!String::from_utf8_lossy(&environment).contains("DNA_"));
    let status = fs::read_to_string(proc.join("status")).expect("readable");
    let groups = status.lines().find_map(|line| line.strip_prefix("Groups:"));
    assert_eq!(groups.map(str::trim), Some(""));
    assert!(status.contains("Umask:\t0077"), "{status}");
}
