//! Where a request comes from: the client's network, the request's id, and whether the way was encrypted.

use crate::config::QueryConfig;
use axum::extract::Request;
use axum::http::{HeaderMap, header};
use felt_http::RequestContext;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Where a request comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Whence {
    /// The client's address, as far as proxies can be believed. Not kept anywhere.
    pub address: Option<IpAddr>,
    /// The request's id.
    pub request: String,
    /// The browser's way to us was encrypted.
    pub secure: bool,
    /// The browser is on this very machine, where nobody can listen in.
    pub loopback: bool,
}

impl Whence {
    /// Where `request` comes from.
    pub fn of(request: &Request, config: &QueryConfig) -> Self {
        let context = request.extensions().get::<RequestContext>();
        let headers = request.headers();
        let behind_proxies = config.trusted_proxies > 0;
        let forwarded = if behind_proxies { forwarded(headers, config.trusted_proxies) } else { None };
        let told_https = behind_proxies
            && headers.get("x-forwarded-proto").and_then(|value| value.to_str().ok()).is_some_and(|protocols| {
                protocols.rsplit(',').next().is_some_and(|last| last.trim().eq_ignore_ascii_case("https"))
            });
        Self {
            address: forwarded.or(context.map(|context| context.peer.ip())).map(|address| address.to_canonical()),
            request: context.map(|context| context.id.as_str().to_owned()).unwrap_or_default(),
            secure: told_https || config.public_url.as_deref().is_some_and(|url| url.starts_with("https://")),
            loopback: headers.get(header::HOST).and_then(|host| host.to_str().ok()).is_some_and(is_loopback),
        }
    }

    /// The client's network: /24 or /48, which tells networks apart and not people. `unknown` without an address.
    pub fn network(&self) -> String {
        match self.address {
            Some(IpAddr::V4(address)) => {
                let [a, b, c, _] = address.octets();
                format!("{}/24", Ipv4Addr::new(a, b, c, 0))
            }
            Some(IpAddr::V6(address)) => {
                let [a, b, c, ..] = address.segments();
                format!("{}/48", Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
            }
            None => "unknown".to_owned(),
        }
    }

    /// What failures to sign in are counted by: an address, or the /64 that one household or server has.
    pub(super) fn counted_by(&self) -> String {
        match self.address {
            Some(IpAddr::V6(address)) => {
                let [a, b, c, d, ..] = address.segments();
                Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).to_string()
            }
            Some(address) => address.to_string(),
            None => String::new(),
        }
    }
}

/// The entry that the outermost of our proxies wrote. Counted from the right: everybody may write what stands further
/// left.
fn forwarded(headers: &HeaderMap, trusted_proxies: usize) -> Option<IpAddr> {
    let values = headers.get_all("x-forwarded-for");
    let lines: Vec<&str> = values.iter().filter_map(|value| value.to_str().ok()).collect();
    let entries: Vec<&str> = lines.iter().flat_map(|line| line.split(',')).map(str::trim).collect();
    // Fewer entries than proxies: the leftmost is the farthest that any of ours wrote.
    let entry = entries.get(entries.len().saturating_sub(trusted_proxies))?;
    let address = entry.trim_start_matches('[').split(']').next()?;
    address.parse().ok().or_else(|| entry.parse::<std::net::SocketAddr>().ok().map(|socket| socket.ip()))
}

fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost") || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    fn whence(headers: &[(&str, &str)], trusted_proxies: usize, public_url: Option<&str>) -> Whence {
        let mut request = Request::builder().uri("/");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let config =
            QueryConfig { trusted_proxies, public_url: public_url.map(str::to_owned), ..QueryConfig::default() };
        Whence::of(&request.body(Body::empty()).unwrap(), &config)
    }

    #[test]
    fn proxies_are_counted_from_the_right_and_believed_only_where_there_are_any() {
        let chain = [("x-forwarded-for", "203.0.113.9, 198.51.100.7, 192.0.2.1"), ("x-forwarded-proto", "https")];
        assert_eq!(whence(&chain, 0, None), Whence::default());
        assert_eq!(whence(&chain, 1, None).network(), "192.0.2.0/24");
        assert_eq!(whence(&chain, 2, None).network(), "198.51.100.0/24");
        assert!(whence(&chain, 1, None).secure);
        let six = whence(&[("x-forwarded-for", "2001:db8:1:2:3::9")], 1, None);
        assert_eq!((six.network(), six.counted_by()), ("2001:db8:1::/48".into(), "2001:db8:1:2::".into()));
        assert_eq!(whence(&[("x-forwarded-for", "[2001:db8::1]:443")], 1, None).network(), "2001:db8::/48");
        assert_eq!(whence(&[("x-forwarded-for", "<script>")], 1, None).network(), "unknown");
    }

    #[test]
    fn https_is_what_the_settings_or_a_proxy_say() {
        assert!(whence(&[], 0, Some("https://felt.example")).secure);
        assert!(!whence(&[], 0, Some("http://felt.example")).secure);
        assert!(!whence(&[("x-forwarded-proto", "https, http")], 1, None).secure, "the last proxy counts");
    }

    #[test]
    fn this_machine_is_known_by_its_names() {
        for host in ["localhost", "localhost:8090", "127.0.0.1:8090", "127.1.2.3", "[::1]:80", "felt.localhost"] {
            assert!(whence(&[("host", host)], 0, None).loopback, "{host}");
        }
        for host in ["felt.example", "localhost.evil.example", "192.0.2.1:80", "127.0.0.1.evil.example", "[::2]"] {
            assert!(!whence(&[("host", host)], 0, None).loopback, "{host}");
        }
    }
}
