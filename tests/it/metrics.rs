//! What operators can measure.

mod bounds;
mod files;
mod listed;
mod listener;
mod requests;
mod servers;
mod tokens;
