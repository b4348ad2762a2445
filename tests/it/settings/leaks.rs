use std::sync::Arc;

use dna_api::settings::{SETTINGS, Settings, Vars};
use proptest::prelude::*;

use super::{KEY, accepted};

/// Stands in every value, so that any part of a value in a message would show.
const MARK: &str = "hunter2";

/// Values of every kind, near enough to a right one to get past the first checks.
fn value() -> impl Strategy<Value = String> {
    let before = prop_oneof![
        Just(String::new()),
        Just("postgres://u:".to_owned()),
        Just("postgres://u@h/db?sslmode=".to_owned()),
        Just("postgres://u@h/db?passwrod=".to_owned()),
        Just("https://a.example/".to_owned()),
        Just("unix:/".to_owned()),
        Just("info,".to_owned()),
        Just("[".to_owned()),
        Just(".".to_owned()),
        Just(KEY.to_owned()),
        any::<String>(),
    ];
    let after = prop_oneof![
        Just(String::new()),
        Just("@h/db".to_owned()),
        Just("=info".to_owned()),
        Just("{a=\"(\"}]=info".to_owned()),
        any::<String>(),
    ];
    (before, after).prop_map(|(before, after)| format!("{before}{MARK}{after}"))
}

fn name() -> impl Strategy<Value = String> {
    (0..SETTINGS.len(), any::<bool>()).prop_map(|(n, file)| {
        let end = if file && SETTINGS[n].secret { "_FILE" } else { "" };
        format!("{}{end}", SETTINGS[n].name)
    })
}

fn check(vars: &Vars) -> Result<(), TestCaseError> {
    let result = Settings::read(vars).and_then(|settings| {
        let keys = (&settings.master_key, &settings.new_master_key);
        let secrets = format!("{:?} {:?} {keys:?}", settings.database, settings.migrate_database);
        assert!(!secrets.contains(MARK), "{secrets}");
        settings.check_serving()
    });
    if let Err(error) = result {
        let line = error.to_string();
        prop_assert!(!line.contains(MARK), "{}", line);
        let debug = format!("{error:?}");
        prop_assert!(!debug.contains(MARK), "{}", debug);
        prop_assert!(!line.contains(char::is_control), "{:?}", line);
    }
    Ok(())
}

#[test]
fn a_misspelt_parameter_of_a_database_url_is_not_logged() {
    let log = tempfile::NamedTempFile::new().expect("a file");
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(Arc::new(log.reopen().expect("the file")))
        .finish();
    let url = format!("postgres://u@h/db?passwrod={MARK}");
    tracing::subscriber::with_default(subscriber, || {
        accepted(&[("DATABASE_URL", &url), ("DNA_MASTER_KEY", KEY)]);
        tracing::info!("the log is kept");
    });
    let log = std::fs::read_to_string(log.path()).expect("a log");
    assert!(log.contains("the log is kept") && !log.contains(MARK), "{log}");
}

proptest! {
    #[test]
    fn no_value_panics_or_is_repeated(pairs in prop::collection::vec((name(), value()), 1..4)) {
        let vars = Vars::from_pairs(pairs);
        let debug = format!("{vars:?}");
        prop_assert!(!debug.contains(MARK), "{}", debug);
        check(&vars)?;
    }

    #[test]
    fn no_name_panics_or_breaks_the_line(name in any::<String>(), value in value()) {
        check(&Vars::from_pairs([(format!("DNA_{name}"), value)]))?;
    }

    #[test]
    fn no_value_without_the_mark_panics((name, value) in (name(), any::<String>())) {
        let _ = Settings::read(&Vars::from_pairs([(name, value)])).map(|s| s.check_serving());
    }

    #[test]
    fn no_env_file_panics_or_is_repeated(before in "(?s).{0,40}", after in "(?s).{0,40}") {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join(".env");
        std::fs::write(&path, format!("{before}\nDNA_MASTER_KEY={MARK}{after}"))?;
        match Vars::layered([], &path) {
            Ok(vars) => check(&vars)?,
            Err(error) => prop_assert!(!error.to_string().contains(MARK)),
        }
    }
}
