//! The audit log: rows are added, and never changed.

use sqlx::PgExecutor;
use uuid::Uuid;

use super::StoreError;
use crate::domain::audit::{Entry, Source};

/// Adds an entry.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn record(db: impl PgExecutor<'_>, entry: &Entry<'_>) -> Result<(), StoreError> {
    let (actor, address, request_id) = match entry.source {
        Source::Request { address, id } => ("api", address.map(|address| address.to_string()), Some(id)),
        Source::Operator { account } => (account, None, None),
    };
    sqlx::query!(
        r#"
        insert into audit_log (partner_id, id, kind, oauth_client_id, user_id, sid, actor, address, request_id, detail)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        "#,
        entry.partner.map_or(Uuid::nil(), |partner| partner.0),
        Uuid::now_v7(),
        entry.kind.as_str(),
        entry.oauth_client.map(|client| client.0),
        entry.user.map(|user| user.0),
        entry.sid,
        actor,
        address,
        request_id,
        entry.detail,
    )
    .execute(db)
    .await?;
    Ok(())
}
