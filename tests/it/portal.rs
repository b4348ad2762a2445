//! The developer portal.

mod openapi;
mod page;
mod samples;
