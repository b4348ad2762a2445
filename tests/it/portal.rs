//! The developer portal.

mod examples;
mod judge;
mod openapi;
mod page;
mod postman;
mod samples;
