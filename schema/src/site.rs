//! A site as configured: its public key, the origins that may send for it, its page rules and its budgets.
//!
//! The key identifies, it never authorises. Reading the configuration file and the environment is left to the binary.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::page::PageRule;

/// One site of `felt.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// Public, in the snippet: 1 to 64 of `a-z0-9_-`.
    pub key: String,
    /// What people call it; the key when left out.
    #[serde(default)]
    pub name: String,
    /// Origins whose pages may send; `*` allows any, `https://*.shop.example` any subdomain.
    #[serde(default)]
    pub origins: Vec<String>,
    /// Query parameters that are kept in URLs; all others are dropped before anything is stored.
    #[serde(default)]
    pub query_allow: Vec<String>,
    /// Which paths are one page; the first rule that matches counts. A list that is set through the API stands in place of these.
    #[serde(default)]
    pub page_rules: Vec<PageRule>,
    /// Distinct pages a day; new ones beyond become `(other)`.
    #[serde(default = "pages_max_per_day")]
    pub pages_max_per_day: u32,
    /// Distinct releases a day; new ones beyond become `(other)`.
    #[serde(default = "releases_max_per_day")]
    pub releases_max_per_day: u32,
    /// Distinct tag values a day and tag; new ones beyond become `(other)`.
    #[serde(default = "tag_values_max_per_day")]
    pub tag_values_max_per_day: u32,
    /// Snapshots a second that are taken for the whole site.
    #[serde(default = "rate_per_second")]
    pub rate_per_second: u32,
    /// Snapshots a second that are taken from one client address.
    #[serde(default = "client_rate_per_second")]
    pub client_rate_per_second: u32,
}

fn pages_max_per_day() -> u32 {
    2_000
}
fn releases_max_per_day() -> u32 {
    200
}
fn tag_values_max_per_day() -> u32 {
    200
}
fn rate_per_second() -> u32 {
    10_000
}
fn client_rate_per_second() -> u32 {
    100
}

impl Default for Site {
    fn default() -> Self {
        Self {
            key: String::new(),
            name: String::new(),
            origins: Vec::new(),
            query_allow: Vec::new(),
            page_rules: Vec::new(),
            pages_max_per_day: pages_max_per_day(),
            releases_max_per_day: releases_max_per_day(),
            tag_values_max_per_day: tag_values_max_per_day(),
            rate_per_second: rate_per_second(),
            client_rate_per_second: client_rate_per_second(),
        }
    }
}

/// Something wrong with the configuration of a site.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {message}")]
pub struct Fault {
    /// Where: `sites[shop].origins[1]`.
    pub key: String,
    /// What, and what to do about it.
    pub message: String,
}

impl Site {
    /// All that is wrong with it, at once.
    pub fn validate(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut fault = |field: String, message: &str| {
            faults.push(Fault { key: format!("sites[{}].{field}", self.key), message: message.to_owned() });
        };
        let key_char = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-' || c == b'_';
        if self.key.is_empty() || self.key.len() > 64 || !self.key.bytes().all(key_char) {
            fault("key".into(), "write 1 to 64 of a-z, 0-9, - and _");
        }
        for (index, origin) in self.origins.iter().enumerate() {
            if origin != "*" && Origin::parse(origin).is_none() {
                fault(
                    format!("origins[{index}]"),
                    "write scheme and host, such as https://shop.example, or * for any origin",
                );
            }
        }
        for (index, rule) in self.page_rules.iter().enumerate() {
            for (field, message) in rule.faults() {
                fault(format!("page_rules[{index}].{field}"), message);
            }
        }
        let budgets = [
            ("pages_max_per_day", self.pages_max_per_day),
            ("releases_max_per_day", self.releases_max_per_day),
            ("tag_values_max_per_day", self.tag_values_max_per_day),
            ("rate_per_second", self.rate_per_second),
            ("client_rate_per_second", self.client_rate_per_second),
        ];
        for (field, budget) in budgets {
            if budget == 0 {
                fault(field.into(), "write at least 1");
            }
        }
        faults
    }

    /// Whether a page of this origin, as the browser's `Origin` header writes it, may send for the site.
    pub fn allows_origin(&self, origin: &str) -> bool {
        if self.origins.iter().any(|allowed| allowed == "*") {
            return true;
        }
        let Some(origin) = Origin::parse(origin) else {
            return false;
        };
        self.origins.iter().filter_map(|allowed| Origin::parse(allowed)).any(|allowed| allowed.covers(&origin))
    }

