//! The rows of a file, one at a time: a JSON object a line, or CSV (RFC 4180) whose first row names the parameters.

use std::{
    io::{self, BufRead as _, BufReader, Read},
    iter,
};

use super::csv;
use crate::domain::{
    import::Format,
    json,
    parameters::{Parameters, Value},
};

/// Bytes of a row, at most: as many as a request that creates one client may have.
pub const ROW_MAX: usize = 64 * 1024;

/// A row as it stands in the file.
pub enum Row {
    /// A line.
    Line(Vec<u8>),
    /// A name and a field for each column.
    Fields(Vec<(String, Vec<u8>)>),
    /// What cannot be a row.
    Bad(Bad),
}

/// Why a row has no parameters.
#[derive(Clone, Copy, Debug)]
pub struct Bad {
    /// The error's word.
    pub error: &'static str,
    /// The error in a sentence.
    pub message: &'static str,
}

/// A row that is too long to be read.
pub(super) const TOO_LONG: Bad = Bad { error: "payload_too_large", message: "The row may not be greater than 64 KiB." };

pub(super) const fn unreadable(message: &'static str) -> Bad {
    Bad { error: "invalid_request", message }
}

/// A file's rows, as long as it can be read.
pub type Rows = Box<dyn Iterator<Item = io::Result<Row>> + Send>;

/// The rows of a file, in their order.
pub fn rows(format: Format, file: impl Read + Send + 'static) -> Rows {
    let file = BufReader::new(file);
    match format {
        Format::Ndjson => Box::new(lines(file)),
        Format::Csv => Box::new(csv::records(file)),
    }
}

/// The lines that are not empty.
fn lines(mut file: BufReader<impl Read>) -> impl Iterator<Item = io::Result<Row>> {
    let mut next = move || -> io::Result<Option<Row>> {
        loop {
            let mut line = Vec::new();
            let read = file.by_ref().take(ROW_MAX as u64 + 1).read_until(b'\n', &mut line)?;
            if read > ROW_MAX && line.last() != Some(&b'\n') {
                file.skip_until(b'\n')?;
                return Ok(Some(Row::Bad(TOO_LONG)));
            }
            let trimmed = line.trim_ascii();
            if !trimmed.is_empty() {
                return Ok(Some(Row::Line(trimmed.to_vec())));
            }
            if read == 0 {
                return Ok(None);
            }
        }
    };
    iter::from_fn(move || next().transpose())
}

impl Row {
    /// What the row says.
    ///
    /// # Errors
    /// [`Bad`]
    pub fn parameters(self) -> Result<Parameters, Bad> {
        let members = match self {
            Self::Line(line) => json::object(&line).map_err(|_| unreadable("The row is not a JSON object."))?,
            Self::Fields(fields) => {
                let text = |field| String::from_utf8(field).map(Value::Text);
                let fields = fields.into_iter().map(|(name, field)| Ok((name, text(field)?)));
                let fields: Result<_, std::string::FromUtf8Error> = fields.collect();
                fields.map_err(|_| unreadable("The row is not UTF-8."))?
            }
            Self::Bad(bad) => return Err(bad),
        };
        Ok(Parameters::new(Vec::new(), members))
    }
}
