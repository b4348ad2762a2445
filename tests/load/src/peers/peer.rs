//! A peer: what serves the same requests on something else, with a database of its own in the same cluster.

use std::{
    fs::{self, File},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, anyhow, bail};
use tempfile::TempDir;

use super::proof;
use crate::{
    callers::{Callers, Numbers, asked},
    cluster::Cluster,
    requests::{Change, Create, Draw, Login, Read, get},
    world::World,
};

/// Where they are, seen from the project's root.
const FOLDER: &str = "tests/load/peers";
/// How long one may take to prepare its database and be ready.
const PATIENCE: Duration = Duration::from_mins(1);

/// What is asked of all of them.
#[derive(Clone, Copy)]
pub enum Kind {
    Token,
    Create,
    Change,
    Read,
}

/// A running peer; ended when it is dropped.
pub struct Peer {
    /// Of its folder.
    pub name: &'static str,
    pub address: String,
    child: Child,
    token: Arc<str>,
    ids: Arc<[u64]>,
    numbers: Numbers,
    /// Its log.
    _folder: TempDir,
}

impl Peer {
    /// Starts one on the accounts of the server's, and on as many clients, and has it prove what it does.
    pub fn start(name: &'static str, world: &World, key: &Path) -> Result<Self> {
        let database = format!("peer_{name}");
        let clients = world.ids.len();
        fill(&world.cluster, &database, clients)?;
        let folder = tempfile::Builder::new().prefix("dna-load-peer-").tempdir()?;
        let log = folder.path().join("log");
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let said = File::create(&log)?;
        let mut start = Command::new(fs::canonicalize(FOLDER)?.join(name).join("start"));
        start.env("PGHOST", world.cluster.folder()).env("PGUSER", "dna").env("PGDATABASE", &database);
        start.env("PEER_PORT", address.port().to_string()).env("PEER_KEY", key);
        let child = start.stdin(Stdio::null()).stdout(said.try_clone()?).stderr(said).spawn()?;
        let mut peer = Self {
            name,
            address: address.to_string(),
            child,
            token: Arc::from(""),
            ids: (1..=clients as u64).collect(),
            numbers: Numbers::default(),
            _folder: folder,
        };
        peer.until_ready().map_err(|error| {
            let said = fs::read_to_string(&log).unwrap_or_default();
            let last = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
            anyhow!("it did not start: {error}: {last}")
        })?;
        peer.token = proof::of(&peer.address, &world.accounts[0])?.into();
        proof::of_events(&world.cluster, &database)?;
        Ok(peer)
    }

    /// Waits until it wants a token of whoever has none.
    fn until_ready(&mut self) -> Result<()> {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait()? {
                bail!("{status}");
            }
            if asked(&self.address, &get("/api/residential/client/1", "none")).is_ok_and(|(status, _)| status == 401) {
                return Ok(());
            }
            sleep(Duration::from_millis(100));
        }
        bail!("it is not ready")
    }

    pub fn callers(&self, world: &World, kind: Kind, many: usize) -> Callers {
        let (token, ids) = (|| Arc::clone(&self.token), || Arc::clone(&self.ids));
        // Never nought, which nothing comes of.
        let draw = |n: usize| Draw(0x9E37_79B9_7F4A_7C15 ^ (n as u64 + 1) << 7);
        let accounts = || world.accounts.iter().cycle();
        match kind {
            Kind::Token => accounts().take(many).map(|account| Box::new(Login(account.clone())) as _).collect(),
            Kind::Create => {
                let one = |_| Box::new(Create { token: token(), numbers: self.numbers.clone() }) as _;
                (0..many).map(one).collect()
            }
            Kind::Change => {
                let one = |n| Box::new(Change { token: token(), ids: ids(), draw: draw(n), active: None }) as _;
                (0..many).map(one).collect()
            }
            Kind::Read => {
                (0..many).map(|n| Box::new(Read { token: token(), ids: ids(), draw: draw(n) }) as _).collect()
            }
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        if !matches!(self.child.try_wait(), Ok(None)) {
            return;
        }
        // Those who have workers end them when they are asked to, not when they are killed.
        let pid = self.child.id().to_string();
        drop(Command::new("sh").args(["-c", "kill \"$1\"", "sh", &pid]).status());
        for _ in 0..100 {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            sleep(Duration::from_millis(100));
        }
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A database with the server's users, its OAuth client, and clients with their first events.
fn fill(cluster: &Cluster, database: &str, clients: usize) -> Result<()> {
    cluster.sql("postgres", &format!("create database {database}"))?;
    let schema = Path::new(FOLDER).join("schema.sql");
    let schema = fs::read_to_string(&schema).with_context(|| schema.display().to_string())?;
    cluster.sql(database, &schema)?;
    let users = cluster.sql(
        "dna",
        "select string_agg(format('(%L, %L, %L, %L)', id, username, password_hash, scope), ', ') from users",
    )?;
    let oauth_clients = cluster.sql(
        "dna",
        "select string_agg(format('(%L, %L, %L)', id, encode(secret_hash, 'hex'), scope), ', ') from oauth_clients",
    )?;
    cluster.sql(
        database,
        &format!(
            "insert into users (id, username, password_hash, scope) values {users};
             insert into oauth_clients (id, secret_hash, scope) values {oauth_clients};
             insert into clients (ns_domain, customer_id, email, first_name, last_name, address, zipcode,
                                  same_billing_address, billing_address, billing_zipcode)
             select 'filled' || n || '.com', 'filled-' || n, 'steve.' || n || '@example.com', 'Steve', 'Filled',
                    '123 Alhambra Circle', '33134', true, '123 Alhambra Circle', '33134'
             from generate_series(1, {clients}) n;
             insert into client_events (client_id, to_status, at, user_id, oauth_client_id, request_id)
             select id, status, created_at, 'filled', 'filled', 'filled' from clients"
        ),
    )?;
    cluster.sql(database, "vacuum analyze")?;
    Ok(())
}
