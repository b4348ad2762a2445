//! What the settings describe, opened: the database — embedded or an operator's own — and the master key.

use std::{path::Path, time::Duration};

use anyhow::{Context as _, Result, bail};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use secrecy::SecretString;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, PgPool, postgres::PgConnectOptions};
use tokio::{task::spawn_blocking, time::timeout};

use crate::{
    crypto::{secret::random_bytes, signing_key::SigningKey},
    operator::{Account, Record, Target},
    postgres::{Cluster, Durability, Join, ROLE},
    private_file,
    settings::{self, MasterKey, Settings},
    store::{self, signing_key::SealedKey},
};

/// How long an operator's own database may take to let us in at the start.
const CONNECT: Duration = Duration::from_secs(10);
const MASTER_KEY_FILE: &str = "master.key";

/// An open installation. Dropping it stops the embedded database, if this process started it.
pub struct Installation {
    /// The settings.
    pub settings: Settings,
    /// The database.
    pub db: PgPool,
    options: PgConnectOptions,
    migrate_options: PgConnectOptions,
    master_key: MasterKey,
    cluster: Option<Cluster>,
}

impl Installation {
    /// Opens what the settings describe and proves that the database answers. The embedded database is started where it
    /// does not run; nothing is migrated yet.
    ///
    /// # Errors
    /// One line that tells the operator what to do.
    pub async fn open(mut settings: Settings, join: Join) -> Result<Self> {
        let (cluster, options, migrate_options, master_key) = match (&settings.database, &settings.master_key) {
            (Some(url), Some(key)) => {
                let options = parse("DATABASE_URL", url)?;
                let migrate = settings.migrate_database.as_ref().map(|url| parse("DNA_MIGRATE_DATABASE_URL", url));
                (None, options.clone(), migrate.unwrap_or(Ok(options))?, key.clone())
            }
            (Some(_), None) => bail!("DNA_MASTER_KEY is not set: with DATABASE_URL, it is required"),
            (None, _) => {
                settings.data_dir = private_file::folder(&settings.data_dir)?;
                let (dir, bin) = (settings.data_dir.clone(), settings.postgres_bin.clone());
                let start = move || Cluster::start(&dir, bin.as_deref(), Durability::Durable, join);
                let cluster = spawn_blocking(start).await.context("starting Postgres")??;
                let key = settings.master_key.clone().map_or_else(|| embedded_master_key(&settings.data_dir), Ok)?;
                let options = cluster.options(ROLE);
                (Some(cluster), options.clone(), options, key)
            }
        };
        let name = if cluster.is_some() { "the embedded database" } else { "the database of DATABASE_URL" };
        let connect = timeout(CONNECT, options.connect()).await.ok().context("it did not answer within 10 s");
        let mut connection =
            connect.and_then(|connected| Ok(connected?)).with_context(|| format!("cannot connect to {name}"))?;
        let encoding = store::schema::encoding(&mut connection).await?;
        if encoding != "UTF8" {
            bail!("{name} is encoded in {encoding}, which lacks most letters: make one with `encoding 'UTF8'`");
        }
        connection.close().await.with_context(|| format!("cannot talk to {name}"))?;
        let db = store::pool::pool(options.clone(), settings.db_max_connections);
        Ok(Self { settings, db, options, migrate_options, master_key, cluster })
    }

    /// Makes it ready for an operator's command: the embedded database is set up as the server would; any other must
    /// have been migrated.
    ///
    /// # Errors
    /// One line that tells the operator what to do.
    pub async fn prepare_for_command(&self) -> Result<()> {
        if self.is_embedded() { self.set_up().await.map(drop) } else { self.require_current_schema().await }
    }

    /// Whether the database is the embedded one.
    #[must_use]
    pub const fn is_embedded(&self) -> bool {
        self.cluster.is_some()
    }

    /// How an operator looks into the embedded database.
    #[must_use]
    pub fn psql(&self) -> Option<String> {
        self.cluster.as_ref().map(Cluster::psql)
    }

    /// A small pool of its own, for what must not wait behind requests.
    #[must_use]
    pub fn monitor(&self) -> PgPool {
        store::pool::pool(self.options.clone(), 2)
    }

    /// Brings the database to what a server needs: schema (unless `DNA_MIGRATE=off`), signing key, and on the embedded
    /// database the demo partner.
    ///
    /// # Errors
    /// One line that tells the operator what to do.
    pub async fn set_up(&self) -> Result<SigningKey> {
        if self.settings.migrate {
            for applied in self.migrate().await? {
                tracing::info!(migration = applied, "migrated");
            }
        } else {
            self.require_current_schema().await?;
        }
        let key = self.signing_key().await?;
        if self.is_embedded() {
            crate::demo::ensure(self).await?;
        }
        Ok(key)
    }

