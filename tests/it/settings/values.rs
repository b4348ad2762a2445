use std::{path::Path, time::Duration};

use dna_api::settings::{Listen, LogFormat, MasterKey, NotAMasterKey, connect_options};
use secrecy::ExposeSecret as _;

use super::{DATABASE, KEY, accepted, read};

#[test]
fn switches_take_eight_words_in_any_case() {
    for (on, off) in [("on", "off"), ("True", "FALSE"), ("YES", "No"), ("1", "0")] {
        for (word, meaning) in [(on, true), (off, false)] {
            let settings =
                accepted(&[("DNA_MIGRATE", word), ("DNA_DOCUMENTED_GET", word), ("DNA_EMBEDDED_PUBLIC", word)]);
            assert_eq!(accepted(&[("DNA_LOGIN_THROTTLE", word)]).login_throttle, meaning, "{word}");
            assert_eq!(settings.migrate, meaning, "{word}");
            assert_eq!(settings.documented_get, meaning, "{word}");
            assert_eq!(settings.embedded_public, meaning, "{word}");
        }
    }
}

#[test]
fn numbers_reach_to_their_bounds() {
    let settings = accepted(&[("DNA_ACCESS_TOKEN_TTL", "60"), ("DNA_REFRESH_TOKEN_TTL", "60")]);
    assert_eq!(settings.access_token_ttl, settings.refresh_token_ttl);
    let settings = accepted(&[("DNA_ACCESS_TOKEN_TTL", "86400"), ("DNA_REFRESH_TOKEN_TTL", "31536000")]);
    assert_eq!(settings.refresh_token_ttl, Duration::from_hours(365 * 24));
    for (text, seconds) in [("0", 0), ("600", 600)] {
        assert_eq!(accepted(&[("DNA_REFRESH_GRACE", text)]).refresh_grace, Duration::from_secs(seconds));
    }
    for (text, number) in [("2", 2), ("1000", 1000)] {
        assert_eq!(accepted(&[("DNA_DB_MAX_CONNECTIONS", text)]).db_max_connections, number);
    }
    for (text, number) in [("0", 0), ("1", 1), ("1000000", 1_000_000)] {
        assert_eq!(accepted(&[("DNA_RATE_LIMIT", text)]).rate_limit, number);
    }
    for (text, bits) in [("2048", 2048), (" 4096 ", 4096)] {
        assert_eq!(accepted(&[("DNA_SIGNING_KEY_BITS", text)]).signing_key_bits, bits);
    }
    for (text, status) in [("400", 400), ("406", 406)] {
        assert_eq!(accepted(&[("DNA_VALIDATION_STATUS", text)]).validation_status, status);
    }
}

#[test]
fn the_server_listens_on_an_address_or_a_unix_socket() {
    for (text, local, wildcard) in [
        ("127.0.0.1:0", true, false),
        ("127.9.9.9:80", true, false),
        ("[::1]:8080", true, false),
        ("[::ffff:127.0.0.1]:8080", true, false),
        ("unix:/run/dna-api.sock", true, false),
        ("10.0.0.1:8080", false, false),
        ("0.0.0.0:8080", false, true),
        ("[::]:8080", false, true),
        ("[::ffff:0.0.0.0]:8080", false, true),
    ] {
        let listen = accepted(&[("DNA_LISTEN", text)]).listen;
        assert_eq!((listen.is_local(), listen.is_wildcard()), (local, wildcard), "{text}");
    }
}

#[test]
fn the_public_url_is_the_one_set_or_the_address_that_is_bound() {
    let bound = Listen::Tcp(([127, 0, 0, 1], 41234).into());
    let unset = accepted(&[("DNA_LISTEN", "127.0.0.1:0")]);
    assert_eq!(unset.public_url(&bound).as_deref(), Ok("http://127.0.0.1:41234"));
    let six = accepted(&[("DNA_LISTEN", "[::1]:8080")]);
    assert_eq!(six.public_url(&six.listen).as_deref(), Ok("http://[::1]:8080"));
    for (text, url) in [
        ("https://api.example.com", "https://api.example.com"),
        ("https://api.example.com/", "https://api.example.com"),
        ("http://10.0.0.1:8080/dna/v1//", "http://10.0.0.1:8080/dna/v1"),
        ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
        ("https://localhost:65535/a-b_c.d~e", "https://localhost:65535/a-b_c.d~e"),
    ] {
        for listen in ["127.0.0.1:8080", "unix:/run/dna.sock"] {
            let set = accepted(&[("DNA_PUBLIC_URL", text), ("DNA_LISTEN", listen)]);
            assert_eq!(set.public_url.as_deref(), Some(url));
            assert_eq!(set.public_url(&bound).as_deref(), Ok(url));
            assert_eq!(set.check_serving(), Ok(()));
        }
    }
}

