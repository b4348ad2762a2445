//! A file's rows, hundreds at a time. They are read and checked on a blocking thread, the next ones while these are worked
//! on; between two batches no thread waits.

use std::{
    fs::File,
    io::{self, Seek as _},
};

use tokio::task::{JoinHandle, spawn_blocking};

use super::{
    line::RowLine,
    rows::{Row, Rows, rows},
};
use crate::domain::{client::NewClient, import::Format};

/// Rows of a batch.
const SIZE: usize = 500;

/// A row's number, and its new client or what is told of it.
pub struct Numbered {
    /// From 1.
    pub number: u64,
    /// What it came to.
    pub row: Result<NewClient, RowLine>,
}

/// What a blocking thread hands over, and takes back for the next ones.
type Read = io::Result<(Vec<Numbered>, Rows, u64)>;

/// The batches of a file that are yet to come.
pub struct Batches(Option<JoinHandle<Read>>);

impl Batches {
    /// From a file's beginning on. One reader of a file at a time: they would move each other's place.
    ///
    /// # Errors
    /// The file's.
    pub fn of(format: Format, file: &File) -> io::Result<Self> {
        let rows = rows(format, from_the_beginning(file)?);
        Ok(Self(Some(spawn_blocking(move || read(rows, 1)))))
    }

    /// The next one; none at the end.
    ///
    /// # Errors
    /// The file's.
    pub async fn next(&mut self) -> io::Result<Option<Vec<Numbered>>> {
        let Some(reading) = self.0.take() else { return Ok(None) };
        let (batch, rows, number) = reading.await.map_err(io::Error::other)??;
        if batch.is_empty() {
            return Ok(None);
        }
        self.0 = Some(spawn_blocking(move || read(rows, number)));
        Ok(Some(batch))
    }

    /// Lets the reader come to rest, so that the file may be read anew.
    pub async fn end(&mut self) {
        if let Some(reading) = self.0.take() {
            drop(reading.await);
        }
    }
}

/// How many rows a file has; no more than `max` are counted.
///
/// # Errors
/// The file's.
pub async fn count(format: Format, file: &File, max: usize) -> io::Result<usize> {
    let file = from_the_beginning(file)?;
    let counted = spawn_blocking(move || rows(format, file).take(max).try_fold(0, |count, row| row.map(|_| count + 1)));
    counted.await.map_err(io::Error::other)?
}

fn from_the_beginning(file: &File) -> io::Result<File> {
    let mut file = file.try_clone()?;
    file.rewind()?;
    Ok(file)
}

fn read(mut rows: Rows, mut number: u64) -> Read {
    let mut batch = Vec::with_capacity(SIZE);
    for row in rows.by_ref().take(SIZE) {
        batch.push(Numbered { number, row: parse(number, row?) });
        number += 1;
    }
    Ok((batch, rows, number))
}

fn parse(number: u64, row: Row) -> Result<NewClient, RowLine> {
    let parameters = row.parameters().map_err(|bad| RowLine::failed(number, bad.error, bad.message.to_owned()))?;
    NewClient::parse(&parameters).map_err(|errors| RowLine {
        errors: Some(errors.clone()),
        ..RowLine::failed(number, "validation_failed", errors.message())
    })
}
