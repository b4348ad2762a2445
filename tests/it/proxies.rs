//! The reverse proxies, each with the configuration in `deploy/` in front of the program.

mod addresses;
mod leaks;
mod own_errors;
mod passed_on;
mod proxy;