#[test]
fn relative_folders_are_made_absolute() {
    let settings = accepted(&[("DNA_DATA_DIR", "data"), ("DNA_POSTGRES_BIN", "./bin")]);
    let here = std::env::current_dir().expect("a working directory");
    assert_eq!(settings.data_dir, here.join("data"));
    assert_eq!(settings.postgres_bin.as_deref(), Some(here.join("bin").as_path()));
    assert_eq!(accepted(&[("DNA_DATA_DIR", "/srv/dna")]).data_dir, Path::new("/srv/dna"));
}

#[test]
fn a_master_key_is_taken_in_either_base64_alphabet_padded_or_not() {
    let expected = *MasterKey::from_base64(KEY).expect("the standard form").as_bytes();
    assert_eq!((expected[0], expected[2], expected[31]), (0xfb, 0xff, 0x1c));
    let url_safe = KEY.replace('+', "-").replace('/', "_");
    for text in [KEY, &url_safe, KEY.trim_end_matches('='), url_safe.trim_end_matches('=')] {
        let settings = accepted(&[DATABASE, ("DNA_MASTER_KEY", text)]);
        let key = settings.master_key.as_ref().expect("a key");
        assert_eq!(*key.as_bytes(), expected, "{text}");
        assert!(format!("{settings:?}").contains("MasterKey([REDACTED])"));
    }
    for bytes in [31, 33, 34, 64, 1000] {
        assert_eq!(MasterKey::from_base64(&"AAAA".repeat(bytes)).map(drop), Err(NotAMasterKey));
    }
}

#[test]
fn database_urls_of_hosts_and_sockets_are_taken_as_they_are() {
    for url in [
        "postgres://u:p%40ss@db.example:6432/dna?sslmode=require",
        "postgresql://u@[::1]/dna",
        "postgres://u@localhost/dna?host=/var/run/postgresql",
        "postgres://u@%2Fvar%2Frun%2Fpostgresql/dna",
    ] {
        let key = ("DNA_MASTER_KEY", KEY);
        let settings = accepted(&[("DATABASE_URL", url), ("DNA_MIGRATE_DATABASE_URL", url), key]);
        for kept in [settings.database, settings.migrate_database] {
            let kept = kept.expect("a URL");
            assert_eq!(kept.expose_secret(), url);
            let database = connect_options(&kept).expect("options").get_database().map(str::to_owned);
            assert_eq!(database.as_deref(), Some("dna"));
        }
    }
}

#[test]
fn suffixes_are_lower_case_labels() {
    for (text, suffix) in [
        (".com", ".com"),
        (".Dna-1.Example", ".dna-1.example"),
        (".a", ".a"),
        (".a234567890123456789.1bc", ".a234567890123456789.1bc"),
    ] {
        assert_eq!(accepted(&[("DNA_NS_DOMAIN_SUFFIX", text)]).ns_domain_suffix, suffix);
    }
}

#[test]
fn proxies_are_networks_and_addresses() {
    let settings = accepted(&[("DNA_TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.1  ::1,\nfd00::/8,")]);
    let texts: Vec<String> = settings.trusted_proxies.iter().map(ToString::to_string).collect();
    assert_eq!(texts, ["10.0.0.0/8", "192.0.2.1/32", "::1/128", "fd00::/8"]);
}

#[test]
fn the_log_takes_levels_and_levels_by_module() {
    for (text, log) in [
        ("debug", "debug"),
        ("OFF", "OFF"),
        ("info,sqlx=warn", "info,sqlx=warn"),
        ("warn, dna_api::http=debug", "warn,dna_api::http=debug"),
        ("info,[request{id}]=trace", "info,[request{id}]=trace"),
    ] {
        assert_eq!(accepted(&[("DNA_LOG", text)]).log, log);
    }
    assert_eq!(accepted(&[("DNA_LOG_FORMAT", "JSON")]).log_format, LogFormat::Json);
}

#[test]
fn what_is_not_for_this_server_is_left_alone() {
    assert!(
        read(&[
            ("PATH", "/bin"),
            ("DNA", "x"),
            ("DNA_DEMO_CLIENT_ID", "7"),
            ("DNA_API_SERVICE_HOST", "10.0.0.1"),
            ("DNA_API_PORT", "tcp://10.0.0.1:80"),
        ])
        .is_ok()
    );
}
