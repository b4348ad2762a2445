//! What all requests and all replies have in common.

mod bodies;
mod bounds;
mod broken;
mod deadlines;
mod fuzz;
mod health;
mod log;
mod media_types;
mod negotiation;
mod order;
mod paths;
mod replies;
mod sizes;
mod slow;
mod smuggling;
mod workers;
