//! The demo partner of the embedded database, and the two files that hold its credentials.

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use serde_json::json;
use sqlx::PgConnection;
use tokio::task::spawn_blocking;

use crate::{
    accounts,
    accounts::PartnerAccount,
    domain::{
        oauth_client::OauthClientId,
        partner::{Name, PartnerId},
        user::Username,
    },
    installation::Installation,
    operator::{Operator, Target},
    private_file, store,
};

const PARTNER: &str = "demo";
const PREFIX: &str = "DNA_DEMO_";

/// The demo's files.
pub struct Files {
    /// Variables for a shell to source.
    pub env: PathBuf,
    /// A Postman environment.
    pub postman: PathBuf,
}

impl Files {
    /// Where they are.
    #[must_use]
    pub fn of(installation: &Installation) -> Self {
        let dir = &installation.settings.data_dir;
        Self { env: dir.join("demo.env"), postman: dir.join("demo.postman_environment.json") }
    }
}

/// Makes the demo partner with its files the first time. Where the files are gone the partner is given new secrets, as
/// nobody has the old ones any more. One process at a time, so that the files hold what the database knows.
///
/// # Errors
/// One line that tells the operator what to do.
pub async fn ensure(installation: &Installation) -> Result<()> {
    let files = Files::of(installation);
    let _turn = turn(&installation.settings.data_dir).await?;
    if private_file::read(&files.env)?.is_some_and(|text| !kept(&text).is_empty()) {
        return Ok(());
    }
    let operator = Operator::new(installation.db.clone());
    let mut change = operator.change("demo").await?;
    let account = match store::partner::find(&mut *change, PARTNER).await? {
        None => accounts::add_partner(&mut *change, &Name::parse(PARTNER)?).await?,
        Some(partner) => renew(&mut change, partner).await?,
    };
    let partner = store::partner::find(&mut *change, PARTNER).await?;
    change.commit(Target { name: PARTNER, partner, ..Target::default() }).await?;
    write(&files, &variables(&account), &default_url(installation))
}

/// Waits until no other process of ours is at it.
async fn turn(data_dir: &Path) -> Result<File> {
    let path = data_dir.join("demo.lock");
    let lock = move || {
        let file = private_file::options().write(true).create(true).truncate(false).open(path)?;
        file.lock().map(|()| file)
    };
    spawn_blocking(lock).await?.context("cannot lock the data folder (DNA_DATA_DIR)")
}

async fn renew(db: &mut PgConnection, partner: PartnerId) -> Result<PartnerAccount> {
    let client = store::oauth_client::list(&mut *db, Some(partner)).await?.into_iter().next();
    let user = store::user::list(&mut *db, Some(partner)).await?.into_iter().next();
    let (client, user) = client.zip(user).context("the demo partner has lost its OAuth client or its user")?;
    let renewed = accounts::rotate_secret(&mut *db, OauthClientId(client.client_id)).await?;
    let login = accounts::reset_password(&mut *db, &Username::parse(&user.username)?).await?;
    Ok(PartnerAccount {
        partner: PARTNER.to_owned(),
        client_id: renewed.client_id,
        client_secret: renewed.client_secret,
        username: login.username,
        password: login.password,
        scope: client.scope,
    })
}

/// Writes the files anew with the address that the server listens on.
///
/// # Errors
/// One line that tells the operator what to do.
pub fn set_base_url(files: &Files, base_url: &str) -> Result<()> {
    let text = private_file::read(&files.env)?.context("demo.env is gone: start again")?;
    write(files, &kept(&text), base_url)
}

/// What the file has of the demo's variables, but for the address.
fn kept(text: &str) -> Vec<(String, String)> {
    dotenvy::from_read_iter(text.as_bytes())
        .filter_map(Result::ok)
        .filter_map(|(name, value)| Some((name.strip_prefix(PREFIX)?.to_owned(), value)))
        .filter(|(name, _)| name != "BASE_URL")
        .collect()
}

/// The line to paste for a first token: it holds no secret itself.
#[must_use]
pub fn curl_line(files: &Files) -> String {
    format!(
        ". '{}' && curl -sS \"$DNA_DEMO_BASE_URL/api/oauth/token\" -d grant_type=password \
         --data-urlencode \"client_id=$DNA_DEMO_CLIENT_ID\" --data-urlencode \"client_secret=$DNA_DEMO_CLIENT_SECRET\" \
         --data-urlencode \"username=$DNA_DEMO_USERNAME\" --data-urlencode \"password=$DNA_DEMO_PASSWORD\"",
        files.env.display().to_string().replace('\'', r"'\''")
    )
}

fn default_url(installation: &Installation) -> String {
    let settings = &installation.settings;
    settings.public_url(&settings.listen).unwrap_or_default()
}

fn variables(account: &PartnerAccount) -> Vec<(String, String)> {
    [
        ("CLIENT_ID", account.client_id.to_string()),
        ("CLIENT_SECRET", account.client_secret.reveal().to_owned()),
        ("USERNAME", account.username.clone()),
        ("PASSWORD", account.password.reveal().to_owned()),
        ("SCOPE", account.scope.clone()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

fn write(files: &Files, variables: &[(String, String)], base_url: &str) -> Result<()> {
    let all: Vec<(&str, &str)> =
        variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain([("BASE_URL", base_url)]).collect();
    let lines: Vec<String> = all.iter().map(|(name, value)| format!("{PREFIX}{name}='{value}'\n")).collect();
    private_file::write(&files.env, &lines.concat())?;

    let values: Vec<serde_json::Value> = all
        .iter()
        .map(|(name, value)| {
            let kind = if matches!(*name, "CLIENT_SECRET" | "PASSWORD") { "secret" } else { "default" };
            json!({"key": name.to_ascii_lowercase(), "value": value, "type": kind, "enabled": true})
        })
        .collect();
    let environment = json!({
        "id": "5f0c1d9e-4a1f-4c52-9d5e-0d2f6c7b8a11",
        "name": "DNA API demo",
        "values": values,
        "_postman_variable_scope": "environment",
    });
    private_file::write(&files.postman, &serde_json::to_string_pretty(&environment)?)
}
