//! What tests stand on: a server of their own on a database of their own, partners that call it, and a log that is
//! searched for their secrets when the test ends.

mod app;
mod audit;
mod clients;
mod crowd;
pub mod database;
pub mod description;
mod forge;
mod log;
mod metrics;
mod operator;
mod partner;
pub mod program;
mod reply;
mod until;
mod wire;

pub use app::App;
pub use audit::Audited;
pub use clients::{CLIENT, acme, acme_with, json_of, steve_but, steve_json, steve_without};
pub use forge::Forge;
pub use metrics::Metrics;
pub use operator::Operator;
pub use partner::{Caller, Partner, steve_harris};
pub use reply::Reply;
pub use until::until;
