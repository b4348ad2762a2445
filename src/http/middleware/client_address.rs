//! Where a request comes from, behind proxies that are trusted and those that are not.

use std::net::{IpAddr, SocketAddr};

use axum::http::HeaderMap;
use ipnet::IpNet;

/// The other end of the connection: none for a Unix socket, whose peer is always trusted.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub Option<SocketAddr>);

/// The caller's address: the peer, or, where that is a trusted proxy, the address that it reports. `X-Forwarded-For` is
/// read from the right, and the first address that is no trusted proxy's ends it: what stands to the left of that,
/// anyone may have written.
#[must_use]
pub fn client_address(peer: Peer, headers: &HeaderMap, trusted: &[IpNet]) -> Option<IpAddr> {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|net| net.contains(address));
    let mut address = peer.0.map(|peer| peer.ip().to_canonical());
    let forwarded: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .flat_map(|value| value.to_str().unwrap_or_default().split(','))
        .map(str::trim)
        .collect();
    for hop in forwarded.into_iter().rev() {
        if address.as_ref().is_some_and(|address| !is_trusted(address)) {
            break;
        }
        match parse(hop) {
            Some(reported) => address = Some(reported),
            None => break,
        }
    }
    address
}

/// Whether somebody reports another address than the peer's and is not believed: a proxy that nobody told us of, behind
/// which all callers seem to have one address, or a caller who makes things up.
#[must_use]
pub fn is_unbelieved(peer: Peer, headers: &HeaderMap, trusted: &[IpNet]) -> bool {
    let is_stranger = |peer: SocketAddr| !trusted.iter().any(|net| net.contains(&peer.ip().to_canonical()));
    headers.contains_key("x-forwarded-for") && peer.0.is_some_and(is_stranger)
}

/// An address, with or without a port.
fn parse(hop: &str) -> Option<IpAddr> {
    let bare = hop.trim_start_matches('[').trim_end_matches(']');
    bare.parse()
        .ok()
        .or_else(|| hop.parse::<SocketAddr>().ok().map(|address| address.ip()))
        .map(|ip: IpAddr| ip.to_canonical())
}
