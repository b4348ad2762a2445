//! The lines of a thread that serves many at once are written together when it has nothing else to do, before it sleeps:
//! under load a write for each of them is a third of what a line costs.

use std::{
    cell::RefCell,
    io::{self, Write, stderr},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

/// Bytes that are written at once, at most, but for a longer line: so many are never torn where others write to the same
/// pipe (POSIX' `PIPE_BUF` on Linux).
const MOST: usize = 4096;

type Held = Mutex<Vec<u8>>;

/// What all threads hold.
static ALL: Mutex<Vec<Weak<Held>>> = Mutex::new(Vec::new());

thread_local! {
    /// None where a thread writes each line at once: only one that has said that it will sleep can be waited for.
    static OWN: RefCell<Option<Arc<Held>>> = const { RefCell::new(None) };
}

/// Standard error.
pub(super) struct Lines;

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        // A thread that ends has nothing to hold a line in.
        match OWN.try_with(|own| own.borrow().clone()).ok().flatten() {
            Some(own) => {
                let mut lines = lock(&own);
                let is_full = lines.len() + line.len() > MOST;
                let written = if is_full { write(&mut lines) } else { Ok(()) };
                lines.extend_from_slice(line); // whatever became of those before it
                written?;
            }
            None => stderr().write_all(line)?,
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes what this thread has held, which goes on to hold its lines: it is about to sleep, and will say so each time.
pub fn before_sleep() {
    let own = OWN.with_borrow_mut(|own| Arc::clone(own.get_or_insert_with(begin)));
    drop(write(&mut lock(&own)));
}

/// Writes what all threads have held. This one holds nothing from now on: it may not come to sleep again.
pub fn at_end() {
    let held: Vec<_> = lock(&ALL).iter().filter_map(Weak::upgrade).collect();
    for lines in held {
        drop(write(&mut lock(&lines)));
    }
    let _ = OWN.try_with(RefCell::take);
}

fn begin() -> Arc<Held> {
    let own = Arc::default();
    let mut all = lock(&ALL);
    all.retain(|held| held.strong_count() > 0);
    all.push(Arc::downgrade(&own));
    own
}

fn write(lines: &mut Vec<u8>) -> io::Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    let written = stderr().write_all(lines);
    lines.clear();
    written
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
