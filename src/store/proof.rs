//! Whether the data is whole: what the schema's constraints leave open, proved on one snapshot. Each statement looks at
//! one partner, along its keys; what comes back is counts and ids, nothing personal.

use sqlx::{PgConnection, PgPool, Postgres, Transaction};

use super::StoreError;
use crate::domain::partner::PartnerId;

/// Something that should not be.
#[derive(Debug)]
pub struct Flaw {
    /// What, as a noun in the plural.
    pub what: String,
    /// How many.
    pub rows: i64,
    /// The client of one of them.
    pub client: Option<i64>,
}

/// Begins a transaction that reads one snapshot, writes nothing and takes as long as it takes. Servers write on beside it,
/// and no feed waits for it.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn begin(db: &PgPool) -> Result<Transaction<'static, Postgres>, StoreError> {
    // The rest says how values are written as text, for digests.
    let begin = "begin isolation level repeatable read read only; set local statement_timeout = 0;
                 set local idle_in_transaction_session_timeout = 0; set local jit = off;
                 set local timezone = 'UTC'; set local datestyle = 'ISO, YMD'; set local bytea_output = 'hex'";
    Ok(db.begin_with(begin).await?)
}

/// All partners there are.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn partners(db: &mut PgConnection) -> Result<Vec<PartnerId>, StoreError> {
    let partners = sqlx::query_scalar!("select id from partners order by id").fetch_all(db).await?;
    Ok(partners.into_iter().map(PartnerId).collect())
}

/// Clients whose events do not lead from their creation to what they are now.
///
/// In the order of their time: servers of the first version gave ids before they held the client. Nor did those know of
/// billing and of positions, which nothing is concluded from where they are missing.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn history(db: &mut PgConnection, partner: PartnerId) -> Result<Vec<Flaw>, StoreError> {
    let flaws = sqlx::query_as!(
        Flaw,
        r#"
        with told as (
            select client_id, kind, from_status, to_status, from_billing_status, to_billing_status, position,
                   row_number() over life as nth, lead(client_id) over life is null as is_last,
                   lag(to_status) over life as was, lag(to_billing_status) over life as was_billed,
                   case when lag(kind) over life is not null then lag(position) over life end as was_at
            from client_events where partner_id = $1
            window life as (partition by client_id order by at, id)
        ), lives as (
            select client_id,
                   bool_or(nth = 1 and (from_status is not null or kind <> 'created')) as headless,
                   bool_or(nth > 1 and (from_status is distinct from was or from_billing_status <> was_billed
                                        or kind = 'created')) as torn,
                   bool_or(kind is not null and position < was_at) as disordered,
                   max(to_status) filter (where is_last) as status,
                   max(to_billing_status) filter (where is_last) as billing_status,
                   max(position) filter (where kind is not null) as position
            from told group by client_id
        ), judged as (
            select c.id, what
            from clients c left join lives l on l.client_id = c.id
            cross join lateral (values
                ('clients without an event', l.client_id is null),
                ('clients whose first event is not their creation', l.headless),
                ('clients with an event that does not begin where the one before it ended', l.torn),
                ('clients whose events are not in the order of their positions', l.disordered),
                ('clients whose status is not what their last event led to', l.status <> c.status),
                ('clients that are not billed as their last event says', l.billing_status <> c.billing_status),
                ('clients with an event behind their last position', l.position > c.last_position)
            ) as flaw (what, holds)
            where c.partner_id = $1 and holds
        )
        select what as "what!", count(*) as "rows!", min(id) as client from judged group by what order by what
        "#,
        partner.0,
    );
    Ok(flaws.fetch_all(db).await?)
}

