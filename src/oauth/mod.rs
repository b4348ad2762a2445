//! The token conversation of RFC 6749, without HTTP: what is asked, who asks, and what is granted or refused.

pub mod attempt;
pub mod audit;
pub mod authenticate;
pub mod client_credentials;
pub mod error;
mod grant;
pub mod introspect;
pub mod password;
pub mod refresh;
pub mod request;
pub mod revoke;
mod throttle;

pub use grant::Tokens;
