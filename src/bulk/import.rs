//! Importing clients: each row is a creation, with the same rules and the same first event. A row whose `customer_id` a
//! client has already is left alone, so the same import again changes nothing.

use std::{
    collections::HashSet,
    fs::File,
    io::{self, Seek as _},
};

use sqlx::{PgConnection, PgPool};
use tokio::sync::mpsc::Sender;

use super::{
    line::{Line, RowLine, Summary},
    rows::{Row, rows},
};
use crate::{
    domain::{
        client::{ClientName, NewClient},
        event::Origin,
        import::Format,
    },
    store::{self, StoreError, retry::Retries},
};

/// Rows of an import, at most.
pub const ROWS_MAX: u64 = 50_000;

/// An import: whose, and how.
pub struct Import<'a> {
    /// The database.
    pub db: &'a PgPool,
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
enum Ended {
    /// Nobody reads its lines any more.
    Unheard,
    /// The file.
    File(io::Error),
    /// The database.
    Store(StoreError),
}

impl From<StoreError> for Ended {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<io::Error> for Ended {
    fn from(error: io::Error) -> Self {
        Self::File(error)
    }
}

impl Import<'_> {
    /// Imports a file from its beginning, and tells what became of each row; the summary comes back, and is not among the
    /// lines. Where nobody reads them any more, it ends; what was created by then stays.
    pub async fn run(&self, format: Format, mut file: File, out: &Sender<Line>) -> Summary {
        let mut sum = Summary { result: "OK", dry_run: self.dry_run, ..Summary::default() };
        let ended = match self.carry_out(format, &mut file, out, &mut sum).await {
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

    async fn carry_out(
        &self,
        format: Format,
        file: &mut File,
        out: &Sender<Line>,
        sum: &mut Summary,
    ) -> Result<(), Ended> {
        file.rewind()?;
        let count = rows(format, &*file).take(usize::try_from(ROWS_MAX + 1).unwrap_or(usize::MAX)).count();
        if count as u64 > ROWS_MAX {
            sum.error = Some("payload_too_large");
            sum.message = Some("An import may not have more than 50,000 rows.");
            return Ok(());
        }
        if self.dry_run || self.all_or_nothing {
            file.rewind()?;
            self.check(rows(format, &*file), out, sum).await?;
            if self.dry_run || sum.failed > 0 {
                sum.created = if self.dry_run { sum.created } else { 0 };
                return Ok(());
            }
            *sum = Summary { result: "OK", ..Summary::default() };
        }
        file.rewind()?;
        if !self.all_or_nothing {
            return self.create_each(rows(format, &*file), out, sum).await;
        }
        let mut retries = Retries::of_transaction();
        let lines = loop {
            match self.create_all(rows(format, &*file)).await {
                Err(error) if retries.again(&error).await => file.rewind()?,
                done => break done?,
            }
        };
        for line in lines {
            sum.rows += 1;
            tell(out, sum, line).await?;
        }
        Ok(())
    }

    /// Looks at every row and writes nothing. All-or-nothing, only what fails is told: the rest has its turn later.
    async fn check(
        &self,
        rows: impl Iterator<Item = Row> + Send,
        out: &Sender<Line>,
        sum: &mut Summary,
    ) -> Result<(), Ended> {
        let mut seen = HashSet::new();
        for row in rows {
            sum.rows += 1;
            let new = match parse(sum.rows, row) {
                Ok(new) => new,
                Err(line) => {
                    tell(out, sum, line).await?;
                    continue;
                }
            };
            let holder = self.holder(&mut *self.db.acquire().await.map_err(StoreError::from)?, &new).await?;
            let repeated = new.customer_id.is_some_and(|id| !seen.insert(id));
            let result = if holder.is_some() || repeated { "EXISTS" } else { "OK" };
            let line = RowLine::done(sum.rows, result, holder);
            if self.dry_run {
                tell(out, sum, line).await?;
            }
        }
        Ok(())
    }

    async fn create_each(
        &self,
        rows: impl Iterator<Item = Row> + Send,
        out: &Sender<Line>,
        sum: &mut Summary,
    ) -> Result<(), Ended> {
        for row in rows {
            sum.rows += 1;
            let line = match parse(sum.rows, row) {
                Ok(new) => {
                    let mut retries = Retries::of_transaction();
                    loop {
                        let mut db = self.db.acquire().await.map_err(StoreError::from)?;
                        match self.create(&mut db, sum.rows, new.clone()).await {
                            Err(error) if retries.again(&error).await => {}
                            done => break done?,
                        }
                    }
                }
                Err(line) => line,
            };
            tell(out, sum, line).await?;
        }
        Ok(())
    }

    /// Creates all in one transaction. What is told is kept until the commit: a reader that is slow must not keep it open.
    async fn create_all(&self, rows: impl Iterator<Item = Row> + Send) -> Result<Vec<RowLine>, StoreError> {
        let mut lines = Vec::new();
        let mut transaction = self.db.begin().await?;
        for (number, row) in (1..).zip(rows) {
            match parse(number, row) {
                Ok(new) => lines.push(self.create(&mut transaction, number, new).await?),
                Err(line) => lines.push(line),
            }
        }
        transaction.commit().await?;
        Ok(lines)
    }

    async fn create(&self, db: &mut PgConnection, number: u64, new: NewClient) -> Result<RowLine, StoreError> {
        if let Some(holder) = self.holder(db, &new).await? {
            return Ok(RowLine::done(number, "EXISTS", Some(holder)));
        }
        let customer_id = new.customer_id.clone();
        match store::client::create(&mut *db, self.origin, new, self.suffix).await {
            Ok(client) => {
                let name = ClientName { id: client.id, ns_domain: client.ns_domain };
                Ok(RowLine::done(number, "OK", Some(name)))
            }
            // Another one was faster. In a transaction there is no asking any more.
            Err(StoreError::Taken(_)) if !self.all_or_nothing => {
                let id = customer_id.unwrap_or_default();
                let holder = store::client::by_customer_id(db, self.origin.partner, &id).await?;
                Ok(RowLine::done(number, "EXISTS", holder))
            }
            Err(StoreError::Refused(_)) if !self.all_or_nothing => {
                let message = "A parameter holds what cannot be stored.".to_owned();
                Ok(RowLine::failed(number, "invalid_request", message))
            }
            Err(error) => Err(error),
        }
    }

    async fn holder(&self, db: &mut PgConnection, new: &NewClient) -> Result<Option<ClientName>, StoreError> {
        match &new.customer_id {
            Some(id) => store::client::by_customer_id(db, self.origin.partner, id).await,
            None => Ok(None),
        }
    }
}

/// The new client of a row, or what is told of it.
fn parse(number: u64, row: Row) -> Result<NewClient, RowLine> {
    let parameters = row.map_err(|why| RowLine::failed(number, "invalid_request", why.to_owned()))?;
    NewClient::parse(&parameters).map_err(|errors| RowLine {
        errors: Some(errors.clone()),
        ..RowLine::failed(number, "validation_failed", errors.message())
    })
}

/// Counts a row and tells what became of it.
async fn tell(out: &Sender<Line>, sum: &mut Summary, line: RowLine) -> Result<(), Ended> {
    match line.result {
        "OK" => sum.created += 1,
        "EXISTS" => sum.existing += 1,
        _ => sum.failed += 1,
    }
    out.send(Line::Row(line)).await.map_err(|_| Ended::Unheard)
}
