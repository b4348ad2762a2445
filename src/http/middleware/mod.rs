//! What happens to every request before and after its handler.

pub mod bearer;
pub mod client_address;
pub mod documented_form;
pub mod drain;
pub mod edge;
pub mod endpoint;
pub mod negotiate;
pub mod trailing_slash;
