//! Failed attempts, counted for all servers at once. An attempt is counted before it is made, so that those that run at
//! the same time cannot all find the count low.

use sqlx::PgExecutor;
use uuid::Uuid;

use super::StoreError;
use crate::domain::attempt::{Count, Key};

/// What came of counting an attempt.
#[derive(Debug)]
pub enum Claim {
    /// It may be made: it was counted as failed under these keys.
    Made(Vec<Key>),
    /// It may not be made for so many seconds. Nothing was counted.
    Refused(f64),
    /// Others at the same moment took what there was: it may not be made, and was counted under these keys alone.
    Crowded(Vec<Key>),
}

impl Claim {
    fn of(seconds: Option<f64>, asked: i64, claimed: Vec<Vec<u8>>) -> Self {
        let claimed: Vec<Key> = claimed.into_iter().filter_map(|key| key.try_into().ok()).collect();
        match seconds {
            Some(seconds) => Self::Refused(seconds),
            None if usize::try_from(asked) == Ok(claimed.len()) => Self::Made(claimed),
            None => Self::Crowded(claimed),
        }
    }
}

/// The counts, column by column. The first is given to `unnest` by a sub-select, which hides its length: Postgres would
/// take that for a reason to plan the statement anew each time.
struct Columns {
    keys: Vec<Vec<u8>>,
    owns: Vec<Option<Vec<u8>>>,
    bursts: Vec<i32>,
    costs: Vec<f64>,
    mosts: Vec<f64>,
    memories: Vec<f64>,
}

impl Columns {
    fn of(counts: &[Count]) -> Self {
        Self {
            keys: counts.iter().map(|count| count.key.to_vec()).collect(),
            owns: counts.iter().map(|count| count.own.map(|own| own.to_vec())).collect(),
            bursts: counts.iter().map(|count| count.rule.burst).collect(),
            costs: counts.iter().map(|count| count.rule.cost).collect(),
            mosts: counts.iter().map(|count| count.rule.most).collect(),
            memories: counts.iter().map(|count| count.rule.memory).collect(),
        }
    }
}

/// Counts an attempt as failed under all that it falls under, or under nothing where one of them is full. The second
/// look at `paid_off_at` sees what others wrote since the statement began.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn claim(db: impl PgExecutor<'_>, partner: Uuid, counts: &[Count]) -> Result<Claim, StoreError> {
    let columns = Columns::of(counts);
    let found = sqlx::query!(
        r#"
        with asked as materialized (
            select a.key, a.burst, a.cost, a.most, a.memory, make_interval(secs => (a.burst - 1) * a.cost) as credit
            from unnest((select $2::bytea[]), $3::bytea[], $4::int4[], $5::float8[], $6::float8[], $7::float8[])
              as a (key, own, burst, cost, most, memory)
            where a.own is null or exists (
                select from failed_attempts f where f.partner_id = $1 and f.key = a.own and f.expires_at > now()
            )
        ), refused as materialized (
            select max(extract(epoch from f.paid_off_at - a.credit - clock_timestamp()))::float8 as seconds
            from asked a join failed_attempts f on f.partner_id = $1 and f.key = a.key
            where f.paid_off_at > clock_timestamp() + a.credit
        ), claimed as (
            insert into failed_attempts as f (partner_id, key, failures, paid_off_at, expires_at)
            select $1, a.key, 1, now() + make_interval(secs => a.cost), now() + make_interval(secs => a.cost + a.memory)
            from asked a, refused r where r.seconds is null order by a.key
            on conflict (partner_id, key) do update set (failures, paid_off_at, expires_at) = (
                select n.failures, n.paid_off_at, n.paid_off_at + make_interval(secs => a.memory)
                from asked a,
                lateral (select case when f.expires_at > now() then f.failures else 0 end + 1 as failures) c,
                lateral (
                    select c.failures, greatest(f.paid_off_at, now()) + make_interval(secs => case
                        when c.failures < a.burst then a.cost
                        else greatest(a.cost, least(a.most, power(2, least(c.failures - a.burst, 30)))) end
                    ) as paid_off_at
                ) n
                where a.key = excluded.key
            )
            where f.paid_off_at <= clock_timestamp() + (select a.credit from asked a where a.key = excluded.key)
            returning f.key
        )
        select (select seconds from refused) as seconds, (select count(*) from asked) as "asked!",
               array(select key from claimed) as "claimed!: Vec<Vec<u8>>"
        "#,
        partner,
        &columns.keys,
        &columns.owns as &[Option<Vec<u8>>],
        &columns.bursts,
        &columns.costs,
        &columns.mosts,
        &columns.memories,
    )
    .fetch_one(db)
    .await?;
    Ok(Claim::of(found.seconds, found.asked, found.claimed))
}

/// Takes back what was counted for an attempt that did not fail, and under `forgotten` all that ever was.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn take_back(
    db: impl PgExecutor<'_>,
    partner: Uuid,
    counts: &[Count],
    forgotten: Option<&Key>,
) -> Result<(), StoreError> {
    let columns = Columns::of(counts);
    sqlx::query!(
        r#"
        with given as materialized (
            select a.*
            from unnest((select $2::bytea[]), $3::int4[], $4::float8[], $5::float8[]) as a (key, burst, cost, most)
            join failed_attempts f on f.partner_id = $1 and f.key = a.key
            order by a.key for update of f
        )
        update failed_attempts f
        set failures = greatest(f.failures - 1, 0),
            paid_off_at = case when f.key = $6::bytea then now() else f.paid_off_at - make_interval(
                secs => case when f.failures < g.burst then g.cost
                        else greatest(g.cost, least(g.most, power(2, least(f.failures - g.burst, 30)))) end
            ) end,
            expires_at = case when f.key = $6::bytea or f.failures <= 1 then now() else f.expires_at end
        from given g where f.partner_id = $1 and f.key = g.key
        "#,
        partner,
        &columns.keys,
        &columns.bursts,
        &columns.costs,
        &columns.mosts,
        forgotten.map(|key| &key[..]),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Removes some of the rows that mean nothing any more, and says how many.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn prune(db: impl PgExecutor<'_>, limit: i64) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        r#"
        delete from failed_attempts where (partner_id, key) in (
            select partner_id, key from failed_attempts where expires_at < now()
            order by expires_at limit $1 for update skip locked
        )
        "#,
        limit
    );
    Ok(done.execute(db).await?.rows_affected())
}
