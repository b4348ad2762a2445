//! What the settings describe, opened: the database — embedded or an operator's own — and the master key.

use std::{thread::available_parallelism, time::Duration};

use anyhow::{Context as _, Result, bail};
use secrecy::SecretString;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, PgPool, postgres::PgConnectOptions};
use tokio::{task::spawn_blocking, time::timeout};

use crate::{
    keys::{Keys, master_key_file},
    metrics::database::{Database, Pool},
    operator::{Account, Operator, Record, Target},
    postgres::{Cluster, Durability, Join, ROLE},
    private_file,
    settings::{self, MasterKey, Settings},
    state::Readiness,
    store::{self, db::Db, pool::Sessions, pulse::Pulse},
};

/// How long an operator's own database may take to let us in at the start.
const CONNECT: Duration = Duration::from_secs(10);
/// Connections of a server's own: two for work that takes a while, so that what must not wait finds one.
const MONITOR: u32 = 4;
/// Connections that a worker has at least, where there is more than one.
const SHARE: u32 = 4;

/// An open installation. Dropping it stops the embedded database, if this process started it.
pub struct Installation {
    /// The settings.
    pub settings: Settings,
    /// The database.
    pub db: PgPool,
    options: PgConnectOptions,
    migrate_options: PgConnectOptions,
    master_key: MasterKey,
    sessions: Sessions,
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
                (None, options.clone(), migrate.unwrap_or(Ok(options))?, Some(key.clone()))
            }
            (Some(_), None) => bail!("DNA_MASTER_KEY is not set: with DATABASE_URL, it is required"),
            (None, _) => {
                settings.data_dir = private_file::folder(&settings.data_dir)?;
                let (dir, bin) = (settings.data_dir.clone(), settings.postgres_bin.clone());
                let start = move || Cluster::start(&dir, bin.as_deref(), Durability::Durable, join);
                let cluster = spawn_blocking(start).await.context("starting Postgres")??;
                let options = cluster.options(ROLE);
                (Some(cluster), options.clone(), options, settings.master_key.clone())
            }
        };
        let name = if cluster.is_some() { "the embedded database" } else { "the database of DATABASE_URL" };
        let sessions = if cluster.is_some() {
            Sessions::Own
        } else {
            let found = timeout(CONNECT, store::pooler::sessions(&options)).await.ok();
            let found = found.context("it did not answer within 10 s").and_then(|found| Ok(found?));
            found.with_context(|| format!("cannot connect to {name}"))?
        };
        let connect = timeout(CONNECT, options.connect()).await.ok().context("it did not answer within 10 s");
        let mut connection =
            connect.and_then(|connected| Ok(connected?)).with_context(|| format!("cannot connect to {name}"))?;
        let encoding = store::schema::encoding(&mut connection).await?;
        if encoding != "UTF8" {
            bail!("{name} is encoded in {encoding}, which lacks most letters: make one with `encoding 'UTF8'`");
        }
        if sessions == Sessions::Shared && !store::pooler::is_limited(&mut connection).await? {
            tracing::warn!(
                "the pooler's sessions have no statement_timeout, so a statement that was given up may commit much later: \
                 run `alter role … set statement_timeout = '5s'` for the role of DATABASE_URL"
            );
        }
        connection.close().await.with_context(|| format!("cannot talk to {name}"))?;
        let db = store::pool::pool(options.clone(), settings.db_max_connections);
        let master_key = match master_key {
            Some(key) => key,
            None => master_key_file::find(&settings.data_dir, &db).await?,
        };
        Ok(Self { settings, db, options, migrate_options, master_key, sessions, cluster })
    }

    /// Makes it ready for an operator's command: the embedded database is set up as the server would; any other must
    /// have been migrated.
    ///
    /// # Errors
    /// One line that tells the operator what to do.
    pub async fn prepare_for_command(&self) -> Result<()> {
        if self.is_embedded() { self.set_up().await } else { self.require_current_schema().await }
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

    /// The database for requests, and beside it a little for what must not wait behind them.
    #[must_use]
    pub fn serving(&self, metrics: &Database) -> (Db, Db, Readiness) {
        let (options, pulse) = (&self.options, Pulse::default());
        let serving =
            |shares: &[u32], metrics: &Pool| Db::shared(options, shares, self.sessions, &pulse, metrics.clone());
        let cores = available_parallelism().map_or(1, |cores| u32::try_from(cores.get()).unwrap_or(u32::MAX));
        let db = serving(&shares(self.settings.db_max_connections, cores), &metrics.requests);
        (db, serving(&[MONITOR], &metrics.background), Readiness::of(options.clone()))
    }

    /// Brings the database to what a server needs: schema (unless `DNA_MIGRATE=off`), a signing key, and on the embedded
    /// database the demo partner.
    ///
    /// # Errors
    /// One line that tells the operator what to do.
    pub async fn set_up(&self) -> Result<()> {
        if self.settings.migrate {
            for applied in self.migrate().await? {
                tracing::info!(migration = applied, "migrated");
            }
        }
        self.require_current_schema().await?;
        self.keys().ensure().await?;
        if self.is_embedded() {
            crate::demo::ensure(self).await?;
        }
        Ok(())
    }

    /// Applies the migrations that are pending, and says which. Where another role serves than the one that migrates,
    /// it is granted what it needs on the tables.
    ///
    /// # Errors
    /// One line that tells the operator what to do.
    pub async fn migrate(&self) -> Result<Vec<String>> {
        if self.sessions == Sessions::Shared && self.settings.migrate_database.is_none() {
            let lacking = store::schema::pending(&mut *self.db.acquire().await?).await?;
            if !lacking.is_empty() {
                bail!("migrations need a session of their own: set DNA_MIGRATE_DATABASE_URL to a URL past the pooler");
            }
        }
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

    /// Refuses a schema that lacks a migration, and one from which a newer program has taken what this one needs.
    ///
    /// # Errors
    /// One line that names what is lacking, or what took it away.
    pub async fn require_current_schema(&self) -> Result<()> {
        let mut connection = self.db.acquire().await.context("cannot connect to the database")?;
        let lacking = store::schema::pending(&mut connection).await?;
        if !lacking.is_empty() {
            bail!("the database lacks the migrations {}: run `dna-api migrate`", lacking.join(", "));
        }
        if let Some(newer) = store::schema::narrowed(&mut connection).await? {
            bail!("the migration {newer} took from the database what this version of dna-api needs: run a newer one");
        }
        Ok(())
    }

    /// The signing keys. Nothing is opened yet: what needs no key works with any master key.
    #[must_use]
    pub fn keys(&self) -> Keys {
        Keys::new(self.db.clone(), self.master_key.clone(), self.settings.signing_key_bits)
    }

    /// Seals the signing keys under the master key of `DNA_NEW_MASTER_KEY`, and says how many those are. Where the
    /// master key is a file of the embedded database, that is replaced, by a key of its own making if none is set.
    ///
    /// # Errors
    /// One line that tells the operator what to do.
    pub async fn change_master_key(&self, operator: &Operator) -> Result<usize> {
        let new = self.settings.new_master_key.clone();
        if new.as_ref().is_some_and(|new| new.as_bytes() == self.master_key.as_bytes()) {
            bail!("DNA_NEW_MASTER_KEY is the master key already: make another with `openssl rand -base64 32`");
        }
        let seal = async |new: &MasterKey| {
            let mut change = operator.change("keys change-master-key").await?;
            let changed = self.keys().change_master_key(&mut *change, new).await?;
            change.note("keys", changed);
            change.commit(Target::default()).await?;
            Ok(changed)
        };
        if self.has_master_key_file() {
            return master_key_file::change(&self.settings.data_dir, new, seal).await;
        }
        let new = new.context("DNA_NEW_MASTER_KEY is not set: make one with `openssl rand -base64 32`")?;
        seal(&new).await
    }

    /// Whether the master key is a file beside the embedded database.
    #[must_use]
    pub const fn has_master_key_file(&self) -> bool {
        self.is_embedded() && self.settings.master_key.is_none()
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

/// How many connections to the database each worker of a server has: of workers there are as many as cores, where each
/// then has enough.
#[must_use]
pub fn shares(connections: u32, cores: u32) -> Vec<u32> {
    let workers = cores.min(connections / SHARE).max(1);
    (0..workers).map(|worker| (connections + worker) / workers).collect()
}

fn parse(name: &str, url: &SecretString) -> Result<PgConnectOptions> {
    // Not the parser's own error: it may quote a piece of the URL, and that has the password in it.
    settings::connect_options(url).ok().with_context(|| format!("{name} is not a postgres:// URL"))
}
