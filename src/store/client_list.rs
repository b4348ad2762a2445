//! Lists of clients. Each walks one index in that index's order, from the cursor on, and looks at no more of its entries
//! than the last of `WINDOWS`: so a page takes the same time wherever it is and however rare what it looks for is.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, Postgres, QueryBuilder};

use super::{
    StoreError,
    client_row::{COLUMNS, Row},
};
use crate::domain::{
    client::Client,
    client_filter::ClientFilter,
    page::{ClientPlace, Page},
    partner::PartnerId,
};

/// Entries of an index that one page looks at, at most: at first few, among which a page is full unless what is looked
/// for is rare.
const WINDOWS: [i64; 2] = [1_000, 10_000];

#[derive(sqlx::FromRow)]
struct Listed {
    #[sqlx(flatten)]
    row: Row,
    word: Option<String>,
}

#[derive(sqlx::FromRow)]
struct Stop {
    id: i64,
    created_at: Option<DateTime<Utc>>,
    word: Option<String>,
}

/// The order of a list: that of the index which leads to its rows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Walk {
    /// All of a partner's clients, or those of one value, by id.
    Id,
    /// By creation.
    Created,
    /// By the words that begin with the longest one asked for.
    Word,
}

impl Walk {
    fn of(filter: &ClientFilter) -> Self {
        if [&filter.customer_id, &filter.ns_domain, &filter.email].iter().any(|value| value.is_some()) {
            Self::Id
        } else if !filter.q.is_empty() {
            Self::Word
        } else if filter.subreseller_id.is_none() && has_span(filter) {
            Self::Created
        } else {
            Self::Id
        }
    }

    const fn key(self) -> &'static str {
        match self {
            Self::Id => "c.id",
            Self::Created => "c.created_at, c.id",
            Self::Word => "w.word, w.client_id",
        }
    }

    fn place(self, row: &Listed) -> ClientPlace {
        match self {
            Self::Id => ClientPlace::Id(row.row.id),
            Self::Created => ClientPlace::Created(row.row.created_at, row.row.id),
            Self::Word => ClientPlace::Word(row.word.clone().unwrap_or_default(), row.row.id),
        }
    }
}

/// A page of the partner's clients. It may have fewer than `limit` rows, or none, and still a next one: then it has
/// looked at its share of a long index.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn page(
    db: &mut PgConnection,
    partner: PartnerId,
    filter: &ClientFilter,
    after: Option<&ClientPlace>,
    limit: u16,
) -> Result<Page<Client, ClientPlace>, StoreError> {
    let walk = Walk::of(filter);
    let passes_over_rows = passes_over_rows(filter, walk);
    let (mut found, mut next) = (Vec::new(), None);
    for window in WINDOWS {
        let stop = if passes_over_rows { stop(&mut *db, partner, filter, walk, after, window).await? } else { None };
        let mut sql = rows(partner, filter, walk, after, stop.as_ref(), window, limit);
        found = sql.build_query_as().fetch_all(&mut *db).await?;
        let is_full = found.len() > usize::from(limit);
        found.truncate(limit.into());
        next = if is_full { found.last().map(|row| walk.place(row)) } else { stop };
        if is_full || next.is_none() {
            break;
        }
    }
    let rows = found.into_iter().map(|listed: Listed| listed.row.client()).collect::<Result<_, _>>()?;
    Ok(Page { rows, next })
}

fn has_span(filter: &ClientFilter) -> bool {
    filter.created_after.is_some() || filter.created_before.is_some()
}

/// Whether some of the index's entries may be of no interest.
fn passes_over_rows(filter: &ClientFilter, walk: Walk) -> bool {
    filter.status.is_some() || !filter.q.is_empty() || (walk != Walk::Created && has_span(filter))
}

/// The last place of a window, which a page may look at; none where the index ends before.
async fn stop(
    db: &mut PgConnection,
    partner: PartnerId,
    filter: &ClientFilter,
    walk: Walk,
    after: Option<&ClientPlace>,
    window: i64,
) -> Result<Option<ClientPlace>, StoreError> {
    let columns = match walk {
        Walk::Id => "c.id, null::timestamptz as created_at, null::text as word",
        Walk::Created => "c.id, c.created_at, null::text as word",
        Walk::Word => "w.client_id as id, null::timestamptz as created_at, w.word",
    };
    let from = if walk == Walk::Word { "client_words w" } else { "clients c" };
    let mut sql = QueryBuilder::new(format!("select {columns} from {from} where "));
    walked(&mut sql, partner, filter, walk, after);
    sql.push(" order by ").push(walk.key()).push(" limit 1 offset ").push_bind(window - 1);
    let stop: Option<Stop> = sql.build_query_as().fetch_optional(db).await?;
    Ok(stop.map(|stop| match (walk, stop.created_at, stop.word) {
        (Walk::Created, Some(at), _) => ClientPlace::Created(at, stop.id),
        (Walk::Word, _, Some(word)) => ClientPlace::Word(word, stop.id),
        _ => ClientPlace::Id(stop.id),
    }))
}

