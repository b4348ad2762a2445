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

/// What is read depends on nothing but the bytes, and each row is one of a few things. The fields of CSV come back.
fn read(format: Format, data: &[u8]) -> Vec<Vec<(String, Vec<u8>)>> {
    let (mut read, mut fields) = (Vec::new(), Vec::new());
    for row in all(format, Cursor::new(data.to_vec())) {
        match &row {
            Row::Line(line) => {
                assert!(format == Format::Ndjson && !line.is_empty());
                assert!(line.len() <= ROW_MAX && line.trim_ascii() == line);
            }
            Row::Fields(row) => {
                assert!(format == Format::Csv && row.iter().map(|(_, field)| field.len()).sum::<usize>() <= ROW_MAX);
                fields.push(row.clone());
            }
            Row::Bad(bad) => assert!(["invalid_request", "payload_too_large"].contains(&bad.error)),
        }
        read.push(parameters(row));
    }
    assert!(read.len() <= data.len(), "a row has a byte at least");
    let slowly: Vec<_> = all(format, Trickle(Cursor::new(data.to_vec()))).into_iter().map(parameters).collect();
    assert_eq!(slowly, read);
    for parameters in read.iter().flatten() {
        if let Err(errors) = NewClient::parse(parameters) {
            assert!(!errors.is_empty());
        }
    }
    fields
}

/// The bytes are JSON, a line a row.
pub(crate) fn ndjson(data: &[u8]) {
    assert!(read(Format::Ndjson, data).is_empty());
}

/// The bytes are CSV: what was read can be written and read again.
pub(crate) fn csv(data: &[u8]) {
    let read = read(Format::Csv, data);
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
    let again = all(Format::Csv, Cursor::new(written)).into_iter().map(|row| match row {
        Row::Fields(fields) => fields,
        Row::Line(_) | Row::Bad(_) => panic!("what we wrote"),
    });
    assert_eq!(again.collect::<Vec<_>>(), read);
}
