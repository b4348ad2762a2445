use std::{
    ffi::OsString,
    fs,
    os::unix::ffi::OsStringExt as _,
    path::{Path, PathBuf},
};

use dna_api::settings::{SettingError, Settings, Vars};
use secrecy::ExposeSecret as _;
use tempfile::TempDir;

use super::{DATABASE, KEY, accepted, refused};

/// A folder with one file in it.
fn file(content: impl AsRef<[u8]>) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("file");
    fs::write(&path, content).expect("a file");
    (folder, path)
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

fn layered(environment: &[(&str, &[u8])], dotenv: &Path) -> Result<Settings, SettingError> {
    let environment =
        environment.iter().map(|(name, value)| (OsString::from(name), OsString::from_vec(value.to_vec())));
    Settings::read(&Vars::layered(environment, dotenv)?)
}

/// The line with which a `.env` of this content is refused.
fn refused_dotenv(content: impl AsRef<[u8]>) -> String {
    let (_folder, path) = file(content);
    layered(&[], &path).expect_err("a refusal").to_string()
}

#[test]
fn a_secret_can_come_from_a_file() {
    for end in ["", "\n", "\r\n"] {
        let (_folder, key) = file(format!("{KEY}{end}"));
        let (_other, url) = file(format!("{}{end}", DATABASE.1));
        let settings = accepted(&[
            ("DATABASE_URL_FILE", text(&url)),
            ("DNA_MIGRATE_DATABASE_URL_FILE", text(&url)),
            ("DNA_MASTER_KEY_FILE", text(&key)),
            ("DNA_MASTER_KEY", ""),
        ]);
        assert_eq!(settings.database.expect("a URL").expose_secret(), DATABASE.1);
        assert_eq!(settings.migrate_database.expect("a URL").expose_secret(), DATABASE.1);
        assert!(settings.master_key.is_some());
    }
}

#[test]
fn a_secret_s_file_that_cannot_be_used_is_refused_without_its_path_or_content() {
    let (_folder, wrong) = file("hunter2\n");
    let (_other, empty) = file(" \n");
    let (binary_folder, binary) = file([0xff, 0xfe]);
    let missing = binary_folder.path().join("missing");
    for (path, line) in [
        (&wrong, "DNA_MASTER_KEY must be 32 bytes in base64, as `openssl rand -base64 32` prints"),
        (&empty, "DNA_MASTER_KEY_FILE must name a file that holds DNA_MASTER_KEY: it is empty"),
        (&binary, "DNA_MASTER_KEY_FILE must name a file that holds DNA_MASTER_KEY: stream did not contain valid UTF-8"),
        (
            &missing,
            "DNA_MASTER_KEY_FILE must name a file that holds DNA_MASTER_KEY: No such file or directory (os error 2)",
        ),
    ] {
        assert_eq!(refused(&[("DNA_MASTER_KEY_FILE", text(path))]), line);
    }
}

#[test]
fn a_secret_given_twice_is_refused() {
    for name in ["DATABASE_URL", "DNA_MIGRATE_DATABASE_URL", "DNA_MASTER_KEY"] {
        let twice = [(name, "x"), (&format!("{name}_FILE"), "/nowhere")];
        assert_eq!(refused(&twice), format!("{name} and {name}_FILE are both set: unset one of them"));
    }
}

#[test]
fn the_environment_wins_over_the_file_even_when_empty() {
    let (_folder, path) = file(
        "# a comment\n\nexport DNA_LOG=debug\nDNA_LOG_FORMAT='json'\nDNA_DB_MAX_CONNECTIONS=20 # in all\nDNA_MIGRATE=off ",
    );
    let settings = layered(&[("DNA_LOG", b"warn"), ("DNA_LOG_FORMAT", b"")], &path).expect("accepted");
    assert_eq!(settings.log, "warn");
    assert_eq!(settings.log_format, dna_api::settings::LogFormat::Text);
    assert_eq!(settings.db_max_connections, 20);
    assert!(!settings.migrate);
}

#[test]
fn a_missing_file_is_fine_and_an_unreadable_one_is_not() {
    let folder = tempfile::tempdir().expect("a folder");
    assert!(layered(&[], &folder.path().join(".env")).is_ok());
    let line = layered(&[], folder.path()).expect_err("a folder is no file").to_string();
    assert_eq!(line, ".env cannot be read: Is a directory (os error 21)");
    assert_eq!(refused_dotenv([0xff, b'\n']), ".env cannot be read: stream did not contain valid UTF-8");
}

#[test]
fn a_broken_entry_of_the_file_is_named_by_its_line_alone() {
    let line = |n| {
        format!(
            ".env line {n} must be NAME=value, the value in single quotes if it holds white space, a quote, #, $ or \\"
        )
    };
    for (content, number) in [
        ("hunter2", 1),
        ("\u{feff}hunter2", 1),
        ("# fine\n\nDNA_LOG=info\nhunter2\nDNA_MIGRATE=on\n", 4),
        ("DNA_LOG=info\r\nDNA_MASTER_KEY=hunter 2\r\n", 2),
        ("A='of\ntwo lines'\nDNA_MASTER_KEY='hunter2\nDNA_LOG=info\n", 3),
    ] {
        assert_eq!(refused_dotenv(content), line(number), "{content:?}");
    }
}

#[test]
fn an_unknown_setting_in_the_file_is_refused_like_any() {
    assert_eq!(
        refused_dotenv("OTHER=1\nDNA_LISTNE=127.0.0.1:80\n"),
        "DNA_LISTNE is not a setting: did you mean DNA_LISTEN?"
    );
    let (_folder, path) = file("\u{feff}DNA_LOG=trace\nDNA_LOG=debug\n");
    assert_eq!(layered(&[], &path).expect("accepted").log, "debug");
}

#[test]
fn only_a_setting_has_to_be_utf8() {
    let nowhere = Path::new("/nowhere/.env");
    for name in ["DATABASE_URL", "DNA_MASTER_KEY_FILE", "DNA_NO_SUCH"] {
        let line = layered(&[(name, b"\xff")], nowhere).expect_err(name).to_string();
        assert_eq!(line, format!("{name} must be UTF-8"));
    }
    let foreign: &[(&str, &[u8])] = &[("LESSOPEN", b"\xff"), ("DNA_DEMO_X", b"\xff")];
    assert!(layered(foreign, nowhere).is_ok());
}

#[test]
fn the_process_s_own_environment_can_be_read() {
    assert!(Vars::from_process().is_ok());
}
