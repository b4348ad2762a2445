//! CSV, read a bounded record at a time: a quote that is never closed would make one of the rest of the file.

use std::{
    io::{self, BufRead as _, BufReader, Read},
    iter,
};

use csv_core::{ReadRecordResult, Reader};

use super::rows::{ROW_MAX, Row, TOO_LONG, unreadable};

/// Fields of a record, at most.
const FIELDS_MAX: usize = 1024;

/// The records that follow the one that names the columns.
pub(super) fn records(file: BufReader<impl Read>) -> impl Iterator<Item = io::Result<Row>> {
    let mut records = Records { file, reader: Reader::new(), bytes: vec![0; ROW_MAX], ends: vec![0; FIELDS_MAX] };
    let mut names: Option<Vec<String>> = None;
    let mut ended = false;
    let mut next = move || -> io::Result<Option<Row>> {
        if ended {
            return Ok(None);
        }
        let columns = match &names {
            Some(columns) => columns,
            None => match records.names()? {
                Ok(read) => names.insert(read),
                Err(bad) => {
                    ended = true;
                    return Ok(Some(bad));
                }
            },
        };
        Ok(match records.next()? {
            Record::End => None,
            Record::TooLong => Some(Row::Bad(TOO_LONG)),
            Record::Fields(fields) if fields.len() == columns.len() => {
                Some(Row::Fields(columns.iter().cloned().zip(fields.into_iter().map(<[u8]>::to_vec)).collect()))
            }
            Record::Fields(_) => {
                Some(Row::Bad(unreadable("The row has another number of fields than the first row has names.")))
            }
        })
    };
    iter::from_fn(move || next().transpose())
}

/// What comes next in a file.
enum Record<'a> {
    Fields(Vec<&'a [u8]>),
    TooLong,
    End,
}

struct Records<R> {
    file: BufReader<R>,
    reader: Reader,
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl<R: Read> Records<R> {
    fn next(&mut self) -> io::Result<Record<'_>> {
        let (mut written, mut fields, mut too_long) = (0, 0, false);
        loop {
            let input = self.file.fill_buf()?;
            let (bytes, ends) = (&mut self.bytes[written..], &mut self.ends[fields..]);
            let (result, read, more, more_fields) = self.reader.read_record(input, bytes, ends);
            self.file.consume(read);
            (written, fields) = (written + more, fields + more_fields);
            match result {
                ReadRecordResult::InputEmpty => {}
                // What is left of it is read over.
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {
                    (written, fields, too_long) = (0, 0, true);
                }
                ReadRecordResult::Record if too_long => return Ok(Record::TooLong),
                ReadRecordResult::Record => break,
                ReadRecordResult::End => return Ok(Record::End),
            }
        }
        let starts = iter::once(0).chain(self.ends.iter().copied());
        let spans = starts.zip(&self.ends).take(fields);
        Ok(Record::Fields(spans.map(|(start, end)| &self.bytes[start..*end]).collect()))
    }

    /// The names of the columns, or what is told where there are none.
    fn names(&mut self) -> io::Result<Result<Vec<String>, Row>> {
        let fields = match self.next()? {
            Record::Fields(fields) => fields,
            Record::TooLong => return Ok(Err(Row::Bad(TOO_LONG))),
            Record::End => return Ok(Ok(Vec::new())),
        };
        let names = fields.iter().map(|name| str::from_utf8(name).map(|name| name.trim().to_owned()));
        let names: Result<Vec<_>, _> = names.collect();
        Ok(names.map_err(|_| Row::Bad(unreadable("The first row is not UTF-8."))))
    }
}
