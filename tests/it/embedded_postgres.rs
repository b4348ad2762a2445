//! The embedded Postgres, as a server and an operator meet it.
use std::{
    fs,
    os::unix::{ffi::OsStrExt as _, fs::PermissionsExt as _},
    path::{Path, PathBuf},
    thread::sleep,
    time::{Duration, Instant},
};

use dna_api::postgres::{Cluster, Durability, Join, ROLE};
use sqlx::{ConnectOptions as _, Connection as _};
use tempfile::TempDir;

use crate::another_process::AnotherProcess;

/// A folder that the account of Postgres can enter, as root too.
pub(crate) fn folder() -> TempDir {
    let open = fs::Permissions::from_mode(0o755);
    tempfile::Builder::new().permissions(open).tempdir().expect("a temporary folder")
}

pub(crate) fn own(data_dir: &Path) -> anyhow::Result<Cluster> {
    Cluster::start(data_dir, None, Durability::Durable, Join::Own)
}

/// The error, which is one line.
pub(crate) fn refused(started: anyhow::Result<Cluster>) -> String {
    let line = format!("{:#}", started.expect_err("a refusal"));
    assert_eq!(line.lines().count(), 1, "{line}");
    line
}

/// Runs a statement that gives one number.
pub(crate) fn number(cluster: &Cluster, sql: &'static str) -> i32 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let mut connection = cluster.options(ROLE).connect().await.expect("a connection");
        let number = sqlx::query_scalar(sql).fetch_one(&mut connection).await;
        connection.close().await.expect("a good end");
        number.expect("a number")
    })
}

/// What a later start must find again.
pub(crate) fn remember(cluster: &Cluster) {
    number(cluster, "select lo_from_bytea(4711, 'kept')::int4");
}

pub(crate) fn remembers(cluster: &Cluster) -> bool {
    number(cluster, "select count(*)::int4 from pg_largeobject_metadata where oid = 4711") == 1
}

pub(crate) fn socket_folder(cluster: &Cluster) -> PathBuf {
    cluster.options(ROLE).get_socket().expect("a socket").clone()
}

/// The processes that have `data_dir` in their arguments.
#[cfg(target_os = "linux")]
pub(crate) fn processes(data_dir: &Path) -> Vec<i32> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").expect("/proc").flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        let arguments = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let wanted = data_dir.as_os_str().as_bytes();
        if arguments.windows(wanted.len()).any(|part| part == wanted) {
            found.push(pid);
        }
    }
    found
}

pub(crate) fn lasts_at_most(seconds: u64, until: impl Fn() -> bool) {
    let began = Instant::now();
    while !until() {
        assert!(began.elapsed() < Duration::from_secs(seconds), "it lasts too long");
        sleep(Duration::from_millis(20));
    }
}

#[test]
fn data_survives_a_restart() {
    let folder = folder();
    let data_dir = folder.path().join("made/on/the way");
    let cluster = own(&data_dir).expect("a first start");
    assert!(cluster.owned());
    remember(&cluster);
    assert_eq!(number(&cluster, "select 1 where current_setting('data_checksums') = 'on'"), 1);
    assert_eq!(number(&cluster, "select 1 where current_setting('fsync') = 'on'"), 1);
    assert_eq!(number(&cluster, "select 1 where current_setting('listen_addresses') = ''"), 1);
    drop(cluster);
    #[cfg(target_os = "linux")]
    assert_eq!(processes(&data_dir), [0; 0], "left behind");
    assert!(remembers(&own(&data_dir).expect("a second start")));
}

#[test]
fn a_short_command_is_not_lent_from_and_the_next_waits_for_its_turn() {
    let folder = folder();
    let first = Cluster::start(folder.path(), None, Durability::Durable, Join::Share);
    let first = first.expect("a start");
    assert!(first.owned());
    let mut second = AnotherProcess::spawn(folder.path(), Join::Share, Durability::Durable);
    sleep(Duration::from_millis(500));
    assert!(second.try_wait().expect("a child").is_none(), "it waits");
    drop(first);
    drop(second.stdin.take());
    let said = second.wait_with_output().expect("its words").stdout;
    assert!(String::from_utf8_lossy(&said).contains("cluster: true"));
}

#[test]
fn a_second_owner_is_refused_and_the_first_unharmed() {
    let folder = folder();
    let first = own(folder.path()).expect("a start");
    let second = AnotherProcess::start(folder.path(), Join::Own);
    let line = second.started.as_ref().expect_err("a refusal");
    assert!(line.contains("another dna-api runs the database in"), "{line}");
    assert!(line.contains(&*folder.path().to_string_lossy()), "{line}");
    let line = refused(own(folder.path()));
    assert!(line.contains("another dna-api runs the database in"), "{line}");
    assert_eq!(number(&first, "select 1"), 1);
    let third = AnotherProcess::start(folder.path(), Join::Share);
    assert_eq!(third.started, Ok(false));
}

