//! Everything that the tests' servers log, at the finest level, kept so that it can be searched for secrets.

use std::{
    io,
    sync::{Mutex, Once, PoisonError},
};

use tracing_subscriber::{
    Layer as _, filter::LevelFilter, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

static LINES: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Writer;

impl io::Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Starts to keep the log, once.
pub fn keep() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        let layer = fmt::layer().with_ansi(false).with_writer(|| Writer).with_filter(LevelFilter::TRACE);
        tracing_subscriber::registry().with(layer).init();
    });
}

/// How much there is by now.
pub fn position() -> usize {
    LINES.lock().unwrap_or_else(PoisonError::into_inner).len()
}

/// What was logged since a position.
pub fn since(position: usize) -> String {
    let lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
    String::from_utf8_lossy(&lines[position..]).into_owned()
}