    /// The name, or the key where there is none.
    pub fn display_name(&self) -> &str {
        if self.name.is_empty() { &self.key } else { &self.name }
    }
}

/// Scheme, host and port; hosts compare without case, a scheme's own port may be left out.
struct Origin<'a> {
    scheme: &'a str,
    host: &'a str,
    port: &'a str,
}

impl<'a> Origin<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, port),
            _ => (rest, ""),
        };
        let default = match scheme {
            s if s.eq_ignore_ascii_case("https") => "443",
            s if s.eq_ignore_ascii_case("http") => "80",
            _ => "",
        };
        let valid_scheme =
            !scheme.is_empty() && scheme.bytes().all(|c| c.is_ascii_alphanumeric() || b"+-.".contains(&c));
        let bare_host = host.strip_prefix("*.").unwrap_or(host);
        let valid_host = !bare_host.is_empty()
            && bare_host.bytes().all(|c| c.is_ascii_alphanumeric() || b"-._[]:".contains(&c) || c >= 0x80);
        let valid_port = port.bytes().all(|c| c.is_ascii_digit());
        (valid_scheme && valid_host && valid_port).then_some(Self {
            scheme,
            host,
            port: if port.is_empty() { default } else { port },
        })
    }

    fn covers(&self, other: &Origin<'_>) -> bool {
        let host = match self.host.strip_prefix("*.") {
            Some(parent) => {
                let (other, parent) = (other.host.as_bytes(), parent.as_bytes());
                other.len() > parent.len() + 1
                    && other[other.len() - parent.len()..].eq_ignore_ascii_case(parent)
                    && other[other.len() - parent.len() - 1] == b'.'
            }
            None => self.host.eq_ignore_ascii_case(other.host),
        };
        host && self.scheme.eq_ignore_ascii_case(other.scheme) && self.port == other.port
    }
}

/// All sites, by key.
#[derive(Debug, Clone, Default)]
pub struct Sites(BTreeMap<String, Site>);

impl Sites {
    /// Takes the sites of a configuration; all that is wrong with any of them comes back at once.
    pub fn new(sites: Vec<Site>) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut by_key = BTreeMap::new();
        for site in sites {
            faults.extend(site.validate());
            let key = site.key.clone();
            if by_key.insert(key.clone(), site).is_some() {
                let message = "another site has the same key: choose a different one".to_owned();
                faults.push(Fault { key: format!("sites[{key}].key"), message });
            }
        }
        if faults.is_empty() { Ok(Self(by_key)) } else { Err(faults) }
    }

    /// The site of that key.
    pub fn get(&self, key: &str) -> Option<&Site> {
        self.0.get(key)
    }

    /// All sites, by key.
    pub fn iter(&self) -> impl Iterator<Item = &Site> {
        self.0.values()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(origins: &[&str]) -> Site {
        Site { key: "shop".into(), origins: origins.iter().map(|&o| o.to_owned()).collect(), ..Site::default() }
    }

    #[test]
    fn an_origin_is_allowed_by_scheme_host_and_port() {
        let shop = site(&["https://shop.example", "http://localhost:3000", "https://*.shop.example"]);
        for good in [
            "https://shop.example",
            "https://SHOP.example",
            "https://shop.example:443",
            "http://localhost:3000",
            "https://a.b.shop.example",
        ] {
            assert!(shop.allows_origin(good), "{good}");
        }
        for bad in [
            "http://shop.example",
            "https://shop.example.evil.test",
            "https://evilshop.example",
            "https://shop.example:8443",
            "http://localhost",
            "null",
            "",
            "https://",
        ] {
            assert!(!shop.allows_origin(bad), "{bad}");
        }
        assert!(site(&["*"]).allows_origin("null"));
        assert!(!site(&[]).allows_origin("https://shop.example"));
    }

    #[test]
    fn every_fault_is_told_at_once() {
        let bad = Site {
            key: "Shop!".into(),
            origins: vec!["shop.example".into()],
            page_rules: vec![PageRule { pattern: "p/*".into(), page: String::new() }],
            rate_per_second: 0,
            ..Site::default()
        };
        let keys: Vec<String> = bad.validate().into_iter().map(|fault| fault.key).collect();
        assert_eq!(
            keys,
            [
                "sites[Shop!].key",
                "sites[Shop!].origins[0]",
                "sites[Shop!].page_rules[0].pattern",
                "sites[Shop!].page_rules[0].page",
                "sites[Shop!].rate_per_second"
            ]
        );
        assert_eq!(Sites::new(vec![site(&[]), site(&[])]).map_err(|faults| faults.len()).err(), Some(1));
    }
}
