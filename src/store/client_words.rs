//! The words that clients are found by, where servers or migrations of other versions left them missing or otherwise
//! folded.

use sqlx::{Connection as _, PgConnection};

use super::StoreError;
use crate::domain::search;

/// Writes the words of up to so many clients anew, of any partner's; says how many. Nothing that a partner sees of them
/// changes. Clients that are being changed are passed over.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn refold(db: &mut PgConnection, limit: i64) -> Result<u64, StoreError> {
    let mut transaction = db.begin().await?;
    let stale = sqlx::query!(
        "select partner_id, id, first_name, last_name, address from clients
         where erased_at is null and (refold or search is null)
         order by partner_id, id limit $1 for update skip locked",
        limit
    )
    .fetch_all(&mut *transaction)
    .await?;
    let (mut partners, mut ids, mut searches) = (Vec::new(), Vec::new(), Vec::new());
    for client in &stale {
        partners.push(client.partner_id);
        ids.push(client.id);
        searches.push(search::of_client(&client.first_name, &client.last_name, &client.address));
    }
    sqlx::query!(
        "with new as materialized (
             select n.partner_id, n.id, n.search, coalesce(c.search, '') as old
             from unnest($1::uuid[], $2::bigint[], $3::text[]) as n (partner_id, id, search)
             join clients c on c.partner_id = n.partner_id and c.id = n.id
         ), forgotten as (
             delete from client_words w using new
             where w.partner_id = new.partner_id and w.client_id = new.id and w.word = any(string_to_array(new.old, ' '))
               and w.word <> all(string_to_array(new.search, ' '))
         ), learnt as (
             insert into client_words (partner_id, word, client_id)
             select distinct new.partner_id, word, new.id from new, unnest(string_to_array(new.search, ' ')) as word
             where word <> all(string_to_array(new.old, ' ')) and word <> ''
         )
         update clients c set search = new.search, refold = false from new
         where c.partner_id = new.partner_id and c.id = new.id",
        &partners,
        &ids,
        &searches,
    )
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(u64::try_from(stale.len()).unwrap_or(u64::MAX))
}
