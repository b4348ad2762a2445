//! What is in `deploy/` beside the proxies: the units of systemd, the image, the environment.

use std::{
    collections::BTreeSet,
    fs,
    path::PathBuf,
    process::{Command, Output},
};

use dna_api::settings::{LogFormat, Settings, Vars};

use crate::support::program::{Folder, run};

#[test]
#[ignore = "needs systemd-analyze"]
fn the_service_of_systemd_is_hardened_to_an_exposure_of_2_at_most() {
    let output =
        systemd_analyze(&["security", "--offline=yes", "--threshold=20"], &[shipped("systemd/dna-api.service")]);
    assert!(output.status.success(), "{}", text(&output));
}

#[test]
#[ignore = "needs systemd-analyze"]
fn systemd_has_nothing_to_say_against_the_units() {
    let folder = Folder::new();
    let service = fs::read_to_string(shipped("systemd/dna-api.service")).expect("the service");
    let elsewhere = folder.path().join("dna-api.service");
    fs::write(&elsewhere, service.replace("/usr/local/bin/dna-api", env!("CARGO_BIN_EXE_dna-api"))).expect("written");
    let socket = folder.path().join("dna-api.socket");
    fs::copy(shipped("systemd/dna-api.socket"), &socket).expect("copied");
    let output = systemd_analyze(&["verify", "--recursive-errors=no"], &[elsewhere, socket]);
    assert!(output.status.success() && output.stderr.is_empty(), "{}", text(&output));
}

#[test]
#[ignore = "needs hadolint"]
fn the_dockerfile_is_without_a_finding() {
    let hadolint = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(".ci/venv/bin/hadolint");
    let output = Command::new(hadolint).arg(shipped("docker/Dockerfile")).output().expect("hadolint of .ci/packages");
    assert!(output.status.success(), "{}", text(&output));
}

#[test]
fn all_that_the_program_is_built_from_is_sent_to_the_image() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let ignored = fs::read_to_string(shipped("docker/Dockerfile.dockerignore")).expect("the list");
    let sent: BTreeSet<&str> = ignored.lines().filter_map(|line| line.strip_prefix('!')).collect();
    let mut folders = vec![root.join("src")];
    let mut embedded = 0;
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let Ok(source) = fs::read_to_string(&path) else { continue };
            for named in source.split('"').filter(|part| part.starts_with("../")) {
                let file = folder.join(named.split("{}").next().unwrap_or(named));
                let top = normalised(&file).strip_prefix(&root).expect("a path of the project").to_path_buf();
                let top = top.components().next().expect("a name").as_os_str().to_string_lossy().into_owned();
                assert!(sent.contains(top.as_str()), "{}: {named} is not sent", path.display());
                embedded += 1;
            }
        }
    }
    assert!(embedded >= 10, "only {embedded} were found");
    for needed in ["Cargo.toml", "Cargo.lock", "src", "migrations", ".sqlx"] {
        assert!(sent.contains(needed), "{needed}");
    }
}

#[test]
fn the_settings_of_the_examples_are_settings() {
    let help = run(&Folder::new(), &[], &["--help"]);
    let help = String::from_utf8(help.stdout).expect("text");
    let mut seen = 0;
    for file in ["dna-api.env", "systemd/dna-api.service", "docker/Dockerfile"] {
        for line in fs::read_to_string(shipped(file)).expect(file).lines() {
            let line = line.trim_start_matches("# ").trim_start_matches("ENV ").trim_start();
            let line = line.strip_prefix("Environment=").unwrap_or(line);
            let Some((name, _)) = line.split_once('=') else { continue };
            if name.starts_with("DNA_") || name.starts_with("DATABASE_URL") {
                let name = name.strip_suffix("_FILE").unwrap_or(name);
                assert!(help.contains(name), "{file}: {name}");
                seen += 1;
            }
        }
    }
    assert!(seen >= 9, "only {seen} were found");
}

#[test]
fn the_service_of_systemd_reads_its_settings_from_a_dotenv_so_that_a_reload_finds_what_was_changed() {
    let service = fs::read_to_string(shipped("systemd/dna-api.service")).expect("the service");
    assert!(
        service.contains("\nWorkingDirectory=/etc/dna-api\n") && !service.contains("EnvironmentFile="),
        "{service}"
    );
    let environment = [
        ("DATABASE_URL", "postgres://dna@localhost/dna"),
        ("DNA_MASTER_KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="),
    ];
    let environment = environment.map(|(name, value)| (name.into(), value.into()));
    let vars = Vars::layered(environment, &shipped("dna-api.env")).expect("a .env");
    let settings = Settings::read(&vars).expect("settings");
    assert_eq!((settings.log_format, settings.migrate), (LogFormat::Json, false));
}

fn shipped(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("deploy").join(file)
}

fn systemd_analyze(arguments: &[&str], files: &[PathBuf]) -> Output {
    Command::new("systemd-analyze").args(arguments).args(files).output().expect("systemd-analyze")
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// The path without its `..`, whether it exists or not.
fn normalised(path: &std::path::Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        if part == std::path::Component::ParentDir {
            plain.pop();
        } else {
            plain.push(part);
        }
    }
    plain
}
