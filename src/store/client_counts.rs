//! How many clients of each status every subreseller has: counts as of a place in the feed, and the events since.
//!
//! What changes a client writes no count, so none is a row that changes would wait for, and none can be forgotten. The
//! background moves the counts on; whoever asks adds what came later, in one snapshot.

use sqlx::{Connection as _, Executor as _, PgConnection, PgExecutor};

use super::StoreError;
use crate::domain::{billing::Subreseller, page::Page, partner::PartnerId};

/// Events that one transaction moves the counts on by, about: all of one transaction's are at one position. The feed waits
/// for it, as for any.
const STEP: i64 = 5_000;

/// The partner's subresellers after that one, with how many clients they have.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn page(
    db: impl PgExecutor<'_> + Copy,
    partner: PartnerId,
    after: Option<&str>,
    limit: u16,
) -> Result<Page<Subreseller, String>, StoreError> {
    let (after, limit) = (after.unwrap_or_default(), usize::from(limit));
    let ask = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let mut rows = counted(db, partner, after, ask).await?;
    if rows.is_empty() && !is_counted(db, partner).await? {
        rows = afresh(db, partner, after, ask).await?;
    }
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|row| row.id.clone());
    Ok(Page { rows, next })
}

/// From the counts and the events since; nothing where they do not tell. More of the counts are read than are asked for:
/// as many as the events can have emptied.
async fn counted(
    db: impl PgExecutor<'_>,
    partner: PartnerId,
    after: &str,
    limit: i64,
) -> Result<Vec<Subreseller>, StoreError> {
    let found = sqlx::query_as!(
        Subreseller,
        r#"
        with known as materialized (
            select client_counts_position($1) as position
        ), since as materialized (
            select s.* from known, client_counts_between($1, known.position, 9223372036854775807) as s
            where known.position is not null
        ), was as (
            select c.subreseller_id, c.pending, c.active, c.suspended, c.cancelled
            from client_counts c
            where c.partner_id = $1 and c.subreseller_id > $2 and (select position from known) is not null
            order by c.subreseller_id limit $3 + (select count(*) from since)
        )
        select subreseller_id as "id!", sum(pending)::bigint as "pending!", sum(active)::bigint as "active!",
               sum(suspended)::bigint as "suspended!", sum(cancelled)::bigint as "cancelled!"
        from (
            select subreseller_id, pending, active, suspended, cancelled from was
            union all
            select subreseller_id collate "C", pending, active, suspended, cancelled from since
            where subreseller_id collate "C" > $2
        ) as parts
        group by subreseller_id
        having sum(pending + active + suspended + cancelled) > 0
        order by subreseller_id limit $3
        "#,
        partner.0,
        after,
        limit,
    );
    Ok(found.fetch_all(db).await?)
}

/// Counts all of the partner's clients.
async fn afresh(
    db: impl PgExecutor<'_>,
    partner: PartnerId,
    after: &str,
    limit: i64,
) -> Result<Vec<Subreseller>, StoreError> {
    let found = sqlx::query_as!(
        Subreseller,
        r#"
        select coalesce(subreseller_id, '') as "id!", count(*) filter (where status = 'pending') as "pending!",
               count(*) filter (where status = 'active') as "active!",
               count(*) filter (where status = 'suspended') as "suspended!",
               count(*) filter (where status = 'cancelled') as "cancelled!"
        from clients
        where partner_id = $1 and coalesce(subreseller_id, '') collate "C" > $2
        group by coalesce(subreseller_id, '')
        order by coalesce(subreseller_id, '') collate "C" limit $3
        "#,
        partner.0,
        after,
        limit,
    );
    Ok(found.fetch_all(db).await?)
}

/// Whether [`counted`] tells of the partner's clients.
async fn is_counted(db: impl PgExecutor<'_>, partner: PartnerId) -> Result<bool, StoreError> {
    let counted = sqlx::query_scalar!(r#"select client_counts_position($1) is not null as "counted!""#, partner.0);
    Ok(counted.fetch_one(db).await?)
}

/// Moves one partner's counts on by its events, where so many are left to count; says whether there was one. A partner
/// at which another server is, is passed over. So are test partners, whose clients can be removed.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn refresh(db: &mut PgConnection, left: i64) -> Result<bool, StoreError> {
    let mut transaction = db.begin().await?;
    // A server's session has less, and a partner whose clients are counted for the first time may have millions.
    transaction.execute("set local statement_timeout = '2min'").await?;
    sqlx::query!(
        "insert into client_counts_until (partner_id)
         select p.id from partners p
         where not p.is_test and not exists (select from client_counts_until u where u.partner_id = p.id)
         on conflict on constraint client_counts_until_pkey do nothing"
    )
    .execute(&mut *transaction)
    .await?;
    let Some((partner, position)) = due(&mut *transaction, left).await? else {
        transaction.commit().await?;
        return Ok(false);
    };
    match position {
        Some(position) => move_on(&mut transaction, partner, position).await?,
        None => count(&mut transaction, partner).await?,
    }
    transaction.commit().await?;
    Ok(true)
}