/// What is left of the person where a client was erased.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn erased(db: &mut PgConnection, partner: PartnerId) -> Result<Vec<Flaw>, StoreError> {
    let flaws = sqlx::query_as!(
        Flaw,
        r#"
        with erased as materialized (
            select c.id, concat(email, first_name, last_name, address, zipcode, billing_address, billing_zipcode,
                                customer_id, search) <> '' as known
            from clients c where c.partner_id = $1 and c.erased_at is not null
        ), judged as (
            select 'erased clients that still have personal data' as what, id from erased where known
            union all
            select 'kept replies that tell of an erased client', id from erased
            join idempotent_replies r on r.partner_id = $1 and r.client_id = id
            where r.body is not null or r.fingerprint is not null or r.location is not null
        )
        select what as "what!", count(*) as "rows!", min(id) as client from judged group by what order by what
        "#,
        partner.0,
    );
    Ok(flaws.fetch_all(db).await?)
}

/// Clients that a search does not find by their words, and words that find nobody.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn words(db: &mut PgConnection, partner: PartnerId) -> Result<Vec<Flaw>, StoreError> {
    let flaws = sqlx::query_as!(
        Flaw,
        r#"
        with told as (
            select c.id, word collate "C" as word
            from clients c, unnest(string_to_array(c.search, ' ')) as word
            where c.partner_id = $1 and word <> ''
        ), kept as (
            select client_id as id, word from client_words where partner_id = $1
        ), judged as (
            select coalesce(told.id, kept.id) as id,
                   case when told.id is null then 'search words that their client does not have'
                        else 'words of clients that no search finds' end as what
            from told full join kept on kept.word = told.word and kept.id = told.id
            where told.id is null or kept.id is null
        )
        select what as "what!", count(*) as "rows!", min(id) as client from judged group by what order by what
        "#,
        partner.0,
    );
    Ok(flaws.fetch_all(db).await?)
}

/// Subresellers whose counts, with the events since, are not what is counted. Where the counts do not tell, because events
/// are missing in them or are too many, there is nothing to compare.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn counts(db: &mut PgConnection, partner: PartnerId) -> Result<Vec<Flaw>, StoreError> {
    let flaws = sqlx::query_as!(
        Flaw,
        r#"
        with known as materialized (
            select client_counts_position($1) as position
        ), told as (
            select c.* from client_counts c where c.partner_id = $1
            union all
            select $1, s.* from known, client_counts_between($1, known.position, 9223372036854775807) as s
            where known.position is not null
        ), parts as (
            select subreseller_id, pending, active, suspended, cancelled from told
            union all
            select coalesce(subreseller_id, '') collate "C", -count(*) filter (where status = 'pending'),
                   -count(*) filter (where status = 'active'), -count(*) filter (where status = 'suspended'),
                   -count(*) filter (where status = 'cancelled')
            from clients where partner_id = $1 group by coalesce(subreseller_id, '') collate "C"
        ), wrong as (
            select subreseller_id from parts group by subreseller_id
            having sum(pending) <> 0 or sum(active) <> 0 or sum(suspended) <> 0 or sum(cancelled) <> 0
        )
        select 'subresellers whose counts are not what is counted' as "what!", count(*) as "rows!", null::bigint as client
        from wrong having count(*) > 0 and (select position from known) is not null
        "#,
        partner.0,
    );
    Ok(flaws.fetch_all(db).await?)
}

/// Kept replies that no request can have left, and tokens that no login gave out.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn callers(db: &mut PgConnection, partner: PartnerId) -> Result<Vec<Flaw>, StoreError> {
    let flaws = sqlx::query_as!(
        Flaw,
        r#"
        with judged as (
            select 'kept replies about a client that is not there' as what, r.client_id as id
            from idempotent_replies r
            where r.partner_id = $1 and r.client_id is not null
              and not exists (select from clients c where c.partner_id = $1 and c.id = r.client_id)
            union all
            select 'kept replies that are half written', r.client_id
            from idempotent_replies r
            where r.partner_id = $1 and (r.status is null or r.client_id is null)
            union all
            select 'live refresh tokens without a login', null
            from refresh_tokens t
            where t.partner_id = $1 and t.expires_at > now()
              and not exists (select from token_families f where f.partner_id = $1 and f.sid = t.sid)
        )
        select what as "what!", count(*) as "rows!", min(id) as client from judged group by what order by what
        "#,
        partner.0,
    );
    Ok(flaws.fetch_all(db).await?)
}
