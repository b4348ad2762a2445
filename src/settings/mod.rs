//! What an operator can set: read once, checked at the door, and then of types that cannot be wrong.
//!
//! The environment and `.env` become [`Vars`], a plain map; [`Settings::read`] makes typed values of it. Names,
//! defaults and words are in one table, [`SETTINGS`]. No error repeats a value, since a password can stand anywhere.

mod data_dir;
mod database_url;
mod dotenv;
mod error;
mod help;
mod listen;
mod log;
mod master_key;
mod ns_domain_suffix;
mod plain;
mod public_url;
mod spelling;
mod table;
mod tracing;
mod vars;

use std::{ops::RangeInclusive, path::PathBuf, time::Duration};

use ipnet::IpNet;
use secrecy::SecretString;

use crate::{domain::signing_key::LONGEST_ACCESS_TOKEN, traces};

pub use data_dir::default_data_dir;
pub use database_url::connect_options;
pub use error::SettingError;
pub use help::help;
pub use listen::Listen;
pub use log::LogFormat;
pub use master_key::{MasterKey, NotAMasterKey};
pub use table::{SETTINGS, Setting};
pub use vars::Vars;

/// Seconds that an access token may live: a minute to a day.
const ACCESS_TOKEN_TTL: RangeInclusive<u64> = 60..=LONGEST_ACCESS_TOKEN as u64;
/// Seconds that a refresh token may live: a minute to a year.
const REFRESH_TOKEN_TTL: RangeInclusive<u64> = 60..=31_536_000;
/// Seconds that a used refresh token may be taken for a lost reply: not at all, to ten minutes.
const REFRESH_GRACE: RangeInclusive<u64> = 0..=600;
/// Requests a minute: none at all up to what no server reaches.
const RATE_LIMIT: RangeInclusive<u32> = 0..=1_000_000;
/// Two at least, so that one slow statement does not stop the server.
const DB_MAX_CONNECTIONS: RangeInclusive<u32> = 2..=1000;

/// Connections of callers.
const MAX_CONNECTIONS: RangeInclusive<usize> = 1..=1_000_000;
/// Requests that are worked on at once.
const MAX_REQUESTS: RangeInclusive<usize> = 1..=100_000;
/// Seconds from being told to stop to the end.
const DRAIN_SECONDS: RangeInclusive<u64> = 1..=3600;

/// Everything that can be set, checked.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch by itself")]
pub struct Settings {
    /// The Postgres to use; `None` means the embedded one.
    pub database: Option<SecretString>,
    /// The connection for migrations, as the role that owns the schema; `None` means [`Settings::database`].
    pub migrate_database: Option<SecretString>,
    /// Whether `serve` migrates; if not, it refuses a schema that is behind.
    pub migrate: bool,
    /// Where the server listens.
    pub listen: Listen,
    /// Where metrics are told, if anywhere.
    pub metrics_listen: Option<Listen>,
    /// The URL that partners see, without a trailing slash, if set. See also the method of the same name.
    pub public_url: Option<String>,
    /// The folder of the embedded database and of the demo's credentials; absolute.
    pub data_dir: PathBuf,
    /// The folder of `initdb` and `postgres`, absolute; `None` means to look for it.
    pub postgres_bin: Option<PathBuf>,
    /// What encrypts the signing keys; always there when [`Settings::database`] is.
    pub master_key: Option<MasterKey>,
    /// What `keys change-master-key` puts in its place.
    pub new_master_key: Option<MasterKey>,
    /// How long an access token lives.
    pub access_token_ttl: Duration,
    /// How long a refresh token lives; never less than an access token.
    pub refresh_token_ttl: Duration,
    /// How long a used refresh token that comes back is taken for a lost reply.
    pub refresh_grace: Duration,
    /// Bits of a new RSA signing key: 2048, 3072 or 4096.
    pub signing_key_bits: u32,
    /// Whether the documented `GET` forms, and credentials in a URL, are served.
    pub documented_get: bool,
    /// The HTTP status of a validation error: 422, 400 or 406.
    pub validation_status: u16,
    /// What every `ns_domain` ends in: a dot and lower-case labels, 24 characters at most.
    pub ns_domain_suffix: String,
    /// Networks of the reverse proxies whose `X-Forwarded-…` headers are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Requests a minute that an OAuth client may make of one server; 0 means no limit.
    pub rate_limit: u32,
    /// Whether logins are refused where too many have failed.
    pub login_throttle: bool,
    /// The most connections that the request pool opens.
    pub db_max_connections: u32,
    /// The most connections of callers; `None` means what the limit on open files allows, within reason.
    pub max_connections: Option<usize>,
    /// The most requests that are worked on at once.
    pub max_requests: usize,
    /// How long a server that is told to stop may take in all.
    pub drain: Duration,
    /// What is logged: `tracing_subscriber::EnvFilter` directives that parse.
    pub log: String,
    /// How a log line is written.
    pub log_format: LogFormat,
    /// Where traces go, if anywhere.
    pub tracing: Option<traces::Config>,
    /// Whether the embedded mode may listen on more than loopback or a Unix socket.
    pub embedded_public: bool,
}

