//! Attempts at a secret, and how many may fail: the rules as data.

use std::net::{IpAddr, Ipv6Addr};

/// Where a request for tokens comes from.
#[derive(Clone, Copy, Default, Debug)]
pub struct Address {
    /// The caller's address, as far as it can be believed.
    pub ip: Option<IpAddr>,
    /// Whether it may be that of many callers: a proxy that is not trusted reports another.
    pub shared: bool,
}

impl Address {
    /// The address as attempts are counted by it: an IPv6 network of 64 bits is one caller's.
    #[must_use]
    pub fn network(self) -> Option<String> {
        self.ip.map(|ip| match ip {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("{}/64", Ipv6Addr::from_bits(ip.to_bits() & (u128::MAX << 64))),
        })
    }
}

/// How many attempts of a kind may fail: a burst of them, each of which costs seconds that must pass until it is paid
/// off, and then more whenever enough is paid off.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// How many may fail before any is paid off.
    pub burst: i32,
    /// Seconds that each of these costs.
    pub cost: f64,
    /// From the last of the burst on they cost 1, 2, 4 … seconds, where that is more, up to this.
    pub most: f64,
    /// Seconds for which those that are paid off are still counted.
    pub memory: f64,
}

impl Rule {
    /// One username, from one address: ten are free, and then there are 1, 2, 4 … 900 seconds between them.
    pub const USERNAME_FROM_ADDRESS: Self = Self { burst: 10, cost: 0.0, most: 900.0, memory: 86_400.0 };
    /// All usernames of one OAuth client, from one address.
    pub const OAUTH_CLIENT_FROM_ADDRESS: Self = Self::even(300, 10.0);
    /// One username, from everywhere.
    pub const USERNAME: Self = Self::even(50, 5.0);
    /// All usernames of one OAuth client, from everywhere.
    pub const OAUTH_CLIENT: Self = Self::even(1000, 1.0);
    /// An address that is no OAuth client's: wrong secrets and unknown ids.
    pub const STRANGER: Self = Self::even(100, 1.0);

    const fn even(burst: i32, cost: f64) -> Self {
        Self { burst, cost, most: cost, memory: 0.0 }
    }
}

/// What attempts are counted under: a hash of what they have in common.
pub type Key = [u8; 32];

/// One of the counts that an attempt falls under.
#[derive(Clone, Copy, Debug)]
pub struct Count {
    /// Under what it is counted.
    pub key: Key,
    /// How many may fail.
    pub rule: Rule,
    /// The count of the caller's own address: where that is clean, this one, which others have filled, neither counts
    /// nor refuses the attempt.
    pub own: Option<Key>,
}
