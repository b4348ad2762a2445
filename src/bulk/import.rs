//! Importing clients: each row is a creation, with the same rules and the same first event. A row whose `customer_id` a
//! client has already is left alone, so the same import again changes nothing.

use std::{
    collections::{BTreeSet, HashSet},
    fs::File,
    io, slice,
};

use tokio::sync::mpsc::Sender;

use super::{
    batches::{Batches, count},
    line::{Line, RowLine, Summary},
};
use crate::{
    domain::{event::Origin, import::Format},
    metrics::{Counts, database::Conflict},
    store::{
        StoreError, client_import,
        db::Db,
        pulse::{LONG_PATIENCE, Pulse, silent},
        retry::repeatable,
    },
};

/// Rows of an import, at most.
pub const ROWS_MAX: usize = 50_000;

/// An import: whose, and how.
pub struct Import<'a> {
    /// The database.
    pub db: &'a Db,
    /// Whether it answers, where somebody asks it all the time.
    pub pulse: Option<&'a Pulse>,
    /// What is done again is counted here.
    pub retries: &'a Counts<Conflict>,
    /// Who imports.
    pub origin: Origin<'a>,
    /// The end of every new client's domain.
    pub suffix: &'a str,
    /// Whether nothing is to be written.
    pub dry_run: bool,
    /// Whether one row that fails keeps all from being written.
    pub all_or_nothing: bool,
}