impl Settings {
    /// The settings that every command needs, checked one by one and against each other.
    ///
    /// # Errors
    /// The first setting that is unknown, wrong, given twice or at odds with another.
    pub fn read(vars: &Vars) -> Result<Self, SettingError> {
        vars.refuse_unknown()?;
        let settings = Self {
            database: vars.secret(&table::DATABASE_URL, database_url::parse)?,
            migrate_database: vars.secret(&table::MIGRATE_DATABASE_URL, database_url::parse)?,
            migrate: vars.setting(&table::MIGRATE, plain::switch)?,
            listen: vars.setting(&table::LISTEN, Listen::parse)?,
            metrics_listen: vars.optional(&table::METRICS_LISTEN, Listen::parse)?,
            public_url: vars.optional(&table::PUBLIC_URL, public_url::parse)?,
            data_dir: vars.optional(&table::DATA_DIR, plain::path)?.unwrap_or_else(|| data_dir::for_this_account(vars)),
            postgres_bin: vars.optional(&table::POSTGRES_BIN, plain::path)?,
            master_key: vars.secret(&table::MASTER_KEY, |text| MasterKey::from_base64(text).ok())?,
            new_master_key: vars.secret(&table::NEW_MASTER_KEY, |text| MasterKey::from_base64(text).ok())?,
            access_token_ttl: vars.setting(&table::ACCESS_TOKEN_TTL, |text| {
                plain::number(text, ACCESS_TOKEN_TTL).map(Duration::from_secs)
            })?,
            refresh_token_ttl: vars.setting(&table::REFRESH_TOKEN_TTL, |text| {
                plain::number(text, REFRESH_TOKEN_TTL).map(Duration::from_secs)
            })?,
            refresh_grace: vars
                .setting(&table::REFRESH_GRACE, |text| plain::number(text, REFRESH_GRACE).map(Duration::from_secs))?,
            signing_key_bits: vars
                .setting(&table::SIGNING_KEY_BITS, |text| plain::one_of(text, &[2048, 3072, 4096]))?,
            documented_get: vars.setting(&table::DOCUMENTED_GET, plain::switch)?,
            validation_status: vars.setting(&table::VALIDATION_STATUS, |text| plain::one_of(text, &[422, 400, 406]))?,
            ns_domain_suffix: vars.setting(&table::NS_DOMAIN_SUFFIX, ns_domain_suffix::parse)?,
            trusted_proxies: vars.setting(&table::TRUSTED_PROXIES, plain::networks)?,
            rate_limit: vars.setting(&table::RATE_LIMIT, |text| plain::number(text, RATE_LIMIT))?,
            login_throttle: vars.setting(&table::LOGIN_THROTTLE, plain::switch)?,
            db_max_connections: vars
                .setting(&table::DB_MAX_CONNECTIONS, |text| plain::number(text, DB_MAX_CONNECTIONS))?,
            max_connections: vars.optional(&table::MAX_CONNECTIONS, |text| plain::number(text, MAX_CONNECTIONS))?,
            max_requests: vars.setting(&table::MAX_REQUESTS, |text| plain::number(text, MAX_REQUESTS))?,
            drain: vars
                .setting(&table::DRAIN_SECONDS, |text| plain::number(text, DRAIN_SECONDS).map(Duration::from_secs))?,
            log: vars.setting(&table::LOG, log::directives)?,
            log_format: vars.setting(&table::LOG_FORMAT, LogFormat::parse)?,
            tracing: tracing::read(vars)?,
            embedded_public: vars.setting(&table::EMBEDDED_PUBLIC, plain::switch)?,
        };
        settings.check_together()?;
        Ok(settings)
    }

    /// What only `serve` and `check` ask: an operator's command must run in any environment that the server runs in,
    /// and need not know where it listens.
    ///
    /// # Errors
    /// The embedded database would be served to a network unasked, or the public URL is unset and cannot be derived.
    pub fn check_serving(&self) -> Result<(), SettingError> {
        self.check_bound(&self.listen)?;
        self.public_url(&self.listen).map(drop)
    }

    /// Whether the server may listen there, which is not the setting's where a service manager passes the socket.
    ///
    /// # Errors
    /// The embedded database would be served to a network unasked.
    pub fn check_bound(&self, bound: &Listen) -> Result<(), SettingError> {
        if self.database.is_none() && !self.embedded_public && !bound.is_local() {
            return Err(SettingError::EmbeddedPublic);
        }
        Ok(())
    }

    /// The issuer of tokens and the base of links, without a trailing slash: as set, or `http://` and the address.
    /// `bound` is where the server listens in the end, which is another port than the setting's when that is 0.
    ///
    /// # Errors
    /// It is unset, and `bound` is a Unix socket or a wildcard address. After [`Settings::check_serving`], never.
    pub fn public_url(&self, bound: &Listen) -> Result<String, SettingError> {
        match (&self.public_url, bound) {
            (Some(url), _) => Ok(url.clone()),
            (None, Listen::Tcp(address)) if !bound.is_wildcard() => Ok(format!("http://{address}")),
            (None, _) => Err(SettingError::PublicUrlMissing),
        }
    }

    fn check_together(&self) -> Result<(), SettingError> {
        if self.refresh_token_ttl < self.access_token_ttl {
            return Err(SettingError::RefreshBeforeAccess);
        }
        if self.database.is_none() && self.migrate_database.is_some() {
            return Err(SettingError::MigrateDatabaseAlone);
        }
        if self.database.is_some() && self.master_key.is_none() {
            return Err(SettingError::MasterKeyMissing);
        }
        Ok(())
    }
}
