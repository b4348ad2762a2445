//! How often each OAuth client uses the forms of a request that the document prints.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use super::StoreError;
use crate::domain::{oauth_client::OauthClientId, partner::PartnerId};

/// Uses by one OAuth client since they were last written.
#[derive(Clone, Copy, Debug)]
pub struct Uses {
    /// Whose.
    pub partner: PartnerId,
    /// Which.
    pub oauth_client: OauthClientId,
    /// How many.
    pub count: i64,
    /// When the last one was.
    pub last: DateTime<Utc>,
}

/// Adds to the counts.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked; then nothing was added.
pub async fn add(db: impl PgExecutor<'_>, uses: &[Uses]) -> Result<(), StoreError> {
    let partners: Vec<_> = uses.iter().map(|uses| uses.partner.0).collect();
    let oauth_clients: Vec<_> = uses.iter().map(|uses| uses.oauth_client.0).collect();
    let counts: Vec<_> = uses.iter().map(|uses| uses.count).collect();
    let lasts: Vec<_> = uses.iter().map(|uses| uses.last).collect();
    sqlx::query!(
        r#"
        insert into documented_form_uses as d (partner_id, oauth_client_id, uses, last_used_at)
        select * from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::timestamptz[]) order by 1, 2
        on conflict on constraint documented_form_uses_pkey
        do update set uses = d.uses + excluded.uses, last_used_at = greatest(d.last_used_at, excluded.last_used_at)
        "#,
        &partners,
        &oauth_clients,
        &counts,
        &lasts,
    )
    .execute(db)
    .await?;
    Ok(())
}