/// The statement of a page: one row more than it has, to know whether there are more.
fn rows(
    partner: PartnerId,
    filter: &ClientFilter,
    walk: Walk,
    after: Option<&ClientPlace>,
    stop: Option<&ClientPlace>,
    window: i64,
    limit: u16,
) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::new(format!("select {COLUMNS}, "));
    if walk == Walk::Word {
        // Without these fences the planner would rather read all clients than believe how few words lead to one.
        sql.push("w.word from (select w.word, w.client_id from client_words w where ");
        walked(&mut sql, partner, filter, walk, after);
        until(&mut sql, walk, stop);
        // More than there can be, with all that came since.
        sql.push(" order by w.word, w.client_id limit ").push_bind(2 * window);
        sql.push(") w cross join lateral (select * from clients c where c.partner_id = ").push_bind(partner.0);
        sql.push(" and c.id = w.client_id offset 0) c where true");
    } else {
        sql.push("null::text as word from clients c where ");
        walked(&mut sql, partner, filter, walk, after);
        until(&mut sql, walk, stop);
    }
    chosen(&mut sql, filter, walk);
    sql.push(" order by ").push(walk.key()).push(" limit ").push_bind(i64::from(limit) + 1);
    sql
}

/// No further than the place where the next page begins, however many entries came or went since it was looked for.
fn until(sql: &mut QueryBuilder<Postgres>, walk: Walk, stop: Option<&ClientPlace>) {
    if let Some(stop) = stop {
        compare(sql, walk, "<=", stop);
    }
}

/// What bounds the walk along the index.
fn walked(
    sql: &mut QueryBuilder<Postgres>,
    partner: PartnerId,
    filter: &ClientFilter,
    walk: Walk,
    after: Option<&ClientPlace>,
) {
    match (walk, filter.q.first()) {
        (Walk::Word, Some(word)) => {
            sql.push("w.partner_id = ").push_bind(partner.0);
            sql.push(" and w.word >= ").push_bind(word.clone()).push(" and w.word < ").push_bind(beyond(word));
        }
        _ => {
            sql.push("c.partner_id = ").push_bind(partner.0);
        }
    }
    if walk == Walk::Id {
        one_value(sql, partner, filter);
    }
    if walk == Walk::Created {
        created(sql, filter);
    }
    if let Some(after) = after {
        compare(sql, walk, ">", after);
    }
}

/// The values that lead to few clients, each by an index of its own in the order of ids.
fn one_value(sql: &mut QueryBuilder<Postgres>, partner: PartnerId, filter: &ClientFilter) {
    if let Some(customer_id) = &filter.customer_id {
        sql.push(" and c.customer_id = ").push_bind(customer_id.clone());
    }
    if let Some(ns_domain) = &filter.ns_domain {
        sql.push(" and c.id = (select client_id from ns_domains where ns_domain = ").push_bind(ns_domain.clone());
        sql.push(" and partner_id = ").push_bind(partner.0).push(")");
    }
    if let Some(email) = &filter.email {
        sql.push(" and lower(c.email) = lower(").push_bind(email.clone()).push(")");
    }
    if let Some(subreseller) = &filter.subreseller_id {
        sql.push(" and c.subreseller_id = ").push_bind(subreseller.clone());
    }
}

fn created(sql: &mut QueryBuilder<Postgres>, filter: &ClientFilter) {
    if let Some(after) = filter.created_after {
        sql.push(" and c.created_at >= ").push_bind(after);
    }
    if let Some(before) = filter.created_before {
        sql.push(" and c.created_at < ").push_bind(before);
    }
}

/// What the index does not know, asked of each row.
fn chosen(sql: &mut QueryBuilder<Postgres>, filter: &ClientFilter, walk: Walk) {
    sql.push(" and c.erased_at is null");
    if let Some(status) = filter.status {
        sql.push(" and c.status = ").push_bind(status.as_str());
    }
    if walk != Walk::Created {
        created(sql, filter);
    }
    for word in filter.q.iter().skip(usize::from(walk == Walk::Word)) {
        sql.push(" and ' ' || c.search like ").push_bind(format!("% {word}%"));
    }
    if walk != Walk::Word {
        return;
    }
    if let Some(subreseller) = &filter.subreseller_id {
        sql.push(" and c.subreseller_id = ").push_bind(subreseller.clone());
    }
    if let Some(word) = filter.q.first() {
        // A client that has several words of that beginning comes with the first of them alone.
        sql.push(" and not exists (select from unnest(string_to_array(c.search, ' ')) as other (word)");
        sql.push(" where starts_with(other.word, ").push_bind(word.clone());
        sql.push(r#") and other.word collate "C" < w.word)"#);
    }
}

fn compare(sql: &mut QueryBuilder<Postgres>, walk: Walk, operator: &str, place: &ClientPlace) {
    sql.push(format!(" and ({}) {operator} (", walk.key()));
    match place {
        ClientPlace::Id(id) => sql.push_bind(*id),
        ClientPlace::Created(at, id) => sql.push_bind(*at).push(", ").push_bind(*id),
        ClientPlace::Word(word, id) => sql.push_bind(word.clone()).push(", ").push_bind(*id),
    };
    sql.push(")");
    if let ClientPlace::Created(at, _) = place {
        // The planner cannot estimate a comparison of rows: it would take one page's share for half of all clients.
        sql.push(format!(" and c.created_at {}= ", &operator[..1])).push_bind(*at);
    }
}

/// The end of the range of words that begin with `word`: those have no letter beyond `z`.
fn beyond(word: &str) -> String {
    format!("{word}~")
}
