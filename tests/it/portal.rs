//! The developer portal.

mod page;
mod samples;