#[test]
fn a_pid_file_that_names_another_program_is_stale() {
    let folder = folder();
    drop(own(folder.path()).expect("a start"));
    let data = folder.path().join("postgres/data");
    let mut like_postgres = std::process::Command::new("sleep");
    let mut program = like_postgres.arg("100").spawn().expect("sleep");
    // Of no length: what a power failure may leave.
    for pid in ["1".to_owned(), program.id().to_string(), "nonsense".to_owned(), String::new()] {
        let rest = if pid.is_empty() { "" } else { "\n/x\n1\n5432\n/tmp\n\n  1  2\nready\n" };
        fs::write(data.join("postmaster.pid"), format!("{pid}{rest}")).expect("written");
        give_like(&data, &data.join("postmaster.pid"));
        let cluster = own(folder.path()).expect("a start");
        assert_eq!(number(&cluster, "select 1"), 1, "{pid}");
    }
    assert!(program.try_wait().expect("a child").is_none(), "the other program was hit");
    program.kill().and_then(|()| program.wait()).expect("ended");
}

/// As root: `file` gets the owner of `model`.
fn give_like(model: &Path, file: &Path) {
    use std::os::unix::fs::{MetadataExt as _, chown};
    let meta = fs::metadata(model).expect("a model");
    chown(file, Some(meta.uid()), Some(meta.gid())).expect("given");
}

#[test]
fn a_half_made_cluster_is_not_taken_for_data() {
    let folder = folder();
    drop(own(folder.path()).expect("a start"));
    let postgres = folder.path().join("postgres");
    fs::rename(postgres.join("data"), postgres.join("making-1")).expect("renamed");
    fs::remove_file(postgres.join("making-1/base/1/PG_VERSION")).expect("removed");
    assert_eq!(number(&own(folder.path()).expect("a start"), "select 1"), 1);
    assert!(!postgres.join("making-1").exists());
}

#[test]
fn a_long_path_works_and_leaves_nothing_behind() {
    let folder = folder();
    let data_dir = folder.path().join("long, ".repeat(30));
    let cluster = own(&data_dir).expect("a start");
    let socket = socket_folder(&cluster);
    assert!(!socket.starts_with(&data_dir));
    let mode = fs::metadata(&socket).expect("a folder").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    let shared = AnotherProcess::start(&data_dir, Join::Share);
    assert_eq!(shared.started, Ok(false));
    drop(cluster);
    assert!(!socket.exists());

    let owner = AnotherProcess::start(&data_dir, Join::Own);
    let borrowed = Cluster::start(&data_dir, None, Durability::Durable, Join::Share);
    let socket = socket_folder(&borrowed.expect("shared"));
    owner.kill();
    lasts_at_most(10, || !socket.exists());
}

#[test]
fn a_throwaway_folder_goes_with_its_cluster() {
    let folder = folder();
    let data_dir = folder.path().join("data");
    let cluster = Cluster::start(&data_dir, None, Durability::Throwaway, Join::Own);
    assert_eq!(number(&cluster.expect("a start"), "select 1"), 1);
    assert!(!data_dir.exists());
}

#[test]
fn a_folder_with_something_in_it_is_not_thrown_away() {
    let folder = folder();
    drop(own(folder.path()).expect("a start"));
    let line = refused(Cluster::start(folder.path(), None, Durability::Throwaway, Join::Own));
    assert!(line.contains("give it an empty one"), "{line}");
    assert!(folder.path().join("postgres/data/PG_VERSION").exists());
}

#[test]
fn missing_programs_are_told_with_what_to_install() {
    let folder = folder();
    let empty = folder.path().join("empty");
    let data_dir = folder.path().join("data");
    let line = refused(Cluster::start(&data_dir, Some(&empty), Durability::Durable, Join::Own));
    assert!(line.contains("apt install postgresql"), "{line}");
    assert!(line.contains("DATABASE_URL") && line.contains("DNA_POSTGRES_BIN"), "{line}");
}

#[test]
fn data_of_another_version_is_told_with_what_to_install() {
    let folder = folder();
    drop(own(folder.path()).expect("a start"));
    let version = folder.path().join("postgres/data/PG_VERSION");
    fs::write(&version, "99\n").expect("written");
    let line = refused(own(folder.path()));
    assert!(line.contains("made by Postgres 99"), "{line}");
    fs::write(&version, "").expect("written");
    let line = refused(own(folder.path()));
    assert!(line.contains("holds no Postgres data"), "{line}");
}
