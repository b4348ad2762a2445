use std::time::Duration;

use sqlx::{ConnectOptions as _, PgConnection, postgres::PgConnectOptions};
use tokio::{
    sync::Mutex,
    time::{Instant, timeout},
};

use crate::store::{self, StoreError};

/// How long the database may take to answer before this server is taken for not ready.
const DEADLINE: Duration = Duration::from_secs(1);
/// How long an answer serves all who ask.
const FRESH: Duration = Duration::from_secs(1);

/// Whether the database is fit for requests: asked over a connection that nothing else uses, since a server is not unready
/// for being busy, and once a second at most, however many ask.
pub struct Readiness {
    options: PgConnectOptions,
    last: Mutex<Last>,
}

#[derive(Default)]
struct Last {
    connection: Option<PgConnection>,
    answer: Option<(Instant, Result<(), String>)>,
}

impl Readiness {
    /// That of this database.
    #[must_use]
    pub fn of(options: PgConnectOptions) -> Self {
        Self { options, last: Mutex::default() }
    }

    /// Whether the database answers, takes changes, and has the schema that this program needs.
    ///
    /// # Errors
    /// Why not, for the log.
    pub async fn database(&self) -> Result<(), String> {
        let mut last = self.last.lock().await;
        if let Some((at, answer)) = &last.answer
            && at.elapsed() < FRESH
        {
            return answer.clone();
        }
        // Dropped half-way, the connection is closed: it comes back only with an answer.
        let kept = last.connection.take();
        let answer = match timeout(DEADLINE, self.ask(kept)).await {
            Ok(Ok((connection, obstacle))) => {
                last.connection = Some(connection);
                obstacle.map_or(Ok(()), |obstacle| Err(obstacle.to_owned()))
            }
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err("the database did not answer in time".to_owned()),
        };
        last.answer = Some((Instant::now(), answer.clone()));
        answer
    }

    /// Asks on the connection of the last time; where that has ended since, on another.
    async fn ask(&self, kept: Option<PgConnection>) -> Result<(PgConnection, Option<&'static str>), StoreError> {
        if let Some(mut connection) = kept
            && let Ok(obstacle) = obstacle(&mut connection).await
        {
            return Ok((connection, obstacle));
        }
        let mut connection = self.options.connect().await?;
        let obstacle = obstacle(&mut connection).await?;
        Ok((connection, obstacle))
    }
}

async fn obstacle(connection: &mut PgConnection) -> Result<Option<&'static str>, StoreError> {
    if !store::pool::is_writable(connection).await? {
        return Ok(Some("the database is read-only"));
    }
    if !store::schema::pending(connection).await?.is_empty() {
        return Ok(Some("the schema is behind: run `dna-api migrate`"));
    }
    let narrowed = store::schema::narrowed(connection).await?;
    Ok(narrowed.map(|_| "the schema has lost what this version needs: run a newer one"))
}
