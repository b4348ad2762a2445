//! Logs: one line an event on standard error, as text or as JSON.

mod escape;
mod lines;

use std::{fmt::Debug, sync::OnceLock};

use tracing::field::Field;
use tracing_subscriber::{
    EnvFilter, Registry,
    field::MakeExt as _,
    fmt::{
        self,
        format::{Writer, debug_fn},
    },
    layer::SubscriberExt as _,
    reload,
    util::SubscriberInitExt as _,
};

use escape::Escaping;
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
            let fields = debug_fn(write_field).delimited(" ");
            let layer = fmt::layer().with_ansi(false).fmt_fields(fields).with_writer(|| Escaping::new(Lines, false));
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

/// A field as the library has it. Itself, it would ask for a colour of none around each name.
fn write_field(line: &mut Writer<'_>, field: &Field, value: &dyn Debug) -> std::fmt::Result {
    match field.name() {
        "message" => write!(line, "{value:?}"),
        name => write!(line, "{name}={value:?}"),
    }
}

/// Logs by another directive from now on.
pub fn reload(directive: &str) {
    let reloaded = FILTER.get().map(|filter| filter.reload(EnvFilter::new(directive)));
    if !matches!(reloaded, Some(Ok(()))) {
        tracing::warn!("what is logged cannot be changed without a restart");
    }
}
