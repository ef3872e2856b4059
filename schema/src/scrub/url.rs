//! Masks personal data in a URL: the query, the fragment and credentials go, ids that may be keys become `:id`.

use std::borrow::Cow;

use super::ID;
use super::text::scrub_url_part;

/// Schemes whose rest is content rather than an address.
const CONTENT_SCHEMES: [&str; 5] = ["data:", "javascript:", "mailto:", "tel:", "sms:"];

/// A URL without personal data. Query parameters whose names are in `allow` stay, masked like any text; `#` in `allow`
/// keeps the fragment.
pub fn scrub_url<'a>(url: &'a str, allow: &[String]) -> Cow<'a, str> {
    let content = CONTENT_SCHEMES
        .iter()
        .find(|scheme| url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)));
    if let Some(scheme) = content {
        return Cow::Borrowed(&url[..scheme.len()]);
    }
    let address_end = url.find(['?', '#']).unwrap_or(url.len());
    let address = scrub_address(&url[..address_end]);
    let kept = kept_after_address(&url[address_end..], allow);
    match (address, kept.is_empty()) {
        (address, true) => address,
        (address, false) if address.len() == address_end && kept == url[address_end..] => Cow::Borrowed(url),
        (address, false) => Cow::Owned(format!("{address}{kept}")),
    }
}

/// Scheme, host and path.
fn scrub_address(address: &str) -> Cow<'_, str> {
    let host_start = address.find("//").map_or(0, |at| at + 2);
    let path_start = address[host_start..].find('/').map_or(address.len(), |at| host_start + at);
    // Without `//` there is no host: the whole is a path.
    let path_start = if host_start == 0 { 0 } else { path_start };
    let host_start = match address[..path_start].rfind('@') {
        Some(at) if at >= host_start && host_start > 0 => at + 1,
        _ => host_start,
    };
    let scheme_end = address.find("//").map_or(0, |at| at + 2);
    let path = &address[path_start..];
    let segments: Vec<Cow<'_, str>> = path.split('/').map(scrub_segment).collect();
    if host_start == scheme_end && segments.iter().all(|segment| matches!(segment, Cow::Borrowed(_))) {
        return Cow::Borrowed(address);
    }
    Cow::Owned(format!("{}{}{}", &address[..scheme_end], &address[host_start..path_start], segments.join("/")))
}

fn scrub_segment(segment: &str) -> Cow<'_, str> {
    if is_key_like(segment) { Cow::Owned(ID.to_owned()) } else { scrub_url_part(segment) }
}

/// Whether a part of a path can be a key to something: a UUID, 32 or more hexadecimal digits, or a long mixture of
/// small and capital letters and digits, as in a link to reset a password.
fn is_key_like(segment: &str) -> bool {
    let bytes = segment.as_bytes();
    let is_uuid = bytes.len() == 36
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    let is_hex = bytes.len() >= 32 && bytes.iter().all(u8::is_ascii_hexdigit);
    let is_mixture = bytes.len() >= 24
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'=' | b'~'))
        && bytes.iter().any(u8::is_ascii_uppercase)
        && bytes.iter().any(u8::is_ascii_lowercase)
        && bytes.iter().filter(|byte| byte.is_ascii_digit()).count() >= 2;
    is_uuid || is_hex || is_mixture
}

/// What stays of query and fragment.
fn kept_after_address(rest: &str, allow: &[String]) -> String {
    let mut kept = String::new();
    if allow.is_empty() || rest.is_empty() {
        return kept;
    }
    let (query, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    for pair in query.strip_prefix('?').unwrap_or(query).split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if name.is_empty() || !allow.iter().any(|allowed| allowed == name) {
            continue;
        }
        kept.push(if kept.is_empty() { '?' } else { '&' });
        kept.push_str(name);
        if pair.len() > name.len() {
            kept.push('=');
            kept.push_str(&scrub_url_part(value));
        }
    }
    let path = &fragment[..fragment.find('?').unwrap_or(fragment.len())];
    if !path.is_empty() && allow.iter().any(|allowed| allowed == "#") {
        kept.push('#');
        kept.push_str(&path.split('/').map(scrub_segment).collect::<Vec<_>>().join("/"));
    }
    kept
}
