//! The developer portal.

mod browser;
mod clients;
mod console;
mod examples;
mod generated_client;
mod judge;
mod openapi;
mod page;
mod postman;
mod samples;
