//! The parameters of an import, beside its file, and of an export.

use super::{
    client_filter::{BadQuery, ClientFilter, NAMES},
    form::{self, Form},
    parameters::{Parameters, Value},
    validation::{Refusal, ValidationErrors},
};

/// What a file is written in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// A JSON object a line; empty lines do not count.
    Ndjson,
    /// Comma-separated values, in UTF-8, under a row of names.
    Csv,
}

/// How a file is imported.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// Whether nothing is to be written.
    pub dry_run: bool,
    /// Whether one row that fails keeps all from being written.
    pub all_or_nothing: bool,
}

impl Options {
    /// Reads `dry_run`, a boolean, and `mode`: `rows` (each for itself, the default) or `all` (all or nothing).
    ///
    /// # Errors
    /// [`ValidationErrors`] with every parameter that is wrong.
    pub fn parse(parameters: &Parameters) -> Result<Self, ValidationErrors> {
        let mut form = Form::new(parameters);
        let dry_run = form.optional("dry_run", form::boolean).unwrap_or(false);
        let all_or_nothing = form.optional("mode", mode).unwrap_or(false);
        let errors = form.errors();
        if errors.is_empty() { Ok(Self { dry_run, all_or_nothing }) } else { Err(errors) }
    }
}

fn mode(value: &Value) -> Result<bool, Refusal> {
    match value.as_text() {
        Some("rows") => Ok(false),
        Some("all") => Ok(true),
        _ => Err(Refusal::Format),
    }
}

/// What is exported, and how.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Export {
    /// Which clients.
    pub filter: ClientFilter,
    /// What `format` asks for: `ndjson` or `csv`; none where it is not there.
    pub format: Option<Format>,
}

impl Export {
    /// Reads the filter of a list of clients, and `format`.
    ///
    /// # Errors
    /// [`BadQuery`]
    pub fn parse(parameters: &Parameters) -> Result<Self, BadQuery> {
        if parameters.names().any(|name| name != "format" && !NAMES.contains(&name)) {
            return Err(BadQuery::Unknown);
        }
        let mut form = Form::new(parameters);
        let filter = ClientFilter::read(&mut form);
        let format = form.optional("format", |value| value.as_text().and_then(Format::parse).ok_or(Refusal::Format));
        let errors = form.errors();
        if errors.is_empty() { Ok(Self { filter, format }) } else { Err(BadQuery::Invalid(errors)) }
    }
}

impl Format {
    /// The format of that word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "ndjson" => Some(Self::Ndjson),
            "csv" => Some(Self::Csv),
            _ => None,
        }
    }
}
