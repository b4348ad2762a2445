use super::SettingError;

/// One thing that can be set.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The variable.
    pub name: &'static str,
    /// What an unset variable counts as, if that is a value.
    pub default: Option<&'static str>,
    /// Whether a file may hold the value, named by the variable `NAME_FILE`.
    pub secret: bool,
    /// What it is for, in sentences.
    pub help: &'static str,
    /// What it takes: the end of "must be" and of "takes".
    pub takes: &'static str,
}

/// Every setting, in the order of `--help`.
pub const SETTINGS: &[Setting] = &[
    DATABASE_URL,
    MIGRATE_DATABASE_URL,
    MIGRATE,
    LISTEN,
    METRICS_LISTEN,
    PUBLIC_URL,
    DATA_DIR,
    POSTGRES_BIN,
    MASTER_KEY,
    NEW_MASTER_KEY,
    ACCESS_TOKEN_TTL,
    REFRESH_TOKEN_TTL,
    REFRESH_GRACE,
    SIGNING_KEY_BITS,
    DOCUMENTED_GET,
    VALIDATION_STATUS,
    NS_DOMAIN_SUFFIX,
    TRUSTED_PROXIES,
    RATE_LIMIT,
    LOGIN_THROTTLE,
    DB_MAX_CONNECTIONS,
    MAX_CONNECTIONS,
    MAX_REQUESTS,
    DRAIN_SECONDS,
    LOG,
    LOG_FORMAT,
    OTLP_ENDPOINT,
    OTLP_TRACES_ENDPOINT,
    OTLP_HEADERS,
    SERVICE_NAME,
    RESOURCE_ATTRIBUTES,
    TRACES_SAMPLER,
    TRACES_SAMPLER_ARG,
    EMBEDDED_PUBLIC,
];

const POSTGRES_FORM: &str =
    "postgres://user:password@host:port/database, or postgres://user@localhost/database?host=/folder for a Unix socket";
const COLLECTOR_FORM: &str = "an http:// URL such as http://127.0.0.1:4318, without a user, a query or a fragment: a collector near by sends on by https";
const SWITCH_FORM: &str = "on, off, true, false, yes, no, 1 or 0";

pub(super) const DATABASE_URL: Setting = Setting::secret(
    "DATABASE_URL",
    "The Postgres to use. Unset: a private embedded Postgres in DNA_DATA_DIR, started and stopped with the server.",
    POSTGRES_FORM,
);
pub(super) const MIGRATE_DATABASE_URL: Setting = Setting::secret(
    "DNA_MIGRATE_DATABASE_URL",
    "A direct connection for migrations, as the role that owns the schema. Unset: DATABASE_URL.",
    POSTGRES_FORM,
);
pub(super) const MIGRATE: Setting = Setting::new(
    "DNA_MIGRATE",
    Some("on"),
    "Whether `serve` migrates first. Off: it refuses to start on a schema that is behind.",
    SWITCH_FORM,
);
pub(super) const LISTEN: Setting = Setting::new(
    "DNA_LISTEN",
    Some("127.0.0.1:8080"),
    "Where the server listens.",
    "an address and port such as 127.0.0.1:8080 or [::1]:8080, or unix:/path",
);
pub(super) const METRICS_LISTEN: Setting = Setting::new(
    "DNA_METRICS_LISTEN",
    None,
    "Where metrics are told, at /metrics, to whoever asks. Unset: nowhere.",
    "an address and port such as 127.0.0.1:9464, or unix:/path",
);
pub(super) const PUBLIC_URL: Setting = Setting::new(
    "DNA_PUBLIC_URL",
    None,
    "The issuer of tokens and the base of links. Unset: http:// and DNA_LISTEN. \
     Required when DNA_LISTEN is a Unix socket or a wildcard address.",
    "an http:// or https:// URL such as https://api.example.com: a host, at most a port and a path of letters, digits and -._~/, and no user, query or fragment",
);
pub(super) const DATA_DIR: Setting = Setting::new(
    "DNA_DATA_DIR",
    None,
    "The embedded database and the demo's credentials. Unset: dna-api in the account's data folder \
     ($XDG_DATA_HOME or ~/.local/share; on macOS ~/Library/Application Support); as root /var/lib/dna-api.",
    "a folder",
);
pub(super) const POSTGRES_BIN: Setting = Setting::new(
    "DNA_POSTGRES_BIN",
    None,
    "Where `initdb` and `postgres` are, for the embedded database. Unset: found.",
    "a folder",
);
pub(super) const MASTER_KEY: Setting = Setting::secret(
    "DNA_MASTER_KEY",
    "Encrypts the signing keys, which are kept in the database. Required with DATABASE_URL. \
     Unset on the embedded database: made in DNA_DATA_DIR.",
    "32 bytes in base64, as `openssl rand -base64 32` prints",
);
pub(super) const NEW_MASTER_KEY: Setting = Setting::secret(
    "DNA_NEW_MASTER_KEY",
    "What `keys change-master-key` puts in place of DNA_MASTER_KEY; nothing else reads it. \
     Unset there, the embedded database's own master.key is replaced by a new one.",
    "32 bytes in base64, as `openssl rand -base64 32` prints",
);
pub(super) const ACCESS_TOKEN_TTL: Setting = Setting::new(
    "DNA_ACCESS_TOKEN_TTL",
    Some("1200"),
    "How long an access token lives.",
    "a whole number of seconds from 60 to 86400 (a day)",
);
pub(super) const REFRESH_TOKEN_TTL: Setting = Setting::new(
    "DNA_REFRESH_TOKEN_TTL",
    Some("2592000"),
    "How long a refresh token lives, which is no less than an access token does. None outlives the 90th day of its login.",
    "a whole number of seconds from 60 to 31536000 (365 days)",
);
pub(super) const REFRESH_GRACE: Setting = Setting::new(
    "DNA_REFRESH_GRACE",
    Some("60"),
    "How long a used refresh token that comes back is taken for a lost reply, while its successor is unused. \
     0: never. Later it is taken for stolen, and all tokens of its login are revoked.",
    "a whole number of seconds from 0 to 600",
);
pub(super) const SIGNING_KEY_BITS: Setting =
    Setting::new("DNA_SIGNING_KEY_BITS", Some("3072"), "The size of new RSA signing keys.", "2048, 3072 or 4096");
