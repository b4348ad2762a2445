//! The token conversation of RFC 6749, without HTTP: what is asked, who asks, and what is granted or refused.

pub mod attempt;
pub mod audit;
pub mod authenticate;
pub mod error;
mod grant;
pub mod password;
pub mod refresh;
pub mod request;

pub use grant::Tokens;
