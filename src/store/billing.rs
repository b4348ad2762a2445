//! Consolidation of a month: clients by subreseller, read along one index, a page at a time.

use chrono::NaiveDate;
use sqlx::PgConnection;

use super::StoreError;
use crate::domain::{
    billing::{BillableClient, BillingPlace, Consolidation},
    page::Page,
    partner::PartnerId,
};

/// Clients that one page looks at, at most.
const WINDOW: i64 = 2_000;

/// A page of the partner's clients that were billable on some day of the month, by subreseller and id. It may have fewer
/// than `limit`, or none, and still a next one: then it has looked at its share of clients. A test partner's are never
/// billable.
///
/// A day counts as [`crate::domain::billing`] says. Of the month that it is now, the days so far count.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn page(
    db: &mut PgConnection,
    partner: PartnerId,
    asked: &Consolidation,
    after: Option<BillingPlace>,
    limit: u16,
) -> Result<Page<BillableClient, BillingPlace>, StoreError> {
    let after = after.unwrap_or_else(|| before_all(asked));
    let stop = stop(db, partner, asked, &after).await?;
    let until = stop.clone().unwrap_or_else(|| end_of_all(asked));
    let mut rows = rows(db, partner, asked, &after, &until, limit).await?;
    let next = if rows.len() > usize::from(limit) {
        rows.truncate(limit.into());
        rows.last().map(place)
    } else {
        stop
    };
    Ok(Page { rows, next })
}

fn place(row: &BillableClient) -> BillingPlace {
    BillingPlace { subreseller: row.subreseller_id.clone().unwrap_or_default(), client: row.id }
}

fn before_all(asked: &Consolidation) -> BillingPlace {
    BillingPlace { subreseller: asked.subreseller_id.clone().unwrap_or_default(), client: 0 }
}

/// Behind every client that is asked for. A subreseller's id has 64 characters at most.
fn end_of_all(asked: &Consolidation) -> BillingPlace {
    let subreseller = asked.subreseller_id.clone().unwrap_or_else(|| "\u{10FFFF}".repeat(65));
    BillingPlace { subreseller, client: i64::MAX }
}

/// The last client that a page may look at; none where there are fewer.
async fn stop(
    db: &mut PgConnection,
    partner: PartnerId,
    asked: &Consolidation,
    after: &BillingPlace,
) -> Result<Option<BillingPlace>, StoreError> {
    let end = end_of_all(asked);
    let stop = sqlx::query_as!(
        BillingPlace,
        r#"
        select coalesce(c.subreseller_id, '') as "subreseller!", c.id as client
        from clients c
        where c.partner_id = $1
          and (coalesce(c.subreseller_id, '') collate "C", c.id) > ($2, $3::bigint)
          and (coalesce(c.subreseller_id, '') collate "C", c.id) <= ($4, $5::bigint)
        order by coalesce(c.subreseller_id, '') collate "C", c.id
        limit 1 offset $6
        "#,
        partner.0,
        after.subreseller,
        after.client,
        end.subreseller,
        end.client,
        WINDOW - 1,
    );
    Ok(stop.fetch_optional(db).await?)
}

/// Clients between two places that have billable days, one more than the page has.
///
/// The spans are those between one event and the next. An event that a server of the first version wrote has no billing
/// status: there, to activate a client was to bill it, and nothing else touched that.
async fn rows(
    db: &mut PgConnection,
    partner: PartnerId,
    asked: &Consolidation,
    after: &BillingPlace,
    until: &BillingPlace,
    limit: u16,
) -> Result<Vec<BillableClient>, StoreError> {
    let found = sqlx::query_as!(
        BillableClient,
        r#"
        select c.subreseller_id, c.id, c.ns_domain, c.customer_id, billable.days as "days!",
               billable.first as "from!: NaiveDate", billable.last as "to!: NaiveDate"
        from clients c
        cross join lateral (
            select count(distinct day) as days, min(day)::date as first, max(day)::date as last
            from (
                select billing, at, lead(at, 1, 'infinity') over (order by id) as until
                from (
                    select e.id, e.at, coalesce(e.to_billing_status, case e.to_status when 'active' then 'active' end) as billing
                    from client_events e where e.partner_id = $1 and e.client_id = c.id and e.at < $7
                ) as told
                where billing is not null
            ) as span
            cross join lateral generate_series(
                greatest((greatest(at, $6) at time zone 'UTC')::date, c.start_billing_date)::timestamp,
                ((least(until, $7, now()) - interval '1 microsecond') at time zone 'UTC')::date::timestamp,
                interval '1 day'
            ) as day
            where billing = 'active' and until > $6
        ) as billable
        where c.partner_id = $1 and exists (select from partners p where p.id = $1 and not p.is_test)
          and (coalesce(c.subreseller_id, '') collate "C", c.id) > ($2, $3::bigint)
          and (coalesce(c.subreseller_id, '') collate "C", c.id) <= ($4, $5::bigint)
          and billable.days > 0
        order by coalesce(c.subreseller_id, '') collate "C", c.id
        limit $8
        "#,
        partner.0,
        after.subreseller,
        after.client,
        until.subreseller,
        until.client,
        asked.month.begin(),
        asked.month.end(),
        i64::from(limit) + 1,
    );
    Ok(found.fetch_all(db).await?)
}
