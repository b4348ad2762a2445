//! Many clients at once: read from a file, imported, told line by line. Over HTTP and from the shell alike.

pub mod batches;
mod create;
mod csv;
pub mod import;
pub mod line;
pub mod rows;
