//! Values that need no type of their own.

use std::{
    net::IpAddr,
    ops::RangeInclusive,
    path::{self, PathBuf},
    str::FromStr,
};

use ipnet::IpNet;

pub(super) fn switch(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "on" | "true" | "yes" | "1" => Some(true),
        "off" | "false" | "no" | "0" => Some(false),
        _ => None,
    }
}

pub(super) fn number<T: FromStr + PartialOrd>(text: &str, range: RangeInclusive<T>) -> Option<T> {
    text.parse().ok().filter(|number| range.contains(number))
}

pub(super) fn one_of<T: FromStr + PartialEq>(text: &str, choices: &[T]) -> Option<T> {
    text.parse().ok().filter(|number| choices.contains(number))
}

/// Absolute, since the working directory of a service may change under it.
pub(super) fn path(text: &str) -> Option<PathBuf> {
    path::absolute(text).ok()
}

/// CIDRs and bare addresses, between commas or white space.
pub(super) fn networks(text: &str) -> Option<Vec<IpNet>> {
    text.split(|c: char| c == ',' || c.is_whitespace())
        .filter(|part| !part.is_empty())
        .map(|part| {
            let address = || part.parse::<IpAddr>().ok().map(IpNet::from);
            part.parse().ok().or_else(address)
        })
        .collect()
}
