//! What is on record of tokens that were issued and refused.

mod failing;
mod issued;
mod refused;

const PATH: &str = "/api/oauth/token";
