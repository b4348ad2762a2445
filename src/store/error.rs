//! What can go wrong with the database, told apart by what its caller can do about it.

use std::sync::Arc;

use sqlx::{
    error::DatabaseError,
    postgres::{PgDatabaseError, PgSeverity},
};

/// Why a statement did not do its work.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// A unique constraint of this name holds the value already.
    #[error("the value is taken ({0})")]
    Taken(String),
    /// The database can never hold this value: what let it through has a gap.
    #[error("the database refused a value: {0}")]
    Refused(#[source] Arc<sqlx::Error>),
    /// The database is away, overloaded or in the middle of a failover: the same call may succeed later.
    #[error("the database is unavailable: {0}")]
    Unavailable(#[source] Arc<sqlx::Error>),
    /// A defect of ours, or of the schema.
    #[error("the database failed: {0}")]
    Failed(#[source] Arc<sqlx::Error>),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let error = Arc::new(error);
        match error.as_ref() {
            // A proxy that has no server to pass a connection on to closes it; sqlx takes that end for a wrong word.
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed => Self::Unavailable(error),
            // The session is over, whatever it was: a disk that is full ends some with XX000.
            sqlx::Error::Database(told) if is_end_of_session(told.as_ref()) => Self::Unavailable(error),
            sqlx::Error::Database(told) => match told.code().as_deref().map(Class::of) {
                Some(Class::Taken) => Self::Taken(constraint(told.as_ref())),
                Some(Class::Refused) => Self::Refused(error),
                Some(Class::Unavailable) => Self::Unavailable(error),
                Some(Class::Failed) | None => Self::Failed(error),
            },
            _ => Self::Failed(error),
        }
    }
}

fn is_end_of_session(told: &(dyn DatabaseError + 'static)) -> bool {
    let severity = told.try_downcast_ref::<PgDatabaseError>().map(PgDatabaseError::severity);
    matches!(severity, Some(PgSeverity::Fatal | PgSeverity::Panic))
}

fn constraint(told: &(dyn DatabaseError + 'static)) -> String {
    told.constraint().unwrap_or_default().to_owned()
}

/// SQLSTATE, by what follows from it.
enum Class {
    Taken,
    Refused,
    Unavailable,
    Failed,
}

impl Class {
    fn of(sqlstate: &str) -> Self {
        match sqlstate {
            "23505" => Self::Taken,
            // A NUL or another character that the encoding lacks, text too long, a number out of range.
            "22021" | "22P05" | "22001" | "22003" => Self::Refused,
            // Read-only after a failover, a lock not to be had, a conflict that a later try would not meet, a statement
            // that took too long; and what a connection is refused with while an operator works on the database: it
            // takes no sessions, is gone by that name, or its role may not log in.
            "25006" | "55P03" | "40001" | "40P01" | "57014" | "55000" | "3D000" => Self::Unavailable,
            code if ["08", "28", "53", "58", "57P0"].iter().any(|class| code.starts_with(class)) => Self::Unavailable,
            code if code.starts_with("23") => Self::Refused,
            _ => Self::Failed,
        }
    }
}