pub(super) const DOCUMENTED_GET: Setting = Setting::new(
    "DNA_DOCUMENTED_GET",
    Some("on"),
    "Whether the document's GET forms, and credentials in a URL, are served.",
    SWITCH_FORM,
);
pub(super) const VALIDATION_STATUS: Setting =
    Setting::new("DNA_VALIDATION_STATUS", Some("422"), "The HTTP status of a validation error.", "422, 400 or 406");
pub(super) const NS_DOMAIN_SUFFIX: Setting = Setting::new(
    "DNA_NS_DOMAIN_SUFFIX",
    Some(".com"),
    "What the ns_domain of every new client ends in.",
    "a dot, a letter, then letters, digits, hyphens and dots as in a domain name, 24 characters at most",
);
pub(super) const TRUSTED_PROXIES: Setting = Setting::new(
    "DNA_TRUSTED_PROXIES",
    None,
    "The proxies whose X-Forwarded-For is believed. Unset: none. The peer of a Unix socket always is.",
    "addresses or CIDRs between commas or spaces, such as 10.0.0.0/8, ::1",
);
pub(super) const RATE_LIMIT: Setting = Setting::new(
    "DNA_RATE_LIMIT",
    Some("600"),
    "Requests a minute of each OAuth client, as many of them at once, and as many again for tokens; for each server. \
     0: no limit.",
    "a whole number from 0 to 1000000",
);
pub(super) const LOGIN_THROTTLE: Setting = Setting::new(
    "DNA_LOGIN_THROTTLE",
    Some("on"),
    "Whether logins are refused for a while where too many have failed. Off: for measurements alone.",
    SWITCH_FORM,
);
pub(super) const DB_MAX_CONNECTIONS: Setting = Setting::new(
    "DNA_DB_MAX_CONNECTIONS",
    Some("16"),
    "The most database connections for requests. For each core of the server four, or it does not use them all.",
    "a whole number from 2 to 1000",
);
pub(super) const MAX_CONNECTIONS: Setting = Setting::new(
    "DNA_MAX_CONNECTIONS",
    None,
    "The most connections at once: whoever comes then gets a 503. Unset: 20000, or what the limit on open files allows.",
    "a whole number from 1 to 1000000",
);
pub(super) const MAX_REQUESTS: Setting = Setting::new(
    "DNA_MAX_REQUESTS",
    Some("1024"),
    "The most requests that are worked on at once; eight times as many may wait for their bodies. Others get a 503.",
    "a whole number from 1 to 100000",
);
pub(super) const DRAIN_SECONDS: Setting = Setting::new(
    "DNA_DRAIN_SECONDS",
    Some("30"),
    "How long a server that is told to stop may take, with requests in flight and balancers that have to hear of it.",
    "a whole number of seconds from 1 to 3600",
);
pub(super) const LOG: Setting = Setting::new(
    "DNA_LOG",
    Some("info"),
    "What is logged.",
    "error, warn, info, debug, trace or off, or such levels by module as in info,sqlx=warn",
);
pub(super) const LOG_FORMAT: Setting =
    Setting::new("DNA_LOG_FORMAT", Some("text"), "How a log line is written.", "text or json");
