//! Whether the data is whole where partners share it, and whether this cluster goes on where it ends.

use sqlx::PgConnection;

use super::{StoreError, proof::Flaw};

/// Domains that are not their clients', clients without theirs, and numbers that would be given out again. A test
/// partner's clients go, and leave their domains.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn domains(db: &mut PgConnection) -> Result<Vec<Flaw>, StoreError> {
    // A slug has letters alone, and a suffix starts with a dot.
    let flaws = sqlx::query_as!(
        Flaw,
        r#"
        with judged as (
            select 'clients without their domain' as what, c.id
            from clients c
            where not exists (select from ns_domains n where n.ns_domain = c.ns_domain
                              and n.partner_id = c.partner_id and n.client_id = c.id)
            union all
            select 'domains of a client that is not there', n.client_id
            from ns_domains n
            where not exists (select from clients c where c.partner_id = n.partner_id and c.id = n.client_id)
              and not exists (select from partners p where p.id = n.partner_id and p.is_test)
            union all
            select 'domains that the counter of their name has not come to', n.client_id
            from ns_domains n
            left join ns_domain_counters k on k.slug = substring(n.ns_domain from '^[a-z]+')
                                          and k.suffix = substring(n.ns_domain from '[.].*$')
            where k.taken is null or k.taken < coalesce(substring(n.ns_domain from '^[a-z]+([0-9]+)')::numeric, 1)
        )
        select what as "what!", count(*) as "rows!", min(id) as client from judged group by what order by what
        "#,
    );
    Ok(flaws.fetch_all(db).await?)
}

/// Rows of no partner, in tables that refer to none. The nil UUID stands for none.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn strangers(db: &mut PgConnection) -> Result<Vec<Flaw>, StoreError> {
    let flaws = sqlx::query_as!(
        Flaw,
        r#"
        with found as (
            select 'audit_log' as name, partner_id, count(*) as n from audit_log group by partner_id
            union all
            select 'client_counts', partner_id, count(*) from client_counts group by partner_id
            union all
            select 'client_words', partner_id, count(*) from client_words group by partner_id
            union all
            select 'failed_attempts', partner_id, count(*) from failed_attempts group by partner_id
            union all
            select 'ns_domains', partner_id, count(*) from ns_domains group by partner_id
        )
        select 'rows of no partner in ' || name as "what!", sum(n)::bigint as "rows!", null::bigint as client
        from found
        where partner_id <> '00000000-0000-0000-0000-000000000000'
          and not exists (select from partners p where p.id = found.partner_id)
        group by name order by name
        "#,
    );
    Ok(flaws.fetch_all(db).await?)
}

/// What the next client and the next event are given.
pub struct Next {
    /// Whether it is another cluster than the one that gave out the positions of the newest era; none where there is no era.
    pub is_elsewhere: Option<bool>,
    /// Whether there are events at positions that are still to be given out.
    pub is_behind_events: bool,
    /// Whether there are clients with ids that are still to be given out; none where this role may not know.
    pub is_behind_clients: Option<bool>,
}

/// Where this cluster goes on.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn next(db: &mut PgConnection) -> Result<Next, StoreError> {
    let next = sqlx::query_as!(
        Next,
        r#"
        with newest as (
            select max((select max(e.position) from client_events e where e.partner_id = p.id)) as position,
                   max((select max(c.id) from clients c where c.partner_id = p.id)) as client
            from partners p
        ), clients_id as (
            select pg_get_serial_sequence('clients', 'id')::regclass as sequence
        )
        select (select cluster <> system_identifier from pg_control_system(), event_eras order by era desc limit 1)
                   as is_elsewhere,
               coalesce(newest.position >= (select (max(era) << 48) + pg_snapshot_xmax(pg_current_snapshot())::text::bigint
                                            from event_eras), false) as "is_behind_events!",
               case when has_sequence_privilege(sequence, 'select')
                    then coalesce(newest.client, 0) > coalesce(pg_sequence_last_value(sequence), 0) end as is_behind_clients
        from newest, clients_id
        "#,
    );
    Ok(next.fetch_one(db).await?)
}
