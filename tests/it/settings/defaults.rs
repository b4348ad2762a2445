use std::{path::Path, time::Duration};

use dna_api::settings::{Listen, LogFormat, SETTINGS, Vars, default_data_dir, help};

use super::accepted;

const EXAMPLE: &str = include_str!("../../../.env.example");

#[test]
fn with_nothing_set_the_contract_s_defaults_hold() {
    let settings = accepted(&[]);
    assert!(settings.database.is_none() && settings.migrate_database.is_none());
    assert!(settings.migrate && settings.documented_get && !settings.embedded_public);
    assert!(settings.master_key.is_none() && settings.postgres_bin.is_none());
    assert_eq!(settings.listen, Listen::Tcp(([127, 0, 0, 1], 8080).into()));
    assert_eq!(settings.public_url, None);
    assert_eq!(settings.access_token_ttl, Duration::from_mins(20));
    assert_eq!(settings.refresh_token_ttl, Duration::from_hours(30 * 24));
    assert_eq!(settings.refresh_grace, Duration::from_mins(1));
    assert_eq!(settings.signing_key_bits, 3072);
    assert_eq!(settings.validation_status, 422);
    assert_eq!(settings.ns_domain_suffix, ".com");
    assert!(settings.trusted_proxies.is_empty());
    assert_eq!(settings.rate_limit, 600);
    assert!(settings.login_throttle);
    assert_eq!(settings.db_max_connections, 16);
    assert_eq!((settings.max_connections, settings.max_requests), (None, 1024));
    assert_eq!(settings.drain, Duration::from_secs(30));
    assert_eq!(settings.log, "info");
    assert_eq!(settings.log_format, LogFormat::Text);
    assert_eq!(settings.check_serving(), Ok(()));
}

#[test]
fn an_empty_value_counts_as_unset() {
    let unset = format!("{:?}", accepted(&[]));
    for setting in SETTINGS {
        for empty in ["", " \t"] {
            assert_eq!(format!("{:?}", accepted(&[(setting.name, empty)])), unset, "{}", setting.name);
        }
    }
    assert_eq!(format!("{:?}", accepted(&[("DATABASE_URL_FILE", "")])), unset);
}

#[test]
fn the_example_file_has_every_setting_and_its_default() {
    for setting in SETTINGS {
        let line = format!("# {}={}", setting.name, setting.default.unwrap_or_default());
        assert!(EXAMPLE.lines().any(|l| l == line), "{line}");
        let file = format!("# {}_FILE=", setting.name);
        assert_eq!(EXAMPLE.lines().any(|l| l == file), setting.secret, "{file}");
    }
}

#[test]
fn the_example_file_changes_nothing_when_its_settings_are_switched_on() {
    let (settings, prose): (Vec<&str>, Vec<&str>) =
        EXAMPLE.lines().map(|line| line.strip_prefix("# ").unwrap_or(line)).partition(|line| {
            line.split_once('=').is_some_and(|(name, _)| name.chars().all(|c| c.is_ascii_uppercase() || c == '_'))
        });
    assert!(settings.len() >= SETTINGS.len() && !prose.is_empty());
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join(".env");
    std::fs::write(&file, settings.join("\n")).expect("a file");
    let vars = Vars::layered([], &file).expect("a readable file");
    let read = dna_api::settings::Settings::read(&vars).expect("accepted");
    assert_eq!(format!("{read:?}"), format!("{:?}", accepted(&[])));
}

#[test]
fn help_explains_every_setting_within_a_terminal_s_width() {
    let help = help();
    for setting in SETTINGS {
        assert!(words(&help).contains(&words(setting.takes)) && help.contains(setting.name), "{}", setting.name);
        if let Some(default) = setting.default {
            assert!(help.contains(&format!("  {}={default}\n", setting.name)));
        }
    }
    for secret in
        ["DATABASE_URL_FILE", "DNA_MIGRATE_DATABASE_URL_FILE", "DNA_MASTER_KEY_FILE", "OTEL_EXPORTER_OTLP_HEADERS_FILE"]
    {
        assert!(help.contains(secret), "{secret}");
    }
    assert!(!help.contains("DNA_LISTEN_FILE"));
    for line in help.lines() {
        assert!(line.len() <= 105, "{line}");
    }
}

#[test]
fn data_goes_to_the_account_s_own_folder_or_as_root_to_var_lib() {
    let service = "/var/lib/dna-api";
    let of = |pairs: &[(&str, &str)], root| default_data_dir(&Vars::from_pairs(pairs.iter().copied()), root);
    let home = ("HOME", "/home/ann");
    let own = if cfg!(target_os = "macos") {
        "/home/ann/Library/Application Support/dna-api"
    } else {
        "/home/ann/.local/share/dna-api"
    };
    assert_eq!(of(&[home], false), Path::new(own));
    assert_eq!(of(&[home], true), Path::new(service));
    assert_eq!(of(&[], false), Path::new(service));
    assert_eq!(of(&[("HOME", "")], false), Path::new(service));
    assert_eq!(of(&[home, ("XDG_DATA_HOME", "relative")], false), Path::new(own));
    if !cfg!(target_os = "macos") {
        assert_eq!(of(&[home, ("XDG_DATA_HOME", "/data")], false), Path::new("/data/dna-api"));
    }
}

/// The text without its line breaks.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
