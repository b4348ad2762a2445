//! Replies that are given again under their `Idempotency-Key`: written in the transaction of their effect, kept for a
//! day.

use sqlx::{PgConnection, PgExecutor};

use super::{StoreError, db::Db, lease::Transaction};
use crate::domain::{
    client::ClientId,
    idempotency::{Attempt, Claim, KeptReply},
    partner::PartnerId,
};

/// Begins a transaction that waits no longer than two seconds for a twin that runs.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn begin(db: &Db) -> Result<Transaction, StoreError> {
    Ok(db.begin_with("begin; set local lock_timeout = '2s'").await?)
}

/// Takes a key for this transaction, or tells what it was used for. A twin that runs is waited for: if it fails, the key
/// is this one's.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn claim(db: &mut PgConnection, attempt: &Attempt) -> Result<Claim, StoreError> {
    // Once the key is ours, the effect waits for its locks as long as it would without one.
    let claimed = sqlx::query!(
        "with claimed as (
             insert into idempotent_replies as r (partner_id, oauth_client_id, key_hash, fingerprint)
             values ($1, $2, $3, $4)
             on conflict on constraint idempotent_replies_pkey
             do update set fingerprint = excluded.fingerprint, client_id = null, status = null, location = null,
                           etag = null, body = null, created_at = now()
             where r.created_at < now() - interval '1 day'
             returning key_hash
         )
         select set_config('lock_timeout', '0', true) from claimed",
        attempt.partner.0,
        attempt.oauth_client.0,
        &attempt.key,
        &attempt.fingerprint,
    );
    match claimed.fetch_optional(&mut *db).await {
        Ok(Some(_)) => return Ok(Claim::Mine),
        Ok(None) => {}
        Err(error) if is_lock_timeout(&error) => return Ok(Claim::Running),
        Err(error) => return Err(error.into()),
    }
    let kept = sqlx::query!(
        "select fingerprint, status, location, etag, body from idempotent_replies
         where partner_id = $1 and oauth_client_id = $2 and key_hash = $3",
        attempt.partner.0,
        attempt.oauth_client.0,
        &attempt.key,
    );
    // Gone since: it was a day old, and is being removed.
    let Some(kept) = kept.fetch_optional(db).await? else { return Ok(Claim::Running) };
    Ok(match (kept.fingerprint, kept.status, kept.body) {
        (Some(fingerprint), ..) if fingerprint != attempt.fingerprint => Claim::Other,
        (Some(_), Some(status), Some(body)) => {
            Claim::Done(KeptReply { status: status.unsigned_abs(), location: kept.location, etag: kept.etag, body })
        }
        _ => Claim::Erased,
    })
}

fn is_lock_timeout(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|told| told.code().as_deref() == Some("55P03"))
}

/// Keeps the reply of a key that this transaction has claimed.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn keep(
    db: impl PgExecutor<'_>,
    attempt: &Attempt,
    client: i64,
    reply: &KeptReply,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update idempotent_replies set client_id = $4, status = $5, location = $6, etag = $7, body = $8
         where partner_id = $1 and oauth_client_id = $2 and key_hash = $3",
        attempt.partner.0,
        attempt.oauth_client.0,
        &attempt.key,
        client,
        reply.status.cast_signed(),
        reply.location.as_deref(),
        reply.etag.as_deref(),
        &reply.body,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Clears what the replies about a client tell of it; their keys are answered as the client is, with 410. For what erases
/// a client.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn forget(db: impl PgExecutor<'_>, partner: PartnerId, client: ClientId) -> Result<(), StoreError> {
    let forgotten = sqlx::query!(
        "update idempotent_replies set fingerprint = null, location = null, etag = null, body = null
         where partner_id = $1 and client_id = $2",
        partner.0,
        client.get(),
    );
    forgotten.execute(db).await?;
    Ok(())
}

/// Removes at most `limit` replies that are over a day old, and says how many. For what keeps house.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn prune(db: impl PgExecutor<'_>, limit: i64) -> Result<u64, StoreError> {
    let pruned = sqlx::query!(
        "with over as (
             select partner_id, oauth_client_id, key_hash from idempotent_replies
             where created_at < now() - interval '1 day' order by created_at limit $1 for update skip locked
         )
         delete from idempotent_replies r using over
         where (r.partner_id, r.oauth_client_id, r.key_hash) = (over.partner_id, over.oauth_client_id, over.key_hash)",
        limit,
    );
    Ok(pruned.execute(db).await?.rows_affected())
}