    /// Applies the migrations that are pending, and says which. Where another role serves than the one that migrates,
    /// it is granted what it needs on the tables.
    ///
    /// # Errors
    /// One line that tells the operator what to do.
    pub async fn migrate(&self) -> Result<Vec<String>> {
        let applied = store::schema::migrate(&self.migrate_options).await?;
        if !applied.is_empty() {
            let account = Account::of_this_process();
            let mut record = Record::new(&account, "migrate");
            record.note("applied", applied.clone());
            record.write(&mut self.owner().await?, Target::default()).await?;
        }
        if self.settings.migrate_database.is_some() {
            let runtime = store::privileges::role(&self.db).await?;
            let granted = store::privileges::grant(&mut self.owner().await?, &runtime).await;
            granted.with_context(|| {
                format!(
                    "cannot grant `{runtime}` what it needs: does the role of DNA_MIGRATE_DATABASE_URL own the tables?"
                )
            })?;
        }
        Ok(applied)
    }

    /// A connection as the role that owns the schema.
    ///
    /// # Errors
    /// One line that tells the operator what to do.
    pub async fn owner(&self) -> Result<PgConnection> {
        let connect =
            timeout(CONNECT, self.migrate_options.connect()).await.ok().context("it did not answer within 10 s");
        connect.and_then(|connected| Ok(connected?)).context("cannot connect to the database as its schema's owner")
    }

    /// The same, where that role may do `what`, which changes or removes events.
    ///
    /// # Errors
    /// One line that tells the operator what to do.
    pub async fn owner_for_erasure(&self, what: &str) -> Result<PgConnection> {
        let mut owner = self.owner().await?;
        if !store::erasure::is_allowed(&mut owner).await? {
            let role = store::privileges::role(&mut owner).await?;
            bail!("the role `{role}` may not {what}: set DNA_MIGRATE_DATABASE_URL to the schema's owner");
        }
        Ok(owner)
    }

    /// Refuses a schema that lacks a migration.
    ///
    /// # Errors
    /// One line that names what is lacking.
    pub async fn require_current_schema(&self) -> Result<()> {
        let mut connection = self.db.acquire().await.context("cannot connect to the database")?;
        let lacking = store::schema::pending(&mut connection).await?;
        if !lacking.is_empty() {
            bail!("the database lacks the migrations {}: run `dna-api migrate`", lacking.join(", "));
        }
        Ok(())
    }

    /// The key that signs, made where there is none. Of several servers that start at once, one makes it.
    ///
    /// # Errors
    /// One line that tells the operator what to do, where the master key does not open it.
    pub async fn signing_key(&self) -> Result<SigningKey> {
        if let Some(key) = self.stored_signing_key().await? {
            return Ok(key);
        }
        let bits = self.settings.signing_key_bits;
        let made = spawn_blocking(move || SigningKey::generate(bits)).await.context("making a signing key")??;
        let sealed = SealedKey { kid: made.kid().to_owned(), private_key: made.seal(self.master_key.as_bytes())? };
        store::signing_key::insert_first(&self.db, &sealed).await?;
        self.stored_signing_key().await?.context("the signing key that was just made is gone: start again")
    }

    /// The key that signs, where one was made.
    ///
    /// # Errors
    /// One line that tells the operator what to do, where the master key does not open it.
    pub async fn stored_signing_key(&self) -> Result<Option<SigningKey>> {
        let stored = store::signing_key::signing(&self.db).await?;
        let open = |key: SealedKey| SigningKey::open(&key.kid, &key.private_key, self.master_key.as_bytes());
        Ok(stored.map(open).transpose()?)
    }

    /// Lets go of the database, and stops the embedded one if this process started it.
    ///
    /// # Errors
    /// Where the thread that stops it cannot run.
    pub async fn close(self) -> Result<()> {
        self.db.close().await;
        spawn_blocking(move || drop(self.cluster)).await.context("stopping Postgres")
    }
}

fn parse(name: &str, url: &SecretString) -> Result<PgConnectOptions> {
    // Not the parser's own error: it may quote a piece of the URL, and that has the password in it.
    settings::connect_options(url).ok().with_context(|| format!("{name} is not a postgres:// URL"))
}

/// The embedded database's master key, made the first time. Command and server may both be first: the file is written
/// whole or not at all, and what is there is read back.
fn embedded_master_key(data_dir: &Path) -> Result<MasterKey> {
    let path = data_dir.join(MASTER_KEY_FILE);
    let read = || {
        private_file::read(&path)?.map(|text| MasterKey::from_base64(text.trim())).transpose().with_context(|| {
            format!(
                "{} is damaged: restore it from a backup, and see \"The master key\" in docs/operations.md",
                path.display()
            )
        })
    };
    if let Some(key) = read()? {
        return Ok(key);
    }
    private_file::create(&path, &BASE64_STANDARD.encode(random_bytes::<32>()))?;
    read()?.with_context(|| format!("{} is gone", path.display()))
}
