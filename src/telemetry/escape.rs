//! What a log's reader could be misled by is escaped: a line's end inside of a line, what steers a terminal, what turns
//! text around.

use std::{
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
        // Nearly every line is: looked at bytes at once, and not copied.
        if is_printable_ascii(event.strip_suffix(b"\n").unwrap_or(event)) {
            self.inside.write_all(event)?;
            return Ok(event.len());
        }
        let text = String::from_utf8_lossy(event);
        let line = text.strip_suffix('\n').unwrap_or(&text);
        let end = &text[line.len()..];
        let mut escaped = escape(line, self.json);
        escaped.push_str(end);
        self.inside.write_all(escaped.as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inside.flush()
    }
}

/// Without a way out at the first that is not, so that the compiler can compare many at once.
fn is_printable_ascii(text: &[u8]) -> bool {
    text.iter().fold(true, |all, byte| all & matches!(byte, b' '..=b'~'))
}

/// The text as Rust would quote it, or JSON.
fn escape(text: &str, json: bool) -> String {
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
    escaped
}
