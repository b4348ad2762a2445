//! Fields in a line of text: as the library writes them, which would ask for a colour of none around each name.

use std::fmt::{self, Debug};

use tracing::field::{Field, Visit};
use tracing_subscriber::{
    field::RecordFields,
    fmt::{FormatFields, format::Writer},
};

/// Names with their values, and a message as it is.
pub(super) struct Fields;

impl<'line> FormatFields<'line> for Fields {
    fn format_fields<R: RecordFields>(&self, line: Writer<'line>, fields: R) -> fmt::Result {
        let mut written = Written { line, separator: "", result: Ok(()) };
        fields.record(&mut written);
        written.result
    }
}

struct Written<'line> {
    line: Writer<'line>,
    separator: &'static str,
    result: fmt::Result,
}

impl Visit for Written<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let (name, separator) = (field.name(), self.separator);
        // What another way of logging adds: the line has its place already.
        if self.result.is_err() || name.starts_with("log.") {
            return;
        }
        self.separator = " ";
        self.result = match name {
            "message" => write!(self.line, "{separator}{value:?}"),
            _ => write!(self.line, "{separator}{}={value:?}", name.trim_start_matches("r#")),
        };
    }
}
