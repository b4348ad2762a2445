use super::{DATABASE, KEY, accepted, refused};

const COLLECTOR: &str = "an http:// URL such as http://127.0.0.1:4318, without a user, a query or a fragment: a collector near by sends on by https";
const SWITCH: &str = "on, off, true, false, yes, no, 1 or 0";
const POSTGRES: &str =
    "postgres://user:password@host:port/database, or postgres://user@localhost/database?host=/folder for a Unix socket";
const NOT_POSTGRES: &[&str] = &[
    "postgres",
    "db.example/dna",
    "mysql://u@h/db",
    "POSTGRES://u@h/db",
    "postgres://",
    "postgres:///db",
    "postgres://?host=/run",
    "postgres://:5432/db",
    "postgres://u@/db",
    "postgres://u:p@:5432/db",
    "postgres://u@h:99999/db",
    "postgres://u@h/db?sslmode=perhaps",
    "postgres://u@h/db?port=x",
];

/// A setting, what it takes, and values that are refused.
const WRONG: &[(&str, &str, &[&str])] = &[
    ("DATABASE_URL", POSTGRES, NOT_POSTGRES),
    ("DNA_MIGRATE_DATABASE_URL", POSTGRES, NOT_POSTGRES),
    ("DNA_MIGRATE", SWITCH, &["2", "enabled", "o n"]),
    (
        "DNA_LISTEN",
        "an address and port such as 127.0.0.1:8080 or [::1]:8080, or unix:/path",
        &[
            "8080",
            ":8080",
            "localhost:8080",
            "127.0.0.1",
            "::1:8080",
            "127.0.0.1:65536",
            "unix:",
            "unix:a.sock",
            "unix:/a\0b",
        ],
    ),
    (
        "DNA_PUBLIC_URL",
        "an http:// or https:// URL such as https://api.example.com: a host, at most a port and a path of letters, digits and -._~/, and no user, query or fragment",
        &[
            "api.example.com",
            "ftp://a.example",
            "https://",
            "https:///path",
            "https://a.example?x=1",
            "https://a.example/#top",
            "https://u@a.example",
            "https://u:p@a.example",
            "https://a.example:0",
            "https://a.example:",
            "https://a.example:65536",
            "https://a.example:080",
            "https://a..example",
            "https://a.example/<x>",
            "https://a.example/\u{e9}",
            "https://a.example/%7e",
            "https://[::1",
            "HTTPS://a.example",
        ],
    ),
    (
        "DNA_MASTER_KEY",
        "32 bytes in base64, as `openssl rand -base64 32` prints",
        &[
            "short",
            "+//AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxw=",
            "++//AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd",
            "+-/_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxw=",
        ],
    ),
    (
        "DNA_ACCESS_TOKEN_TTL",
        "a whole number of seconds from 60 to 86400 (a day)",
        &["59", "86401", "20m", "-60", "1e3"],
    ),
    (
        "DNA_REFRESH_TOKEN_TTL",
        "a whole number of seconds from 60 to 31536000 (365 days)",
        &["0", "31536001", "99999999999999999999"],
    ),
    ("DNA_REFRESH_GRACE", "a whole number of seconds from 0 to 600", &["-1", "601", "1m"]),
    ("DNA_SIGNING_KEY_BITS", "2048, 3072 or 4096", &["1024", "2056", "8192", "RSA"]),
    ("DNA_DOCUMENTED_GET", SWITCH, &["never"]),
    ("DNA_VALIDATION_STATUS", "422, 400 or 406", &["200", "409", "4xx"]),
    (
        "DNA_NS_DOMAIN_SUFFIX",
        "a dot, a letter, then letters, digits, hyphens and dots as in a domain name, 24 characters at most",
        &["com", ".", ".1com", ".-a", ".a-", ".a-.b", ".a..b", ".a.", ".a_b", ".\u{e9}", ".a2345678901234567890.bcd"],
    ),
    (
        "DNA_TRUSTED_PROXIES",
        "addresses or CIDRs between commas or spaces, such as 10.0.0.0/8, ::1",
        &["10.0.0.0/33", "proxy.example", "10.0.0.1;10.0.0.2"],
    ),
    ("DNA_RATE_LIMIT", "a whole number from 0 to 1000000", &["-1", "1000001", "none"]),
    ("DNA_LOGIN_THROTTLE", SWITCH, &["sometimes"]),
    ("DNA_DB_MAX_CONNECTIONS", "a whole number from 2 to 1000", &["1", "1001", "many"]),
    (
        "DNA_LOG",
        "error, warn, info, debug, trace or off, or such levels by module as in info,sqlx=warn",
        &["inof", "dna_api", "sqlx=loud", "info,[unclosed"],
    ),
    ("DNA_LOG_FORMAT", "text or json", &["xml"]),
    (
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        COLLECTOR,
        &["https://collector:4318", "collector:4318", "http://", "http://a:b@collector", "http://c?a", "http://c#a"],
    ),
    ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", COLLECTOR, &["/v1/traces"]),
    (
        "OTEL_EXPORTER_OTLP_HEADERS",
        "name=value pairs between commas, the values percent-encoded",
        &["secret", "a b=c", "=c", "a=%0a", "a=%ff"],
    ),
    (
        "OTEL_RESOURCE_ATTRIBUTES",
        "name=value pairs between commas, the values percent-encoded",
        &["service.instance.id", "=a", "a=b,c"],
    ),
    (
        "OTEL_TRACES_SAMPLER",
        "always_on, always_off, traceidratio, parentbased_always_on, parentbased_always_off or parentbased_traceidratio",
        &["on", "jaeger_remote", "parentbased_", "parentbased_parentbased_always_on"],
    ),
    ("OTEL_TRACES_SAMPLER_ARG", "a number from 0 to 1", &["-0.1", "1.1", "NaN", "half"]),
    ("DNA_EMBEDDED_PUBLIC", SWITCH, &["maybe"]),
];