/// A partner that has so many events to count, or some that its counts do not tell of, and the position that it is
/// counted up to. It is held.
async fn due(db: impl PgExecutor<'_>, left: i64) -> Result<Option<(PartnerId, Option<i64>)>, StoreError> {
    let due = sqlx::query!(
        r#"
        with horizon as materialized (select event_horizon() as position)
        select u.partner_id, client_counts_position(u.partner_id) as position
        from client_counts_until u, horizon
        where exists (
            select from client_events e
            where e.partner_id = u.partner_id and e.position >= coalesce(u.position, 0) and e.position < horizon.position
            order by e.position, e.id
            offset case when u.position is not null and client_counts_position(u.partner_id) is null then 0 else $1::bigint - 1 end
        )
        limit 1 for update of u skip locked
        "#,
        left
    );
    Ok(due.fetch_optional(db).await?.map(|row| (PartnerId(row.partner_id), row.position)))
}

/// Adds the next events from that position on to the counts.
async fn move_on(db: &mut PgConnection, partner: PartnerId, position: i64) -> Result<(), StoreError> {
    let until = sqlx::query_scalar!(
        r#"
        select least(event_horizon(), (
            select e.position + 1 from client_events e
            where e.partner_id = $1 and e.position >= $2 and e.position < 9223372036854775807
            order by e.position, e.id offset $3 limit 1
        )) as "until!"
        "#,
        partner.0,
        position,
        STEP - 1,
    )
    .fetch_one(&mut *db)
    .await?;
    sqlx::query!(
        "insert into client_counts as c (partner_id, subreseller_id, pending, active, suspended, cancelled)
         select $1, s.* from client_counts_between($1, $2, $3) as s
         on conflict on constraint client_counts_pkey do update
         set pending = c.pending + excluded.pending, active = c.active + excluded.active,
             suspended = c.suspended + excluded.suspended, cancelled = c.cancelled + excluded.cancelled",
        partner.0,
        position,
        until,
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "delete from client_counts where partner_id = $1 and pending + active + suspended + cancelled = 0",
        partner.0
    )
    .execute(&mut *db)
    .await?;
    counted_until(db, partner, until).await
}

/// Counts all of the partner's clients, and takes back what the events did that are still to be added.
async fn count(db: &mut PgConnection, partner: PartnerId) -> Result<(), StoreError> {
    let until = sqlx::query_scalar!(r#"select event_horizon() as "until!""#).fetch_one(&mut *db).await?;
    sqlx::query!("delete from client_counts where partner_id = $1", partner.0).execute(&mut *db).await?;
    sqlx::query!(
        r#"
        insert into client_counts (partner_id, subreseller_id, pending, active, suspended, cancelled)
        select $1, parts.subreseller_id, sum(parts.pending), sum(parts.active), sum(parts.suspended), sum(parts.cancelled)
        from (
            select coalesce(c.subreseller_id, '') as subreseller_id, count(*) filter (where c.status = 'pending') as pending,
                   count(*) filter (where c.status = 'active') as active,
                   count(*) filter (where c.status = 'suspended') as suspended,
                   count(*) filter (where c.status = 'cancelled') as cancelled
            from clients c where c.partner_id = $1 group by coalesce(c.subreseller_id, '')
            union all
            select s.subreseller_id, -s.pending, -s.active, -s.suspended, -s.cancelled
            from client_counts_between($1, $2, 9223372036854775807) as s
        ) as parts
        group by parts.subreseller_id
        having sum(parts.pending + parts.active + parts.suspended + parts.cancelled) <> 0
        "#,
        partner.0,
        until,
    )
    .execute(&mut *db)
    .await?;
    counted_until(db, partner, until).await
}

async fn counted_until(db: &mut PgConnection, partner: PartnerId, position: i64) -> Result<(), StoreError> {
    sqlx::query!("update client_counts_until set position = $2 where partner_id = $1", partner.0, position)
        .execute(db)
        .await?;
    Ok(())
}
