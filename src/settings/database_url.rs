use secrecy::{ExposeSecret as _, SecretString};
use sqlx::postgres::PgConnectOptions;
use tracing::subscriber::{NoSubscriber, with_default};

/// The URL as it is, if it can be connected to as far as its form tells.
pub(super) fn parse(text: &str) -> Option<SecretString> {
    let rest = text.strip_prefix("postgres://").or_else(|| text.strip_prefix("postgresql://"))?;
    // Without a host sqlx takes whatever PGHOST or the machine suggests, or refuses, by version.
    let has_host = !rest.is_empty() && !rest.starts_with(['/', '?', '#', ':']);
    let url = SecretString::from(text);
    (has_host && connect_options(&url).is_ok()).then_some(url)
}

/// What sqlx makes of a database URL. Always ask here: sqlx itself logs the value of a parameter that it does not
/// know, and a misspelt `passwrod=` is one.
///
/// # Errors
/// sqlx cannot parse it. The error may quote the URL, so it is not to be shown.
pub fn connect_options(url: &SecretString) -> Result<PgConnectOptions, sqlx::Error> {
    with_default(NoSubscriber::default(), || url.expose_secret().parse())
}
