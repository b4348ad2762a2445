//! The embedded database's master key, which is a file that changes beside the database.

use std::{fs, os::unix::fs::PermissionsExt as _, path::PathBuf};

use crate::support::{
    Reply,
    program::{Folder, Server, demo, failure, run, run_json},
};

const STRANGER: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

struct Files {
    key: PathBuf,
    new: PathBuf,
}

impl Files {
    fn of(folder: &Folder) -> Self {
        Self { key: folder.data().join("master.key"), new: folder.data().join("master.key.new") }
    }

    fn key(&self) -> String {
        fs::read_to_string(&self.key).expect("a master key")
    }
}

fn put(path: &PathBuf, key: &str) {
    fs::write(path, key).expect("a file");
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("its mode");
}

#[tokio::test]
async fn it_is_replaced_beside_a_running_server_and_holds_at_the_next_start() {
    let folder = Folder::new();
    let files = Files::of(&folder);
    let server = Server::start(&folder, &[]);
    let before = files.key();

    assert_eq!(run_json(&folder, &[], &["keys", "change-master-key"])["keys"], 1);

    assert_ne!(files.key(), before);
    assert_eq!(fs::metadata(&files.key).expect("a file").permissions().mode() & 0o777, 0o600);
    assert!(!files.new.exists());
    assert_eq!(Reply::of(server.post("/api/oauth/token").form(&demo(&folder))).await.status, 200);
    assert!(server.stop());
    let server = Server::start(&folder, &[]);
    assert_eq!(Reply::of(server.post("/api/oauth/token").form(&demo(&folder))).await.status, 200);

    run_json(&folder, &[("DNA_NEW_MASTER_KEY", STRANGER)], &["keys", "change-master-key"]);
    assert_eq!(files.key(), STRANGER, "or by a key of the operator's");
    let (_, line) = failure(&run(&folder, &[("DNA_MASTER_KEY", before.as_str())], &["keys", "rotate"]));
    assert!(line.contains("does not open"), "{line}");
}

#[test]
fn a_change_that_was_cut_off_after_the_keys_were_sealed_is_brought_to_its_end() {
    let folder = Folder::new();
    let files = Files::of(&folder);
    run_json(&folder, &[], &["partner", "list"]);
    let before = files.key();
    run_json(&folder, &[], &["keys", "change-master-key"]);
    let after = files.key();
    put(&files.new, &after); // as the command leaves it if it is killed just before the file is replaced
    put(&files.key, &before);

    assert!(run(&folder, &[], &["check"]).status.success());

    assert_eq!((files.key(), files.new.exists()), (after, false));
}

#[test]
fn a_change_that_was_cut_off_before_that_is_forgotten() {
    let folder = Folder::new();
    let files = Files::of(&folder);
    run_json(&folder, &[], &["partner", "list"]);
    let before = files.key();
    put(&files.new, STRANGER);

    assert!(run(&folder, &[], &["check"]).status.success());
    assert_eq!(files.key(), before);

    run_json(&folder, &[], &["keys", "change-master-key"]);
    assert!(run(&folder, &[], &["check"]).status.success());
    assert!(files.key() != before && files.key() != STRANGER && !files.new.exists());
}
