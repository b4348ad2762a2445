//! OAuth libraries that others wrote, as partners use them: unchanged, against the program.

mod oauth2_crate;
mod other_languages;
