//! What the database's roles may do: one owns the schema, another serves with less.

use sqlx::{Connection as _, PgConnection, PgExecutor};

use super::{StoreError, schema};

/// Grants a role what serving needs, table by table. Also a script for psql, which `deploy/roles.sql` includes.
const GRANTS: &str = include_str!("../../deploy/grants.sql");

/// Whom a connection is, in the database.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn role(db: impl PgExecutor<'_>) -> Result<String, StoreError> {
    Ok(sqlx::query_scalar!(r#"select current_user::text as "role!""#).fetch_one(db).await?)
}

/// Grants `runtime` what this program needs on the tables there are, and takes away what it does not. Leaves a schema
/// that is ahead to the program that brought it.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked, or `owner` does not own the tables.
pub async fn grant(owner: &mut PgConnection, runtime: &str) -> Result<(), StoreError> {
    if schema::is_ahead(&mut *owner).await? {
        return Ok(());
    }
    let mut transaction = owner.begin().await?;
    sqlx::query!("select set_config('dna.runtime', $1, true)", runtime).fetch_one(&mut *transaction).await?;
    sqlx::raw_sql(GRANTS).execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(())
}

/// What a role may do beyond serving.
pub struct Excess {
    /// The role.
    pub role: String,
    /// Whether it may change or remove what is only ever added to: the audit log and the clients' events.
    pub rewrites: bool,
    /// Whether it may change the schema: it owns a table, or may make one.
    pub alters: bool,
}

/// What the role of this connection may do that serving does not need.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn excess(db: impl PgExecutor<'_>) -> Result<Excess, StoreError> {
    let excess = sqlx::query_as!(
        Excess,
        r#"
        select current_user::text as "role!",
               has_table_privilege('audit_log', 'update, delete, truncate')
                   or has_table_privilege('client_events', 'update, delete, truncate') as "rewrites!",
               has_schema_privilege('public', 'create')
                   or exists (select from pg_class where relnamespace = 'public'::regnamespace
                              and relkind = 'r' and pg_has_role(relowner, 'usage')) as "alters!"
        "#
    );
    Ok(excess.fetch_one(db).await?)
}

/// Whether the role of this connection may remove audit entries.
///
/// # Errors
/// [`StoreError`] when the database cannot be asked.
pub async fn may_prune_audit(db: impl PgExecutor<'_>) -> Result<bool, StoreError> {
    let may = sqlx::query_scalar!(r#"select has_table_privilege('audit_log', 'delete') as "may!""#);
    Ok(may.fetch_one(db).await?)
}
