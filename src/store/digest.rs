//! What is in the database, in a number for each table: equal before a dump and after its restore, by whatever version of
//! Postgres.

use sqlx::{AssertSqlSafe, PgConnection};

use super::StoreError;

/// A table, or the schema itself.
#[derive(Debug)]
pub struct Digest {
    /// Its name.
    pub table: String,
    /// How many rows, or objects of the schema.
    pub rows: i64,
    /// The sum of 64 bits of each row's SHA-256, whatever their order.
    pub digest: u64,
}

/// Of each table, by name.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn tables(db: &mut PgConnection) -> Result<Vec<Digest>, StoreError> {
    let tables = sqlx::query!(
        r#"select relname::text as "name!", format('public.%I', relname) as "quoted!"
           from pg_class
           where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition
           order by relname collate "C""#
    )
    .fetch_all(&mut *db)
    .await?;
    let mut digests = Vec::new();
    for table in tables {
        // No statement knows the tables that are yet to come; the name is one of the catalogue, quoted by the database.
        let sql = format!("select t::text as row from {} as t", table.quoted);
        digests.push(of(db, table.name, sql).await?);
    }
    Ok(digests)
}

/// Of what the schema consists of: columns, constraints, indexes, functions and triggers, by name and type.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn schema(db: &mut PgConnection) -> Result<Digest, StoreError> {
    // Postgres 18 counts `not null` among the constraints; the column says it already.
    let sql = "with ours as (
                   select oid, relname, relkind from pg_class where relnamespace = 'public'::regnamespace
               )
               select concat_ws(' ', relname, attname, format_type(atttypid, atttypmod), attnotnull, attidentity) as row
               from ours join pg_attribute on attrelid = ours.oid
               where relkind in ('r', 'p') and attnum > 0 and not attisdropped
               union all
               select concat_ws(' ', relname, conname, convalidated) from ours join pg_constraint on conrelid = ours.oid
               where contype <> 'n'
               union all
               select concat_ws(' ', 'index', relname, indisvalid) from ours join pg_index on indexrelid = ours.oid
               union all
               select concat_ws(' ', relname, tgname, tgenabled) from ours join pg_trigger on tgrelid = ours.oid
               where not tgisinternal
               union all
               select concat_ws(' ', proname, oidvectortypes(proargtypes)) from pg_proc
               where pronamespace = 'public'::regnamespace";
    of(db, "schema".to_owned(), sql.to_owned()).await
}

/// Of the rows of a query, which are texts called `row`.
async fn of(db: &mut PgConnection, table: String, rows: String) -> Result<Digest, StoreError> {
    let sql = format!(
        "select count(*), coalesce(sum(('x' || left(encode(sha256(convert_to(row, 'UTF8')), 'hex'), 16))::bit(64)::bigint),
                                   0)::text
         from ({rows}) as rows"
    );
    let (rows, sum): (i64, String) = sqlx::query_as(AssertSqlSafe(sql)).fetch_one(db).await?;
    let sum: i128 = sum.parse().map_err(|error| StoreError::from(sqlx::Error::Decode(Box::new(error))))?;
    let digest = u64::try_from(sum.rem_euclid(1 << 64)).unwrap_or_default();
    Ok(Digest { table, rows, digest })
}
