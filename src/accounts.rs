//! What an operator hands to a partner: accounts, with their secrets in the clear, once.

use anyhow::{Context as _, Result, bail};
use serde::{Serialize, Serializer};
use sqlx::{Acquire, PgExecutor, Postgres};
use uuid::Uuid;

use crate::{
    crypto::{password::Workspace, secret},
    domain::{
        oauth_client::{GrantTypes, OauthClientId},
        partner::{Name, PartnerId, PartnerKind},
        scope::ScopeSet,
        secret::Secret,
        user::{UserId, Username},
    },
    store::{self, StoreError, oauth_client::NewOauthClient},
};

fn reveal<S: Serializer>(secret: &Secret, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_str(secret.reveal())
}

/// What a new partner's developer needs for a first token.
#[derive(Serialize)]
pub struct PartnerAccount {
    /// The partner's name.
    pub partner: String,
    /// Its OAuth client.
    pub client_id: Uuid,
    /// The OAuth client's secret.
    #[serde(serialize_with = "reveal")]
    pub client_secret: Secret,
    /// Its user.
    pub username: String,
    /// The user's password.
    #[serde(serialize_with = "reveal")]
    pub password: Secret,
    /// What both may have, space-delimited.
    pub scope: String,
}

/// A new OAuth client, or one with a new secret.
#[derive(Serialize)]
pub struct OauthClientAccount {
    /// Its `client_id`.
    pub client_id: Uuid,
    /// Its secret.
    #[serde(serialize_with = "reveal")]
    pub client_secret: Secret,
}

/// A new user, or one with a new password.
#[derive(Serialize)]
pub struct UserAccount {
    /// Its username.
    pub username: String,
    /// Its password.
    #[serde(serialize_with = "reveal")]
    pub password: Secret,
}

/// Adds a partner with one OAuth client and one user that may have everything, or nothing at all.
///
/// # Errors
/// One line, where the name is taken.
pub async fn add_partner(db: impl Acquire<'_, Database = Postgres>, name: &Name) -> Result<PartnerAccount> {
    add(db, name, PartnerKind::Real).await
}

/// The same, with clients that are for trying things out.
///
/// # Errors
/// One line, where the name is taken.
pub async fn add_test_partner(db: impl Acquire<'_, Database = Postgres>, name: &Name) -> Result<PartnerAccount> {
    add(db, name, PartnerKind::Test).await
}

async fn add(db: impl Acquire<'_, Database = Postgres>, name: &Name, kind: PartnerKind) -> Result<PartnerAccount> {
    let partner = PartnerId(Uuid::new_v4());
    let username = Username::parse(&format!("{}-{}", slug(name), hex(secret::random_bytes::<4>())))?;
    let scope = ScopeSet::all();
    let mut transaction = db.begin().await?;
    match store::partner::insert(&mut *transaction, partner, name, kind).await {
        Err(StoreError::Taken(_)) => bail!("there is a partner `{}` already: choose another name", name.as_str()),
        inserted => inserted?,
    }
    let default = Name::parse("default")?;
    let client = add_oauth_client(&mut *transaction, partner, &default, scope, &GrantTypes::usual()).await?;
    let user = add_user(&mut *transaction, partner, &username, scope).await?;
    transaction.commit().await?;
    Ok(PartnerAccount {
        partner: name.as_str().to_owned(),
        client_id: client.client_id,
        client_secret: client.client_secret,
        username: user.username,
        password: user.password,
        scope: scope.to_string(),
    })
}

/// Adds an OAuth client to a partner.
///
/// # Errors
/// One line.
pub async fn add_oauth_client(
    db: impl PgExecutor<'_>,
    partner: PartnerId,
    name: &Name,
    scope: ScopeSet,
    grant_types: &GrantTypes,
) -> Result<OauthClientAccount> {
    let id = OauthClientId(Uuid::new_v4());
    let client_secret = secret::generate();
    let hash = secret::hash(client_secret.reveal());
    store::oauth_client::insert(db, NewOauthClient { partner, id, name, secret: &hash, scope, grant_types }).await?;
    Ok(OauthClientAccount { client_id: id.0, client_secret })
}

/// Gives an OAuth client a new secret. The one that it replaces stays good beside it if `keep` is set.
///
/// # Errors
/// One line, where there is no such OAuth client.
pub async fn rotate_secret(db: impl PgExecutor<'_>, id: OauthClientId, keep: bool) -> Result<OauthClientAccount> {
    let client_secret = secret::generate();
    if !store::oauth_client::set_secret(db, id, &secret::hash(client_secret.reveal()), keep).await? {
        bail!("there is no OAuth client {id}: see `dna-api oauth-client list`");
    }
    Ok(OauthClientAccount { client_id: id.0, client_secret })
}

/// Adds a user to a partner, with a password of ours.
///
/// # Errors
/// One line, where the username is taken.
pub async fn add_user(
    db: impl PgExecutor<'_>,
    partner: PartnerId,
    username: &Username,
    scope: ScopeSet,
) -> Result<UserAccount> {
    let password = secret::generate_password();
    let hash = hash(&password)?;
    match store::user::insert(db, partner, UserId(Uuid::new_v4()), username, &hash, scope).await {
        Err(StoreError::Taken(_)) => bail!("there is a user `{}` already: choose another name", username.as_str()),
        inserted => inserted?,
    }
    Ok(UserAccount { username: username.as_str().to_owned(), password })
}

/// Gives a user a new password, and ends the tokens of the old one.
///
/// # Errors
/// One line, where there is no such user.
pub async fn reset_password(db: impl Acquire<'_, Database = Postgres>, username: &Username) -> Result<UserAccount> {
    let password = secret::generate_password();
    let hash = hash(&password)?;
    let mut transaction = db.begin().await?;
    let found = store::user::set_password(&mut *transaction, username, &hash).await?;
    let user = found.with_context(|| format!("there is no user `{}`: see `dna-api user list`", username.as_str()))?;
    store::token_family::revoke_of_user(&mut *transaction, PartnerId(user.partner_id), UserId(user.id)).await?;
    transaction.commit().await?;
    Ok(UserAccount { username: user.username, password })
}

fn hash(password: &Secret) -> Result<String> {
    Workspace::default().hash(password.reveal()).context("hashing a password")
}

/// The letters and digits of a name, for a username that an operator recognises.
fn slug(name: &Name) -> String {
    let words = name.as_str().split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let slug = words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-");
    if slug.is_empty() { "user".to_owned() } else { slug }
}

fn hex(bytes: [u8; 4]) -> String {
    format!("{:08x}", u32::from_be_bytes(bytes))
}
