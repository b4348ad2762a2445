//! The developer portal.

mod clients;
mod examples;
mod judge;
mod openapi;
mod page;
mod postman;
mod samples;
