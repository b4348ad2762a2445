//! The rows of an import.

use std::io::{Cursor, Read};

use dna_api::{
    bulk::rows::{ROW_MAX, Row, rows},
    domain::{client::NewClient, import::Format, parameters::Parameters},
};

/// A file that is read a few bytes at a time; three alone, a byte order mark, csv-core would take for the end.
struct Trickle(Cursor<Vec<u8>>);

impl Read for Trickle {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let few = out.len().min(61);
        self.0.read(&mut out[..few])
    }
}

fn all(format: Format, file: impl Read + Send + 'static) -> Vec<Row> {
    rows(format, file).map(|row| row.expect("what can be read")).collect()
}

fn parameters(row: Row) -> Result<Parameters, (&'static str, &'static str)> {
    row.parameters().map_err(|bad| (bad.error, bad.message))
}

/// What is read depends on nothing but the bytes, and each row is one of a few things.
fn read(format: Format, data: &[u8]) -> Vec<Row> {
    let read = all(format, Cursor::new(data.to_vec()));
    assert!(read.len() <= data.len(), "a row has a byte at least");
    for row in &read {
        match row {
            Row::Line(line) => assert!(!line.is_empty() && line.len() <= ROW_MAX && line.trim_ascii() == line),
            Row::Fields(fields) => assert!(fields.iter().map(|(_, field)| field.len()).sum::<usize>() <= ROW_MAX),
            Row::Bad(bad) => assert!(["invalid_request", "payload_too_large"].contains(&bad.error)),
        }
    }
    let slowly: Vec<_> = all(format, Trickle(Cursor::new(data.to_vec()))).into_iter().map(parameters).collect();
    for (one, other) in all(format, Cursor::new(data.to_vec())).into_iter().map(parameters).zip(&slowly) {
        assert_eq!(one, *other);
        if let Ok(parameters) = one
            && let Err(errors) = NewClient::parse(&parameters)
        {
            assert!(!errors.is_empty());
        }
    }
    assert_eq!(slowly.len(), read.len());
    read
}

/// The bytes are JSON, a line a row.
pub(crate) fn ndjson(data: &[u8]) {
    for row in read(Format::Ndjson, data) {
        assert!(!matches!(row, Row::Fields(_)));
    }
}

/// The bytes are CSV: what was read can be written and read again.
pub(crate) fn csv(data: &[u8]) {
    let read: Vec<_> = read(Format::Csv, data).into_iter().filter_map(fields).collect();
    let Some(first) = read.first() else { return };
    let quoted = |field: &[u8]| {
        [b"\"", field.split(|b| *b == b'"').collect::<Vec<_>>().join(&b"\"\""[..]).as_slice(), b"\""].concat()
    };
    let record = |fields: Vec<&[u8]>| {
        [fields.into_iter().map(quoted).collect::<Vec<_>>().join(&b','), b"\r\n".to_vec()].concat()
    };
    let mut written = record(first.iter().map(|(name, _)| name.as_bytes()).collect());
    for row in &read {
        written.extend(record(row.iter().map(|(_, field)| field.as_slice()).collect()));
    }
    let again: Vec<_> = all(Format::Csv, Cursor::new(written)).into_iter().filter_map(fields).collect();
    assert_eq!(again, read);
}

fn fields(row: Row) -> Option<Vec<(String, Vec<u8>)>> {
    match row {
        Row::Fields(fields) => Some(fields),
        Row::Line(_) => panic!("a line in CSV"),
        Row::Bad(_) => None,
    }
}
