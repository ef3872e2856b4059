//! What is asked about: an origin, or one URL of it.

use super::fault::CruxFault;

/// An origin, and a path where only one is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// Scheme and authority, in small letters.
    pub origin: String,
    /// The authority as page views keep it.
    pub host: String,
    pub path: Option<String>,
}

/// Longest address that is looked at; the beacon keeps no longer ones.
const BYTES_MAX: usize = felt_schema::limits::URL_BYTES_MAX;

impl Place {
    /// Reads `origin`, which has no path.
    pub fn of_origin(text: &str) -> Result<Self, CruxFault> {
        let wrong = || CruxFault::Invalid("`origin` is a scheme and a host, such as https://shop.example".into());
        let (origin, host, path) = split(text).ok_or_else(wrong)?;
        if path == "/" { Ok(Self { origin, host, path: None }) } else { Err(wrong()) }
    }

    /// Reads `url`. What stands behind `?` and `#` is no part of a page.
    pub fn of_url(text: &str) -> Result<Self, CruxFault> {
        let wrong = || CruxFault::Invalid("`url` is an address, such as https://shop.example/p/123".into());
        let (origin, host, path) = split(text).ok_or_else(wrong)?;
        Ok(Self { origin, host, path: Some(path) })
    }

    /// The address without what is no part of it.
    pub fn normalized(&self) -> String {
        format!("{}{}", self.origin, self.path.as_deref().unwrap_or_default())
    }
}

fn split(text: &str) -> Option<(String, String, String)> {
    let text = text.trim();
    if text.len() > BYTES_MAX || text.chars().any(|letter| letter.is_control() || letter.is_whitespace()) {
        return None;
    }
    let text = &text[..text.find(['?', '#']).unwrap_or(text.len())];
    let (scheme, rest) = text.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    if scheme != "https" && scheme != "http" {
        return None;
    }
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    if host.is_empty() || host.contains(['@', '\\']) {
        return None;
    }
    // A browser leaves the usual port out.
    let host = host.to_ascii_lowercase();
    let usual = if scheme == "https" { ":443" } else { ":80" };
    let host = host.strip_suffix(usual).unwrap_or(&host).to_owned();
    let path = if path.is_empty() { "/" } else { path };
    Some((format!("{scheme}://{host}"), host, path.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_its_origin_and_its_path() {
        let place = Place::of_url("HTTPS://Shop.Example:443/P/1?x=1#y").unwrap();
        assert_eq!((place.origin.as_str(), place.host.as_str()), ("https://shop.example", "shop.example"));
        assert_eq!((place.path.as_deref(), place.normalized().as_str()), (Some("/P/1"), "https://shop.example/P/1"));
        assert_eq!(Place::of_url("http://a.example:8080").unwrap().normalized(), "http://a.example:8080/");
        assert_eq!(Place::of_origin("https://a.example/").unwrap().normalized(), "https://a.example");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for wrong in [
            "",
            "shop.example",
            "//shop.example",
            "ftp://a.example",
            "https://",
            "https://a b.example",
            "https://u@a.example",
            "javascript:alert(1)",
        ] {
            assert!(Place::of_url(wrong).is_err(), "{wrong}");
        }
        assert!(Place::of_origin("https://a.example/p").is_err());
    }
}
