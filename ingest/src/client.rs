//! Whose request it is: the client's address, told by the connection or by proxies that we trust, and the key under which its
//! rate is counted. The address lives as long as the request; it is never logged and never stored.

use http::HeaderMap;
use std::net::{IpAddr, SocketAddr};

const FORWARDED_FOR: &str = "x-forwarded-for";

/// Where a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Client {
    pub(crate) address: IpAddr,
    /// A program on this machine, with no proxy between: load tests, the demo, a health probe.
    pub(crate) is_local: bool,
}

impl Client {
    /// The client behind `trusted_proxies` proxies. Entries are counted from the right, because everybody may write what stands
    /// left of those that our own proxies appended. With fewer entries than proxies the leftmost counts: our own proxies wrote
    /// them all. An entry that is no address gives the peer's.
    pub(crate) fn of(peer: SocketAddr, headers: &HeaderMap, trusted_proxies: usize) -> Self {
        let peer_address = peer.ip().to_canonical();
        let is_local = peer_address.is_loopback() && !headers.contains_key(FORWARDED_FOR);
        let address = if trusted_proxies == 0 { None } else { forwarded(headers, trusted_proxies) };
        Self { address: address.unwrap_or(peer_address), is_local }
    }

    /// The key of its rate: an IPv4 address, or the /64 that one IPv6 subscriber has all addresses of. IPv4 lies in `::/32`, where
    /// no IPv6 subscriber is.
    pub(crate) fn rate_key(&self) -> u64 {
        match self.address {
            IpAddr::V4(address) => u64::from(u32::from(address)),
            IpAddr::V6(address) => (u128::from(address) >> 64) as u64,
        }
    }
}

fn forwarded(headers: &HeaderMap, trusted_proxies: usize) -> Option<IpAddr> {
    let lines = headers.get_all(FORWARDED_FOR);
    let entries = lines.iter().rev().flat_map(|line| line.to_str().unwrap_or("").rsplit(','));
    entries.take(trusted_proxies).last().and_then(parse_entry)
}

/// `1.2.3.4`, `1.2.3.4:5`, `::1`, `[::1]`, `[::1]:5`.
fn parse_entry(entry: &str) -> Option<IpAddr> {
    let entry = entry.trim();
    let bare = entry.strip_prefix('[').and_then(|rest| rest.split(']').next()).unwrap_or(entry);
    let address = bare.parse::<IpAddr>().ok().or_else(|| Some(entry.parse::<SocketAddr>().ok()?.ip()))?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn client(peer: &str, forwarded: &[&str], trusted_proxies: usize) -> Client {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(FORWARDED_FOR, HeaderValue::from_str(line).unwrap());
        }
        Client::of(peer.parse().unwrap(), &headers, trusted_proxies)
    }

    #[test]
    fn the_address_is_counted_from_the_right_and_never_believed_from_the_left() {
        let table: [(&[&str], usize, &str); 16] = [
            // No proxy is trusted: the header is worth nothing.
            (&[], 0, "192.0.2.9"),
            (&["203.0.113.7"], 0, "192.0.2.9"),
            // One proxy: what it appended counts, however much the client wrote before.
            (&["203.0.113.7"], 1, "203.0.113.7"),
            (&["127.0.0.1, 203.0.113.7"], 1, "203.0.113.7"),
            (&["10.0.0.1,8.8.8.8,203.0.113.7"], 1, "203.0.113.7"),
            (&["8.8.8.8", "203.0.113.7"], 1, "203.0.113.7"),
            // Two proxies.
            (&["8.8.8.8, 203.0.113.7, 10.0.0.2"], 2, "203.0.113.7"),
            (&["8.8.8.8, 203.0.113.7", "10.0.0.2"], 2, "203.0.113.7"),
            // Fewer entries than proxies: all of them are ours.
            (&["203.0.113.7"], 2, "203.0.113.7"),
            // No header, although a proxy should be there.
            (&[], 1, "192.0.2.9"),
            // Ports and brackets.
            (&["203.0.113.7:4711"], 1, "203.0.113.7"),
            (&["[2001:db8::1]:4711"], 1, "2001:db8::1"),
            (&["2001:db8::1"], 1, "2001:db8::1"),
            (&["::ffff:203.0.113.7"], 1, "203.0.113.7"),
            // Nonsense gives the peer.
            (&["unknown"], 1, "192.0.2.9"),
            (&["203.0.113.7, "], 1, "192.0.2.9"),
        ];
        for (forwarded, trusted_proxies, expected) in table {
            let client = client("192.0.2.9:1", forwarded, trusted_proxies);
            assert_eq!(client.address.to_string(), expected, "{forwarded:?} behind {trusted_proxies}");
        }
    }

    #[test]
    fn one_ipv6_subscriber_is_one_client() {
        let key = |peer: &str| client(peer, &[], 0).rate_key();
        assert_eq!(key("[2001:db8:1:2::1]:1"), key("[2001:db8:1:2:ffff::9]:1"));
        assert_ne!(key("[2001:db8:1:2::1]:1"), key("[2001:db8:1:3::1]:1"));
        assert_eq!(key("[::ffff:192.0.2.9]:1"), key("192.0.2.9:1"));
        assert_ne!(key("192.0.2.9:1"), key("192.0.2.10:1"));
    }

    #[test]
    fn only_a_loopback_peer_without_a_proxy_is_local() {
        assert!(client("127.0.0.1:1", &[], 0).is_local);
        assert!(client("[::1]:1", &[], 0).is_local);
        assert!(!client("127.0.0.1:1", &["203.0.113.7"], 0).is_local);
        assert!(!client("192.0.2.9:1", &[], 0).is_local);
    }
}
