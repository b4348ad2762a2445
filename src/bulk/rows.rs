//! The rows of a file, one at a time: a JSON object a line, or CSV (RFC 4180) whose first row names the parameters.

use std::io::{BufRead as _, BufReader, Read};

use crate::domain::{
    import::Format,
    json,
    parameters::{Parameters, Value},
};

/// A row's parameters, or what is wrong with it in a sentence.
pub type Row = Result<Parameters, &'static str>;

/// The rows of a file, in their order.
pub fn rows<'a>(format: Format, file: impl Read + Send + 'a) -> Box<dyn Iterator<Item = Row> + Send + 'a> {
    match format {
        Format::Ndjson => {
            let lines = BufReader::new(file).split(b'\n');
            let lines = lines.map(|line| line.map(|line| line.trim_ascii().to_vec()));
            let lines = lines.filter(|line| line.as_ref().map_or(true, |line| !line.is_empty()));
            Box::new(lines.map(|line| {
                let line = line.map_err(|_| UNREADABLE)?;
                let members = json::object(&line).map_err(|_| "The row is not a JSON object.")?;
                Ok(Parameters::new(Vec::new(), members))
            }))
        }
        Format::Csv => csv(file),
    }
}

const UNREADABLE: &str = "The row cannot be read.";

fn csv<'a>(file: impl Read + Send + 'a) -> Box<dyn Iterator<Item = Row> + Send + 'a> {
    let mut reader = ::csv::ReaderBuilder::new().flexible(true).from_reader(file);
    let names: Vec<String> = match reader.headers() {
        Ok(names) => names.iter().map(|name| name.trim().to_owned()).collect(),
        Err(_) => return Box::new(std::iter::once(Err("The first row is not UTF-8."))),
    };
    Box::new(reader.into_byte_records().map(move |record| {
        let record = record.map_err(|_| UNREADABLE)?;
        if record.len() != names.len() {
            return Err("The row has another number of fields than the first row has names.");
        }
        let pairs = names.iter().zip(record.iter());
        let pairs =
            pairs.map(|(name, field)| Some((name.clone(), Value::Text(str::from_utf8(field).ok()?.to_owned()))));
        let pairs = pairs.collect::<Option<Vec<_>>>().ok_or("The row is not UTF-8.")?;
        Ok(Parameters::new(Vec::new(), pairs))
    }))
}
