use tracing_subscriber::{EnvFilter, filter::LevelFilter};

/// How a log line is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line, for collectors.
    Json,
}

impl LogFormat {
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "text" => Some(Self::Text),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

/// Directives that parse. `EnvFilter` refuses a space after a comma, and takes a lone word for the name of a module, so
/// that a misspelt level would turn the log off: here spaces are fine and a module has to say its level.
pub(super) fn directives(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.split(',').map(str::trim).collect();
    let clear = |part: &&str| part.contains(['=', '[']) || part.parse::<LevelFilter>().is_ok();
    let directives = parts.join(",");
    (parts.iter().all(clear) && EnvFilter::try_new(&directives).is_ok()).then_some(directives)
}