pub(super) const OTLP_ENDPOINT: Setting = Setting::new(
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    None,
    "The OpenTelemetry collector that traces are sent to, by OTLP over HTTP, at /v1/traces. Unset: there are none.",
    COLLECTOR_FORM,
);
pub(super) const OTLP_TRACES_ENDPOINT: Setting = Setting::new(
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    None,
    "The same with its path, where that is not /v1/traces.",
    COLLECTOR_FORM,
);
pub(super) const OTLP_HEADERS: Setting = Setting::secret(
    "OTEL_EXPORTER_OTLP_HEADERS",
    "Headers that traces are sent with.",
    "name=value pairs between commas, the values percent-encoded",
);
pub(super) const SERVICE_NAME: Setting =
    Setting::new("OTEL_SERVICE_NAME", Some("dna-api"), "What this server is called in traces.", "a name");
pub(super) const RESOURCE_ATTRIBUTES: Setting = Setting::new(
    "OTEL_RESOURCE_ATTRIBUTES",
    None,
    "What else traces say of this server, such as service.instance.id=a.",
    "name=value pairs between commas, the values percent-encoded",
);
pub(super) const TRACES_SAMPLER: Setting = Setting::new(
    "OTEL_TRACES_SAMPLER",
    Some("parentbased_always_on"),
    "Which requests are traced. parentbased: as the caller says, if it says so.",
    "always_on, always_off, traceidratio, parentbased_always_on, parentbased_always_off or parentbased_traceidratio",
);
pub(super) const TRACES_SAMPLER_ARG: Setting = Setting::new(
    "OTEL_TRACES_SAMPLER_ARG",
    Some("1"),
    "How large a part of the requests a traceidratio is.",
    "a number from 0 to 1",
);
pub(super) const EMBEDDED_PUBLIC: Setting = Setting::new(
    "DNA_EMBEDDED_PUBLIC",
    Some("no"),
    "Lets the server listen on more than loopback or a Unix socket while on the embedded database.",
    SWITCH_FORM,
);

impl Setting {
    const fn new(name: &'static str, default: Option<&'static str>, help: &'static str, takes: &'static str) -> Self {
        Self { name, default, secret: false, help, takes }
    }

    const fn secret(name: &'static str, help: &'static str, takes: &'static str) -> Self {
        Self { secret: true, ..Self::new(name, None, help, takes) }
    }

    /// The variable that names a file with the value; only a secret's is read.
    pub(super) fn file_name(&self) -> String {
        format!("{}_FILE", self.name)
    }

    pub(super) fn wrong(&self) -> SettingError {
        SettingError::Wrong { name: self.name, takes: self.takes }
    }
}

/// Whether this server reads a variable of this name.
pub(super) fn is_known(name: &str) -> bool {
    SETTINGS
        .iter()
        .any(|setting| setting.name == name || (setting.secret && name.strip_suffix("_FILE") == Some(setting.name)))
}

/// Whether a variable is meant for this server, known or not. The demo's credentials file is sourced by the shell that
/// starts us, and Kubernetes describes a service called `dna-api` to its pods as `DNA_API_…`.
pub(super) fn is_ours(name: &str) -> bool {
    let foreign = name.starts_with("DNA_DEMO_") || name.starts_with("DNA_API_");
    is_known(name) || (name.starts_with("DNA_") && !foreign)
}
