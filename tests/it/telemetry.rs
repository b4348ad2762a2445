//! What is written about what happens.

mod escaped;
mod lines;
