//! What is on record, and that no secret is.

use serde_json::Value;
use sqlx::{ConnectOptions as _, postgres::PgConnectOptions};
use uuid::Uuid;

use super::App;

/// An entry of the audit log, as it is stored.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Audited {
    pub partner_id: Uuid,
    pub kind: String,
    pub oauth_client_id: Option<Uuid>,
    pub user_id: Option<Uuid>,
    pub sid: Option<Uuid>,
    pub actor: String,
    pub address: Option<String>,
    pub request_id: Option<String>,
    pub detail: Value,
}

impl App {
    /// The audit log, oldest first.
    pub async fn audit(&self) -> Vec<Audited> {
        let sql = "select * from audit_log order by at, id";
        sqlx::query_as(sql).fetch_all(&self.db).await.expect("the audit log")
    }

    /// The newest entry of the audit log.
    pub async fn last_audited(&self) -> Audited {
        self.audit().await.pop().expect("an entry")
    }
}

/// The whole audit log of a database as text, for who cannot wait; none where the database is gone.
pub fn text(options: PgConnectOptions) -> Option<String> {
    let ask = async move {
        let mut connection = options.connect().await.ok()?;
        let sql = "select coalesce(string_agg(a::text, ' '), '') from audit_log a";
        sqlx::query_scalar(sql).fetch_one(&mut connection).await.ok()
    };
    let block = || tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(ask);
    std::thread::scope(|scope| scope.spawn(block).join().expect("a thread"))
}
