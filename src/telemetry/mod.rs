//! Logs: one line an event on standard error, as text or as JSON.

mod escape;
mod fields;
mod lines;

use std::sync::OnceLock;

use tracing_subscriber::{EnvFilter, Registry, fmt, layer::SubscriberExt as _, reload, util::SubscriberInitExt as _};

use escape::Escaping;
use fields::Fields;
use lines::Lines;
pub use lines::{at_end, before_sleep};

use crate::settings::LogFormat;

static FILTER: OnceLock<reload::Handle<EnvFilter, Registry>> = OnceLock::new();

/// Starts logging. A panic is logged by its place alone: its message may quote what it was handling.
pub fn init(directive: &str, format: LogFormat) {
    let (filter, handle) = reload::Layer::new(EnvFilter::new(directive));
    let registry = tracing_subscriber::registry().with(filter);
    let started = match format {
        LogFormat::Text => {
            let layer = fmt::layer().with_ansi(false).fmt_fields(Fields).with_writer(|| Escaping::new(Lines, false));
            registry.with(layer).try_init()
        }
        LogFormat::Json => {
            let layer = fmt::layer().json().flatten_event(true).with_writer(|| Escaping::new(Lines, true));
            registry.with(layer).try_init()
        }
    };
    if started.is_err() || FILTER.set(handle).is_err() {
        tracing::debug!("logging was started already");
    }
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "a panic: this is a defect");
        at_end();
    }));
}

/// Logs by another directive from now on.
pub fn reload(directive: &str) {
    let reloaded = FILTER.get().map(|filter| filter.reload(EnvFilter::new(directive)));
    if !matches!(reloaded, Some(Ok(()))) {
        tracing::warn!("what is logged cannot be changed without a restart");
    }
}
