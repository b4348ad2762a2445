//! What tests stand on: a server of their own on a database of their own, partners that call it, and a log that is
//! searched for their secrets when the test ends.

mod app;
pub mod database;
mod log;
mod partner;
pub mod program;
mod reply;

pub use app::App;
pub use partner::{Caller, Partner, steve_harris};
pub use reply::Reply;
