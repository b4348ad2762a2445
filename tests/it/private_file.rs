//! Secrets in files, and the folders that they are in.
use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink},
    path::Path,
};

use dna_api::private_file;
use nix::unistd::geteuid;
use tempfile::TempDir;

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).expect("a file").mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a new mode");
}

fn line<T: std::fmt::Debug>(refused: anyhow::Result<T>) -> String {
    let line = format!("{:#}", refused.expect_err("a refusal"));
    assert_eq!(line.lines().count(), 1, "{line}");
    line
}

#[test]
fn a_secret_comes_back_and_only_we_can_read_it() {
    let folder = folder();
    let path = folder.path().join("secret");
    assert_eq!(private_file::read(&path).expect("no file"), None);
    for secret in ["first", "second"] {
        private_file::write(&path, secret).expect("written");
        assert_eq!(private_file::read(&path).expect("read").as_deref(), Some(secret));
        assert_eq!(mode(&path), 0o600);
    }
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
}

#[test]
fn a_planted_link_is_neither_read_nor_written_through() {
    let folder = folder();
    let target = folder.path().join("target");
    let path = folder.path().join("secret");
    private_file::write(&target, "theirs").expect("written");
    symlink(&target, &path).expect("a link");
    assert!(line(private_file::read(&path)).contains("symbolic link"));
    private_file::write(&path, "ours").expect("written");
    assert_eq!(fs::read(&target).expect("read"), b"theirs");
    assert_eq!(private_file::read(&path).expect("read").as_deref(), Some("ours"));
}

#[test]
fn a_file_open_to_others_is_no_secret() {
    let folder = folder();
    let path = folder.path().join("secret");
    private_file::write(&path, "seen").expect("written");
    for mode in [0o640, 0o604, 0o620, 0o601] {
        set_mode(&path, mode);
        let line = line(private_file::read(&path));
        assert!(line.contains("chmod 600"), "{line}");
    }
    assert!(line(private_file::read(folder.path())).contains("not a regular file"));
}

#[test]
fn a_folder_is_made_private_or_adopted() {
    let wanted = if geteuid().is_root() { 0o711 } else { 0o700 };
    let folder = folder();
    let new = folder.path().join("a/b");
    let same = private_file::folder(&new).expect("a folder");
    assert_eq!(mode(&same), wanted);
    assert_eq!(private_file::folder(&new).expect("the same again"), same);

    set_mode(&new, 0o755);
    private_file::folder(&new).expect("empty, so made private");
    assert_eq!(mode(&new), wanted);

    let link = folder.path().join("link");
    symlink(&new, &link).expect("a link");
    assert_eq!(private_file::folder(&link).expect("a link of our own"), same);
}

#[test]
fn a_folder_that_others_may_have_used_is_refused() {
    let folder = folder();
    let path = folder.path().join("data");
    fs::create_dir(&path).expect("a folder");
    for mode in [0o770, 0o707, 0o1777] {
        set_mode(&path, mode);
        assert!(line(private_file::folder(&path)).contains("chmod go-w"));
    }
    fs::write(path.join("file"), "").expect("written");
    set_mode(&path, 0o755);
    assert!(line(private_file::folder(&path)).contains("holds files already"));
    assert_eq!(mode(&path), 0o755);

    assert!(line(private_file::folder(&path.join("file"))).contains("cannot use the folder"));
}

#[test]
fn as_root_what_another_account_has_planted_is_refused() {
    if !geteuid().is_root() {
        return;
    }
    let folder = folder();
    let [path, link] = ["data", "link"].map(|name| folder.path().join(name));
    fs::create_dir(&path).expect("a folder");
    symlink(&path, &link).expect("a link");
    std::os::unix::fs::lchown(&link, Some(12345), None).expect("theirs");
    assert!(line(private_file::folder(&link)).contains("another account made"));
    assert!(line(private_file::folder(&link.join("below"))).contains("another account made"));

    let secret = path.join("secret");
    private_file::write(&secret, "x").expect("written");
    std::os::unix::fs::chown(&secret, Some(12345), None).expect("theirs");
    assert!(line(private_file::read(&secret)).contains("belongs to another account"));

    std::os::unix::fs::chown(&path, Some(12345), None).expect("theirs");
    assert!(line(private_file::folder(&path)).contains("belongs to another account"));
    assert!(line(private_file::write(&secret, "y")).contains("belongs to another account"));
}
