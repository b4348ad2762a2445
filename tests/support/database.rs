//! One Postgres for the whole run, gone at its end however it ends; one database for each test, copied from a template
//! that is migrated and has a signing key.

use std::sync::atomic::{AtomicU32, Ordering};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use dna_api::{
    crypto::signing_key::SigningKey,
    postgres::{Cluster, Durability, Join},
    settings::MasterKey,
    store::{self, signing_key::SealedKey},
};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, postgres::PgConnectOptions};
use tokio::sync::OnceCell;

/// The master key of every test's database.
pub const MASTER_KEY: [u8; 32] = [7; 32];

/// The same, as a setting has it.
pub fn master_key() -> MasterKey {
    MasterKey::from_base64(&BASE64_STANDARD.encode(MASTER_KEY)).expect("a master key")
}

struct Server {
    /// In a static, so never dropped: its watchdog stops Postgres when the process ends.
    cluster: Cluster,
    _root: tempfile::TempDir,
}

static SERVER: OnceCell<Server> = OnceCell::const_new();
static NEXT: AtomicU32 = AtomicU32::new(0);

async fn server() -> &'static Server {
    SERVER
        .get_or_init(async || {
            let root = tempfile::Builder::new().prefix("dna-test-").tempdir().expect("a temporary folder");
            std::fs::set_permissions(root.path(), std::os::unix::fs::PermissionsExt::from_mode(0o711))
                .expect("its mode");
            let data = root.path().join("data");
            let start = move || Cluster::start(&data, None, Durability::Throwaway, Join::Own);
            let cluster =
                tokio::task::spawn_blocking(start).await.expect("a thread").expect("a Postgres for the tests");
            set_isolation(&cluster).await;
            make_template(&cluster).await;
            Server { cluster, _root: root }
        })
        .await
}

/// The isolation that every role's transactions have, where `TEST_DEFAULT_ISOLATION` names one: `serializable` stands for
/// the engines that make transactions give way more often than one Postgres does.
pub fn default_isolation() -> Option<String> {
    std::env::var("TEST_DEFAULT_ISOLATION").ok().filter(|named| !named.is_empty())
}

async fn set_isolation(cluster: &Cluster) {
    if let Some(isolation) = default_isolation() {
        let set = format!("alter role all set default_transaction_isolation = '{isolation}'");
        run(&mut connect(&cluster.options("postgres")).await, &set).await;
    }
}

async fn make_template(cluster: &Cluster) {
    run(&mut connect(&cluster.options("postgres")).await, "create database template_of_tests").await;
    complete(&cluster.options("template_of_tests")).await;
}

/// Migrates a database, and gives it a signing key.
async fn complete(options: &PgConnectOptions) {
    store::schema::migrate(options).await.expect("migrations");
    add_signing_key(options).await;
}

/// Makes the key that signs in a database of a test's own.
pub async fn add_signing_key(options: &PgConnectOptions) {
    let key = SigningKey::generate(2048).expect("a signing key");
    let sealed = SealedKey { kid: key.kid().to_owned(), private_key: key.seal(&MASTER_KEY).expect("sealing") };
    let mut connection = connect(options).await;
    store::signing_key::insert(&mut connection, &sealed, 2048, 0, true).await.expect("a signing key");
    connection.close().await.expect("closing");
}

/// A database that has come from the schema of an older version, with these rows in it, to the newest.
pub async fn migrated_from(version: i64, rows: &'static str) -> PgConnectOptions {
    let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let cluster = &server().await.cluster;
    run(&mut connect(&cluster.options("postgres")).await, &format!("create database {name}")).await;
    let options = cluster.options(&name);
    let mut older = sqlx::migrate!();
    older.migrations = older.iter().filter(|migration| migration.version <= version).cloned().collect();
    let mut connection = connect(&options).await;
    older.run(&mut connection).await.expect("migrations");
    run(&mut connection, rows).await;
    connection.close().await.expect("closing");
    complete(&options).await;
    options
}

async fn connect(options: &PgConnectOptions) -> PgConnection {
    options.connect().await.expect("a connection")
}

async fn run(connection: &mut PgConnection, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(connection).await.expect(sql);
}

/// A migrated database that nobody else has.
pub async fn fresh() -> PgConnectOptions {
    let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let cluster = &server().await.cluster;
    let mut connection = connect(&cluster.options("postgres")).await;
    run(&mut connection, &format!("create database {name} template template_of_tests strategy file_copy")).await;
    connection.close().await.expect("closing");
    cluster.options(&name)
}

/// A database that nobody else has and that nothing has migrated, as a URL for a program.
pub async fn empty_url() -> String {
    empty_url_encoded("UTF8").await
}

/// The same, of an encoding.
pub async fn empty_url_encoded(encoding: &str) -> String {
    let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let cluster = &server().await.cluster;
    run(
        &mut connect(&cluster.options("postgres")).await,
        &format!("create database {name} template template0 encoding '{encoding}' locale 'C'"),
    )
    .await;
    let url = cluster.url();
    url.replacen("/dna?", &format!("/{name}?"), 1)
}

/// Does what no session of the database itself may.
pub async fn administer(sql: &str) {
    run(&mut connect(&server().await.cluster.options("postgres")).await, sql).await;
}

/// A connection of one's own to the database of a pool.
pub async fn connect_like(pool: &sqlx::PgPool) -> PgConnection {
    connect(&pool.connect_options()).await
}

/// The tests' cluster as a URL, for a role and a database of it that need not exist yet. Anyone is let in as anyone.
pub async fn url_as(role: &str, database: &str) -> String {
    let url = server().await.cluster.url();
    url.replacen("//dna@", &format!("//{role}@"), 1).replacen("/dna?", &format!("/{database}?"), 1)
}

/// A number that no other test has.
pub fn number() -> u32 {
    NEXT.fetch_add(1, Ordering::Relaxed)
}
