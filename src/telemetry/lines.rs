//! The lines of a thread that serves many at once are written together when it has nothing else to do, before it sleeps:
//! under load a write for each of them is a third of what a line costs.

use std::{
    cell::RefCell,
    io::{self, Write, stderr},
};

/// Bytes after which a thread that never sleeps writes all the same.
const MOST: usize = 16 * 1024;

thread_local! {
    /// None where a thread writes each line at once: only one that has said that it will sleep can be waited for.
    static HELD: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// Standard error.
pub(super) struct Lines;

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let held = HELD.try_with(|held| {
            let mut held = held.borrow_mut();
            let lines = held.as_mut()?;
            lines.extend_from_slice(line);
            (lines.len() < MOST).then_some(Ok(())).or_else(|| Some(write(lines)))
        });
        // A thread that ends has nothing to hold a line in.
        held.ok().flatten().unwrap_or_else(|| stderr().write_all(line))?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes what this thread has held, which goes on to hold its lines: it is about to sleep, and will say so each time.
pub fn before_sleep() {
    HELD.with_borrow_mut(|held| drop(write(held.get_or_insert_default())));
}

/// Writes what this thread has held, and from now on each line at once: it may not come to sleep again.
pub fn at_end() {
    if let Some(mut lines) = HELD.take() {
        drop(write(&mut lines));
    }
}

fn write(lines: &mut Vec<u8>) -> io::Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    let written = stderr().write_all(lines);
    lines.clear();
    written
}
