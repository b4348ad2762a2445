/// Why the settings cannot be used: one line that names the setting and says what to do, and never a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// A value that the setting does not take.
    #[error("{name} must be {takes}")]
    Wrong {
        /// The setting.
        name: &'static str,
        /// What it takes, in the table's words.
        takes: &'static str,
    },
    /// A secret given both directly and as a file.
    #[error("{0} and {0}_FILE are both set: unset one of them")]
    Both(&'static str),
    /// A secret's file that cannot be used. Its path is left out: it may be the secret itself, set by mistake.
    #[error("{name}_FILE must name a file that holds {name}: {reason}")]
    File {
        /// The setting without `_FILE`.
        name: &'static str,
        /// The system's words, or ours.
        reason: String,
    },
    /// A `DNA_…` variable that means nothing here.
    #[error("{} is not a setting{}", name.escape_debug(), spelling(*meant))]
    Unknown {
        /// The variable.
        name: String,
        /// The setting that it resembles.
        meant: Option<&'static str>,
    },
    /// A setting whose value is no text.
    #[error("{} must be UTF-8", .0.escape_debug())]
    NotUtf8(String),
    /// A `.env` that is there and cannot be read.
    #[error(".env cannot be read: {0}")]
    DotenvUnreadable(String),
    /// An entry of `.env` that does not parse; the number of the line on which it starts.
    #[error(
        ".env line {0} must be NAME=value, the value in single quotes if it holds white space, a quote, #, $ or \\"
    )]
    DotenvLine(usize),
    /// A login that would end before its first access token does.
    #[error("DNA_REFRESH_TOKEN_TTL must be at least DNA_ACCESS_TOKEN_TTL")]
    RefreshBeforeAccess,
    /// Migrations would go to another database than the embedded one that is served.
    #[error("DNA_MIGRATE_DATABASE_URL needs DATABASE_URL: set both or neither")]
    MigrateDatabaseAlone,
    /// Servers that share a database must share the key, so none can make its own.
    #[error(
        "DNA_MASTER_KEY must be set with DATABASE_URL: make one with `openssl rand -base64 32`, and keep it as long as the database"
    )]
    MasterKeyMissing,
    /// Nothing to derive the public URL from.
    #[error(
        "DNA_PUBLIC_URL must be set when DNA_LISTEN is a Unix socket or a wildcard address: the URL that partners use, such as https://api.example.com"
    )]
    PublicUrlMissing,
    /// The embedded mode, with its demo partner, open to a network.
    #[error(
        "DNA_LISTEN must be a loopback address or a Unix socket with the embedded database: set DATABASE_URL, or DNA_EMBEDDED_PUBLIC=yes to serve it to the network all the same"
    )]
    EmbeddedPublic,
}

fn spelling(meant: Option<&str>) -> String {
    meant.map_or_else(|| ": `dna-api --help` lists them all".to_owned(), |name| format!(": did you mean {name}?"))
}