/// Why an import ends before its end.
#[derive(Debug, thiserror::Error)]
enum Ended {
    /// Nobody reads its lines any more.
    #[error("nobody reads what is told")]
    Unheard,
    /// The file.
    #[error("the file cannot be read: {0}")]
    File(#[from] io::Error),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Import<'_> {
    /// Imports a file from its beginning, and tells what became of each row; the summary comes back, and is not among the
    /// lines. Where nobody reads them any more, it ends; what was created by then stays.
    pub async fn run(&self, format: Format, file: File, out: &Sender<Line>) -> Summary {
        let mut sum = Summary { result: "OK", dry_run: self.dry_run, ..Summary::default() };
        let ended = match Box::pin(self.carry_out(format, &file, out, &mut sum)).await {
            Ok(()) | Err(Ended::Unheard) => None,
            Err(Ended::File(error)) => Some(("server_error", "The file cannot be read.", error.to_string())),
            Err(Ended::Store(error @ StoreError::Unavailable(_))) => {
                Some(("temporarily_unavailable", "The service is temporarily unavailable.", error.to_string()))
            }
            Err(Ended::Store(error)) => Some(("server_error", "Something went wrong on our side.", error.to_string())),
        };
        if let Some((error, message, cause)) = ended {
            tracing::error!(%cause, "an import ended early");
            (sum.error, sum.message) = (Some(error), Some(message));
        }
        if sum.failed > 0 || sum.error.is_some() {
            sum.result = "ERROR";
        }
        sum
    }

    async fn carry_out(&self, format: Format, file: &File, out: &Sender<Line>, sum: &mut Summary) -> Result<(), Ended> {
        if count(format, file, ROWS_MAX + 1).await? > ROWS_MAX {
            sum.error = Some("payload_too_large");
            sum.message = Some("An import may not have more than 50,000 rows.");
            return Ok(());
        }
        if !self.dry_run && !self.all_or_nothing {
            return self.create_each(Batches::of(format, file)?, out, sum).await;
        }
        let checked = self.check(Batches::of(format, file)?, out, sum).await;
        if self.all_or_nothing && (checked.is_err() || sum.failed > 0) {
            sum.created = 0;
        }
        let slugs = checked?;
        if self.dry_run || sum.failed > 0 {
            return Ok(());
        }
        *sum = Summary { result: "OK", ..Summary::default() };
        let slugs: Vec<String> = slugs.into_iter().collect();
        let mut lines = self.heard(repeatable(self.retries, || self.create_all(format, file, &slugs))).await?;
        sum.count(&lines);
        if sum.failed > 0 {
            sum.created = 0;
            lines.retain(RowLine::is_failure);
        }
        send(out, lines).await
    }

    /// Does a part of it, unless the database is silent.
    async fn heard<T>(&self, work: impl Future<Output = Result<T, Ended>>) -> Result<T, Ended> {
        match self.pulse {
            Some(pulse) => {
                pulse.unless_silent(LONG_PATIENCE, work).await.unwrap_or_else(|| Err(StoreError::from(silent()).into()))
            }
            None => work.await,
        }
    }

    /// Looks at every row and writes nothing. All-or-nothing, only what fails is told: the rest has its turn later, and
    /// what its domains begin with is returned.
    async fn check(
        &self,
        mut batches: Batches,
        out: &Sender<Line>,
        sum: &mut Summary,
    ) -> Result<BTreeSet<String>, Ended> {
        let (mut seen, mut slugs) = (HashSet::new(), BTreeSet::new());
        while let Some(batch) = batches.next().await? {
            let held = self.heard(repeatable(self.retries, || async {
                let mut db = Box::pin(self.db.acquire()).await.map_err(StoreError::from)?;
                Ok(self.holders(&mut db, &batch).await?)
            }));
            let held = held.await?;
            for one in batch {
                let new = match one.row {
                    Ok(new) => new,
                    Err(line) => {
                        tell(out, sum, line).await?;
                        continue;
                    }
                };
                let holder = new.customer_id.as_ref().and_then(|id| held.get(id)).cloned();
                if !self.dry_run {
                    slugs.insert(self.slug(&new));
                }
                let repeated = new.customer_id.is_some_and(|id| !seen.insert(id));
                let result = if holder.is_some() || repeated { "EXISTS" } else { "OK" };
                let line = RowLine::done(one.number, result, holder);
                if self.dry_run {
                    tell(out, sum, line).await?;
                } else {
                    sum.count(slice::from_ref(&line));
                }
            }
        }
        Ok(slugs)
    }

    /// Creates a batch at a time. What became of one is told once it is committed.
    async fn create_each(&self, mut batches: Batches, out: &Sender<Line>, sum: &mut Summary) -> Result<(), Ended> {
        while let Some(batch) = batches.next().await? {
            let lines = self.heard(repeatable(self.retries, || async {
                let mut transaction = self.begin().await?;
                let lines = self.create(&mut transaction, &batch).await?;
                transaction.commit().await.map_err(StoreError::from)?;
                Ok(lines)
            }));
            let lines = lines.await?;
            sum.count(&lines);
            send(out, lines).await?;
        }
        Ok(())
    }

    /// Creates all in one transaction, or nothing where a row fails. What is to be told is kept until the end: a reader
    /// that is slow must not keep it open, and what was rolled back is not told.
    async fn create_all(&self, format: Format, file: &File, slugs: &[String]) -> Result<Vec<RowLine>, Ended> {
        let mut batches = Batches::of(format, file)?;
        let created = self.create_of(&mut batches, slugs).await;
        batches.end().await;
        created
    }

    async fn create_of(&self, batches: &mut Batches, slugs: &[String]) -> Result<Vec<RowLine>, Ended> {
        let mut lines = Vec::new();
        let mut transaction = self.begin().await?;
        client_import::hold_counters(&mut *transaction, self.origin.partner, slugs, self.suffix).await?;
        while let Some(batch) = batches.next().await? {
            lines.extend(self.create(&mut transaction, &batch).await?);
        }
        let failed = lines.iter().any(RowLine::is_failure);
        let ended = if failed { transaction.rollback().await } else { transaction.commit().await };
        ended.map_err(StoreError::from)?;
        Ok(lines)
    }
}

/// Counts a row and tells what became of it.
async fn tell(out: &Sender<Line>, sum: &mut Summary, line: RowLine) -> Result<(), Ended> {
    sum.count(slice::from_ref(&line));
    send(out, vec![line]).await
}

async fn send(out: &Sender<Line>, lines: Vec<RowLine>) -> Result<(), Ended> {
    for line in lines {
        out.send(Line::Row(line)).await.map_err(|_| Ended::Unheard)?;
    }
    Ok(())
}
