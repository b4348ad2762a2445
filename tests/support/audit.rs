//! What the audit log holds.

use serde_json::Value;
use uuid::Uuid;

use super::App;

/// An entry as it is stored.
#[derive(Clone, PartialEq, Eq, Debug, sqlx::FromRow)]
pub struct AuditEntry {
    pub partner_id: Uuid,
    pub oauth_client_id: Option<Uuid>,
    pub user_id: Option<Uuid>,
    pub sid: Option<Uuid>,
    pub actor: String,
    pub address: Option<String>,
    pub request_id: Option<String>,
    pub detail: Value,
}

impl App {
    /// The entries of a kind, oldest first.
    pub async fn audited(&self, kind: &str) -> Vec<AuditEntry> {
        let sql = "select partner_id, oauth_client_id, user_id, sid, actor, address, request_id, detail
                   from audit_log where kind = $1 order by at";
        sqlx::query_as(sql).bind(kind).fetch_all(&self.db).await.expect("entries")
    }
}
