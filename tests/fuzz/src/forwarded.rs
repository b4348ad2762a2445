//! `X-Forwarded-For`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use dna_api::http::middleware::client_address::{Peer, client_address};
use ipnet::IpNet;

const NAME: HeaderName = HeaderName::from_static("x-forwarded-for");

fn headers(values: impl Iterator<Item = HeaderValue>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(NAME, value);
    }
    headers
}

/// Each line is a header: a stranger is never believed, and what stands to the left of an address that is no proxy's
/// changes nothing.
pub(crate) fn forwarded(data: &[u8]) {
    let lines = data.split(|byte| *byte == b'\n').take(50);
    let values: Vec<HeaderValue> = lines.filter_map(|line| HeaderValue::from_bytes(line).ok()).collect();
    let given = headers(values.iter().cloned());
    let trusted: [IpNet; 3] = ["10.0.0.0/8", "::1/128", "fd00::/8"].map(|net| net.parse().expect("a network"));
    let is_trusted = |ip: &IpAddr| trusted.iter().any(|net| net.contains(ip));

    let stranger = IpAddr::from(Ipv4Addr::new(192, 0, 2, 1));
    assert_eq!(client_address(Peer(Some(SocketAddr::new(stranger, 1))), &given, &trusted), Some(stranger));

    for peer in [Peer(None), Peer(Some("10.1.2.3:4".parse().expect("an address")))] {
        let found = client_address(peer, &given, &trusted);
        let nobody = client_address(peer, &HeaderMap::new(), &trusted);
        if let Some(found) = found {
            assert_eq!(found, found.to_canonical());
        }
        let made_up = HeaderValue::from_static("198.51.100.7, 10.0.0.9");
        let more = client_address(peer, &headers([made_up].into_iter().chain(values.iter().cloned())), &trusted);
        if found != nobody && found.is_some_and(|found| !is_trusted(&found)) {
            assert_eq!(more, found);
        }
        // A proxy of ours that adds itself changes nothing either.
        let ours = values.iter().cloned().chain([HeaderValue::from_static("10.9.9.9")]);
        let behind = client_address(peer, &headers(ours), &trusted);
        assert!(behind == found || found == nobody, "{behind:?} {found:?}");
    }
}
