//! The program as a server, for imports that it may not survive.

use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use super::{IMPORT, lines};
use crate::support::{
    Reply, database,
    program::{Folder, Server, run_json},
};

const MASTER_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// A server's process, its database, and a partner's token.
pub struct Stage {
    folder: Folder,
    url: String,
    pub token: String,
    pub db: PgConnection,
}

impl Stage {
    pub async fn start() -> (Self, Server) {
        let folder = Folder::new();
        let url = database::empty_url().await;
        let server = Server::start(&folder, &settings(&url));
        let account = run_json(&folder, &settings(&url), &["partner", "add", "Acme"]);
        let mut form = vec![("grant_type", "password")];
        let names = ["client_id", "client_secret", "username", "password"];
        form.extend(names.map(|name| (name, account[name].as_str().expect(name))));
        let reply = Reply::of(server.post("/api/oauth/token").form(&form)).await;
        let token = reply.json["access_token"].as_str().expect("a token").to_owned();
        let db = PgConnection::connect(&url).await.expect("a connection");
        (Self { folder, url, token, db }, server)
    }

    /// Another server on the same database.
    pub fn again(&self) -> Server {
        Server::start(&self.folder, &settings(&self.url))
    }

    /// Begins an import. Its lines come, or what of them came before the reply was broken off.
    pub fn import(&self, server: &Server, query: &str, file: String) -> tokio::task::JoinHandle<Vec<Value>> {
        let request = server.post(&format!("{IMPORT}{query}")).bearer_auth(&self.token);
        let request = request.header("Content-Type", "application/x-ndjson").body(file);
        tokio::spawn(async move {
            let Ok(mut reply) = request.send().await else { return Vec::new() };
            let mut text = Vec::new();
            while let Ok(Some(bytes)) = reply.chunk().await {
                text.extend_from_slice(&bytes);
            }
            let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
            lines(str::from_utf8(&text[..whole]).expect("UTF-8"))
        })
    }

    pub async fn count(&mut self, what: &str) -> i64 {
        let sql = AssertSqlSafe(format!("select count(*) from {what}"));
        sqlx::query_scalar(sql).fetch_one(&mut self.db).await.expect("a count")
    }

    /// Sessions of a server that are in a transaction which has written something.
    pub async fn writing(&mut self) -> i64 {
        self.count("pg_stat_activity where datname = current_database() and backend_xid is not null").await
    }

    /// Checks that each client has its domain, its words and its event, and each of these its client.
    pub async fn has_no_half_client(&mut self) {
        let halves = self
            .count(
                "clients c full join client_events e on e.client_id = c.id \
                 full join ns_domains d on d.client_id = coalesce(c.id, e.client_id) \
                 full join (select distinct client_id from client_words) w on w.client_id = coalesce(c.id, d.client_id) \
                 where c.id is null or e.id is null or d.client_id is null or w.client_id is null",
            )
            .await;
        assert_eq!(halves, 0);
        assert_eq!(self.count("clients").await, self.count("(select distinct customer_id from clients) c").await);
    }

    /// Checks that what was told of rows is so.
    pub async fn bears_out(&mut self, told: &[Value]) {
        let created: Vec<i64> = told
            .iter()
            .filter(|line| line["result"] == "OK")
            .filter_map(|line| line["client"]["id"].as_i64())
            .collect();
        let there: i64 = sqlx::query_scalar("select count(*) from clients where id = any($1)")
            .bind(&created)
            .fetch_one(&mut self.db)
            .await
            .expect("a count");
        assert_eq!(usize::try_from(there).expect("few"), created.len());
        if let Some(sum) = told.last().filter(|line| line["rows"].is_u64()) {
            assert_eq!(sum["created"].as_i64(), Some(self.count("clients").await), "{sum}");
        }
    }
}

/// An import that outlasts a server's end need not take half a minute.
fn settings(url: &str) -> [(&str, &str); 4] {
    let drain = ("DNA_DRAIN_SECONDS", "10");
    [("DATABASE_URL", url), ("DNA_MASTER_KEY", MASTER_KEY), ("DNA_SIGNING_KEY_BITS", "2048"), drain]
}
