//! What a log's reader could be misled by is escaped: a line's end inside of a line, what steers a terminal, what turns
//! text around.

use std::{
    borrow::Cow,
    fmt::Write as _,
    io::{self, Write},
};

use crate::domain::text::is_misleading;

/// Writes whole lines, each an event, to what is inside.
pub(super) struct Escaping<W> {
    inside: W,
    json: bool,
}

impl<W: Write> Escaping<W> {
    /// For lines of text, or of JSON.
    pub(super) const fn new(inside: W, json: bool) -> Self {
        Self { inside, json }
    }
}

impl<W: Write> Write for Escaping<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let line = text.strip_suffix('\n').unwrap_or(&text);
        let end = &text[line.len()..];
        let mut escaped = escape(line, self.json).into_owned();
        escaped.push_str(end);
        self.inside.write_all(escaped.as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inside.flush()
    }
}

/// The text as Rust would quote it, or JSON.
fn escape(text: &str, json: bool) -> Cow<'_, str> {
    if !text.chars().any(is_misleading) {
        return text.into();
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if !is_misleading(c) {
            escaped.push(c);
        } else if json {
            // Each of them is one unit of UTF-16.
            let _ = write!(escaped, "\\u{:04x}", u32::from(c));
        } else {
            escaped.extend(c.escape_default());
        }
    }
    escaped.into()
}