#[test]
fn a_wrong_value_is_named_with_what_is_accepted() {
    for (name, takes, values) in WRONG {
        for value in *values {
            assert_eq!(refused(&[(name, value)]), format!("{name} must be {takes}"), "{value:?}");
        }
    }
}

#[test]
fn a_unix_socket_s_path_fits_the_system() {
    let longest = format!("unix:/{}", "a".repeat(100));
    accepted(&[("DNA_LISTEN", &longest)]);
    let longer = format!("unix:/{}", "a".repeat(108));
    assert!(refused(&[("DNA_LISTEN", &longer)]).starts_with("DNA_LISTEN must be "));
}

#[test]
fn an_unknown_setting_is_named_with_the_one_it_resembles() {
    for (name, meant) in [
        ("DNA_LISTN", Some("DNA_LISTEN")),
        ("DNA_MASTERKEY", Some("DNA_MASTER_KEY")),
        ("DNA_DATABASE_URL", None),
        ("DNA_PORT", None),
        ("DNA_DB_MAX", Some("DNA_DB_MAX_CONNECTIONS")),
        ("DNA_LOG_LEVELS", Some("DNA_LOG")),
        ("DNA_LISTEN_FILE", Some("DNA_LISTEN")),
        ("DNA_TELEMETRY_PORT", None),
        ("DNA_", None),
        ("DNA_X\nY", None),
    ] {
        let advice = meant
            .map_or_else(|| "`dna-api --help` lists them all".to_owned(), |known| format!("did you mean {known}?"));
        let line = format!("{} is not a setting: {advice}", name.escape_debug());
        assert_eq!(refused(&[(name, "")]), line);
    }
}

#[test]
fn settings_at_odds_with_each_other_are_refused() {
    let key = ("DNA_MASTER_KEY", KEY);
    for (pairs, line) in [
        (
            &[DATABASE] as &[(&str, &str)],
            "DNA_MASTER_KEY must be set with DATABASE_URL: make one with `openssl rand -base64 32`, and keep it as long as the database",
        ),
        (
            &[("DNA_MIGRATE_DATABASE_URL", DATABASE.1), key],
            "DNA_MIGRATE_DATABASE_URL needs DATABASE_URL: set both or neither",
        ),
        (
            &[("DNA_ACCESS_TOKEN_TTL", "120"), ("DNA_REFRESH_TOKEN_TTL", "119")],
            "DNA_REFRESH_TOKEN_TTL must be at least DNA_ACCESS_TOKEN_TTL",
        ),
    ] {
        assert_eq!(refused(pairs), line);
    }
}

#[test]
fn only_a_server_is_refused_over_where_it_listens() {
    const NO_URL: &str = "DNA_PUBLIC_URL must be set when DNA_LISTEN is a Unix socket or a wildcard address: the URL that partners use, such as https://api.example.com";
    const EMBEDDED: &str = "DNA_LISTEN must be a loopback address or a Unix socket with the embedded database: set DATABASE_URL, or DNA_EMBEDDED_PUBLIC=yes to serve it to the network all the same";
    let key = ("DNA_MASTER_KEY", KEY);
    let public = ("DNA_EMBEDDED_PUBLIC", "yes");
    for (pairs, line) in [
        (&[("DNA_LISTEN", "unix:/run/dna.sock")] as &[(&str, &str)], NO_URL),
        (&[("DNA_LISTEN", "0.0.0.0:80"), DATABASE, key], NO_URL),
        (&[("DNA_LISTEN", "[::]:80"), public], NO_URL),
        (&[("DNA_LISTEN", "0.0.0.0:80")], EMBEDDED),
        (&[("DNA_LISTEN", "192.0.2.1:80")], EMBEDDED),
    ] {
        accepted(pairs);
        assert_eq!(refused(pairs), line, "{pairs:?}");
    }
    for pairs in [
        &[("DNA_LISTEN", "192.0.2.1:80"), public] as &[(&str, &str)],
        &[("DNA_LISTEN", "192.0.2.1:80"), DATABASE, key],
        &[("DNA_LISTEN", "0.0.0.0:80"), DATABASE, key, ("DNA_PUBLIC_URL", "https://a.example")],
    ] {
        assert_eq!(accepted(pairs).check_serving(), Ok(()), "{pairs:?}");
    }
}
