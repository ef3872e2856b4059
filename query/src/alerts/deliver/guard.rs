//! What an address given by a site's admin may lead to: the public internet, and what the operator's configuration names.
//!
//! The address is read as a browser reads it, so that `0x7f.1` and `2130706433` are known for what they are; its name is resolved
//! once, every answer is looked at, and the connection goes to one of those very addresses. Redirects are not followed.

use openidconnect::url::{Host, Url};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Ports of https that receivers have.
const PORTS: [u16; 2] = [443, 8443];

/// Why an address is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is none.
    #[error("this is no address such as https://hooks.example/felt")]
    NoAddress,
    /// It is not https.
    #[error("only https is taken; the operator can name others in `[query] alert_targets_allowed`")]
    NotHttps,
    /// Another port.
    #[error("only the ports 443 and 8443 are taken; the operator can name others in `[query] alert_targets_allowed`")]
    Port,
    /// It would carry a password along.
    #[error("an address with a name and password in it is not taken")]
    Credentials,
    /// It leads inside.
    #[error(
        "{0} is not an address of the public internet; the operator can name it in `[query] alert_targets_allowed`"
    )]
    Inside(IpAddr),
    /// It leads nowhere.
    #[error("the name cannot be resolved")]
    Unknown,
}

/// An address that may be sent to, as far as can be told without resolving its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The address.
    pub url: Url,
    /// Named by the operator, so its numbers are not looked at.
    pub allowed: bool,
}

/// Looks at an address. `allowed` are the operator's `host:port`.
///
/// # Errors
/// When nothing may be sent there.
pub fn check(url: &str, allowed: &[String]) -> Result<Target, Refused> {
    let url = Url::parse(url).map_err(|_| Refused::NoAddress)?;
    let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else { return Err(Refused::NoAddress) };
    if !matches!(url.scheme(), "https" | "http") {
        return Err(Refused::NotHttps);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Refused::Credentials);
    }
    if allowed.iter().any(|known| known.eq_ignore_ascii_case(&format!("{host}:{port}"))) {
        return Ok(Target { url, allowed: true });
    }
    if url.scheme() != "https" {
        return Err(Refused::NotHttps);
    }
    if !PORTS.contains(&port) {
        return Err(Refused::Port);
    }
    let literal = match host {
        Host::Ipv4(address) => Some(IpAddr::V4(address)),
        Host::Ipv6(address) => Some(IpAddr::V6(address)),
        Host::Domain(_) => None,
    };
    match literal.filter(|address| !is_public(*address)) {
        Some(address) => Err(Refused::Inside(address)),
        None => Ok(Target { url, allowed: false }),
    }
}

/// The addresses that a target's name stands for now, all of them looked at.
///
/// # Errors
/// When one of them leads inside, or there are none.
pub async fn resolve(target: &Target) -> Result<Vec<SocketAddr>, Refused> {
    let (Some(host), Some(port)) = (target.url.host(), target.url.port_or_known_default()) else {
        return Err(Refused::NoAddress);
    };
    let found: Vec<SocketAddr> = match host {
        Host::Ipv4(address) => vec![(address, port).into()],
        Host::Ipv6(address) => vec![(address, port).into()],
        Host::Domain(name) => tokio::net::lookup_host((name, port)).await.map_err(|_| Refused::Unknown)?.collect(),
    };
    if found.is_empty() {
        return Err(Refused::Unknown);
    }
    match found.iter().find(|address| !target.allowed && !is_public(address.ip())) {
        Some(inside) => Err(Refused::Inside(inside.ip())),
        None => Ok(found),
    }
}

/// Whether an address is one of the public internet, by the registries of special addresses (RFC 6890 and its successors).
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(a == 0
        || a == 10
        || a == 127
        || a >= 224
        || (a == 100 && (64..128).contains(&b))
        || (a == 169 && b == 254)
        || (a == 172 && (16..32).contains(&b))
        || (a == 192 && b == 168)
        || (a == 192 && b == 0 && (c == 0 || c == 2))
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19))
        || (a == 198 && b == 51 && c == 100)
        || (a == 203 && b == 0 && c == 113))
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, ..] = address.segments();
    // Global unicast only, without what leads to IPv4 by another way: Teredo, 6to4, and documentation. That leaves out `::1`, mapped
    // addresses, NAT64, unique local, link local and multicast.
    (a & 0xe000) == 0x2000
        && a != 0x2002
        && !(a == 0x2001 && (b == 0 || b == 0xdb8 || (0x10..0x30).contains(&b) || (b == 2 && c == 0)))
        && !(a == 0x3fff && b < 0x1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(url: &str) -> Option<Refused> {
        check(url, &["127.0.0.1:9093".into(), "alertmanager:9093".into()]).err()
    }

    #[test]
    fn whatever_leads_inside_is_refused_however_it_is_spelt() {
        for host in [
            "127.0.0.1",
            "0x7f.1",
            "2130706433",
            "017700000001",
            "127.1",
            "0",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "[::1]",
            "[::]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[fe80::1]",
            "[fc00::1]",
            "[64:ff9b::7f00:1]",
            "[2002:7f00:1::]",
            "[2001::1]",
            "[2001:db8::1]",
            "[ff02::1]",
            "１２７.0.0.1",
        ] {
            let found = refused(&format!("https://{host}/x"));
            assert!(matches!(found, Some(Refused::Inside(_))), "{host}: {found:?}");
        }
        for host in ["8.8.8.8", "[2606:4700::1111]", "hooks.slack.com", "hooks.slack.com:8443"] {
            assert_eq!(refused(&format!("https://{host}/x")), None, "{host}");
        }
    }

    #[test]
    fn only_https_on_its_own_ports_and_what_the_operator_named() {
        assert_eq!(refused("http://hooks.example/"), Some(Refused::NotHttps));
        assert_eq!(refused("ftp://hooks.example/"), Some(Refused::NotHttps));
        assert_eq!(refused("https://hooks.example:22/"), Some(Refused::Port));
        assert_eq!(refused("https://a:b@hooks.example/"), Some(Refused::Credentials));
        assert_eq!(refused("hooks.example"), Some(Refused::NoAddress));
        assert_eq!(refused("http://127.0.0.1:9093/api"), None);
        assert_eq!(refused("http://Alertmanager:9093/"), None);
        assert_eq!(refused("http://127.0.0.1:9094/"), Some(Refused::NotHttps));
    }

    #[tokio::test]
    async fn a_name_that_turns_out_to_lead_inside_is_refused_after_resolving() {
        let target = check("https://localhost/x", &[]).expect("the name alone tells nothing");
        assert!(matches!(resolve(&target).await, Err(Refused::Inside(_))));
        let target = check("https://localhost/x", &["localhost:443".into()]).expect("the operator named it");
        assert!(!resolve(&target).await.expect("it is taken").is_empty());
    }
}
