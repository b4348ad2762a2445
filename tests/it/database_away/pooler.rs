//! Through `PgBouncer`: a session for each of our connections works as a database does; one that is handed on after each
//! transaction, by a version that mixes prepared statements up, is refused at the start.

use std::{
    fs,
    net::TcpListener,
    process::{Child, Command, Stdio},
};

use nix::unistd::Uid;
use sqlx::postgres::PgConnectOptions;
use tokio::task::JoinSet;

use crate::support::{
    CLIENT, Reply, database,
    program::{Folder, Server, failure, run, run_json},
    steve_harris, until,
};

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// A running `PgBouncer`; ended when it is dropped.
struct Pooler {
    child: Child,
    url: String,
    folder: Folder,
}

impl Pooler {
    async fn start(database: &PgConnectOptions, mode: &str) -> Self {
        let folder = Folder::new();
        let port = TcpListener::bind(("127.0.0.1", 0)).and_then(|l| l.local_addr()).expect("a port").port();
        let socket = database.get_socket().expect("a socket").display().to_string();
        let users = folder.path().join("users");
        fs::write(&users, "\"dna\" \"\"\n").expect("its users");
        // As root it takes another account, which is Postgres's.
        let account = if Uid::effective().is_root() { "user = postgres\n" } else { "" };
        let settings = format!(
            "[databases]\n* = host={socket} port={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir =\nauth_type = trust\nauth_file = {}\npool_mode = {mode}\ndefault_pool_size = 40\n\
             max_client_conn = 200\nignore_startup_parameters = extra_float_digits\n{account}",
            database.get_port(),
            users.display(),
        );
        let file = folder.path().join("pgbouncer.ini");
        fs::write(&file, settings).expect("its settings");
        let child = Command::new("pgbouncer")
            .arg("--quiet")
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("pgbouncer, from the package of that name");
        until("it listens", async || tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok()).await;
        let url = format!("postgres://dna@127.0.0.1:{port}/{}", database.get_database().expect("a name"));
        Self { child, url, folder }
    }

    fn settings(&self) -> [(&str, &str); 4] {
        let [url, key] = [("DATABASE_URL", self.url.as_str()), ("DNA_MASTER_KEY", KEY)];
        [url, key, ("DNA_SIGNING_KEY_BITS", "2048"), ("DNA_RATE_LIMIT", "0")]
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A database without a signing key of another master key.
async fn empty() -> PgConnectOptions {
    database::empty_url().await.parse().expect("a URL")
}

#[tokio::test]
#[ignore = "needs pgbouncer"]
async fn through_a_pooler_of_sessions_a_partners_day_is_as_it_is_without() {
    let pooler = Pooler::start(&empty().await, "session").await;
    let server = Server::start(&pooler.folder, &pooler.settings());
    let account = run_json(&pooler.folder, &pooler.settings(), &["partner", "add", "Acme"]);
    let text = |name: &str| account[name].as_str().expect(name).to_owned();
    let secrets = [("client_id", text("client_id")), ("client_secret", text("client_secret"))];
    let password = [("username", text("username")), ("password", text("password"))];
    let token = async |more: &[(&str, String)]| {
        let form: Vec<_> = secrets.iter().chain(more).cloned().collect();
        let reply = Reply::of(server.post("/api/oauth/token").form(&form)).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.json
    };
    let tokens = token(&[&[("grant_type", "password".to_owned())], &password[..]].concat()).await;
    let refresh = tokens["refresh_token"].as_str().expect("a token").to_owned();
    let tokens = token(&[("grant_type", "refresh_token".to_owned()), ("refresh_token", refresh)]).await;
    let bearer = tokens["access_token"].as_str().expect("a token").to_owned();

    let mut asking = JoinSet::new();
    for n in 0..32 {
        let create = server.post(CLIENT).bearer_auth(&bearer).header("Idempotency-Key", format!("k{}", n / 2));
        asking.spawn(Reply::of(create.form(&steve_harris())));
    }
    let mut ids: Vec<i64> = Vec::new();
    for reply in asking.join_all().await {
        assert_eq!(reply.status, 201, "{reply:?}");
        ids.push(reply.json["client"]["id"].as_i64().expect("an id"));
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 16);
    let mut asking = JoinSet::new();
    for id in ids {
        let activate = server.post(&format!("{CLIENT}/{id}/activate")).bearer_auth(&bearer);
        asking.spawn(async move { (id, Reply::of(activate).await.json["client"]["id"].as_i64()) });
    }
    assert!(asking.join_all().await.into_iter().all(|(id, answered)| answered == Some(id)));
    let check = run(&pooler.folder, &pooler.settings(), &["check"]);
    assert!(check.status.success(), "{check:?}");
}

#[tokio::test]
#[ignore = "needs pgbouncer"]
async fn a_pooler_that_mixes_sessions_up_is_refused_at_the_start_by_every_command() {
    let pooler = Pooler::start(&database::fresh().await, "transaction").await;
    for command in [&["serve"][..], &["partner", "list"]] {
        let (code, line) = failure(&run(&pooler.folder, &pooler.settings(), command));
        assert_eq!(code, 1);
        assert!(line.contains("max_prepared_statements = 200, or pool_mode = session"), "{line}");
    }
    let check = run(&pooler.folder, &pooler.settings(), &["check"]);
    assert!(String::from_utf8_lossy(&check.stdout).contains("FAILED database"), "{check:?}");
}
