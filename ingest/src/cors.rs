//! What a browser must hear so that a page of another origin may send, and may read why it was refused.

use axum::response::{IntoResponse, Response};
use felt_schema::site::Site;
use http::{HeaderMap, HeaderValue, StatusCode, header};

/// Methods of the beacon's address, for `Allow` and for preflights.
pub(crate) const METHODS: &str = "POST, OPTIONS";

/// Whether the page that sends may send for this site.
///
/// The `Origin` header decides; without it (old browsers, server-side senders) the `Referer`'s origin; without both the request
/// is let in, because whoever forges requests can forge these too: the check keeps other people's pages out, not attackers.
/// `Origin: null` (sandboxed frames, pages with `Referrer-Policy: no-referrer`) is an origin that only `*` covers.
pub(crate) fn is_allowed(site: &Site, headers: &HeaderMap) -> bool {
    match headers.get(header::ORIGIN) {
        Some(origin) => origin.to_str().is_ok_and(|origin| site.allows_origin(origin)),
        None => match headers.get(header::REFERER) {
            Some(referer) => referer.to_str().is_ok_and(|referer| site.allows_origin(origin_of(referer))),
            None => true,
        },
    }
}

/// Scheme, host and port of an address.
fn origin_of(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at + 3);
    let end = url[host..].find(['/', '?', '#']).map_or(url.len(), |at| host + at);
    &url[..end]
}

/// Lets the page read the answer. `origin` is the request's, already allowed.
pub(crate) fn allow(headers: &mut HeaderMap, origin: Option<&HeaderValue>) {
    // The answer differs by origin, so a cache must keep them apart.
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        // `sendBeacon` always sends in the mode "include", although we set no cookies and read none.
        headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("retry-after"));
    }
}

/// The answer to an allowed preflight. It holds for a day, the longest that any browser keeps one.
pub(crate) fn preflight(origin: Option<&HeaderValue>) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    allow(headers, origin);
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(METHODS));
    let allowed = HeaderValue::from_static("content-type, content-encoding");
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    headers.insert(header::ALLOW, HeaderValue::from_static(METHODS));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_origin_decides_then_the_referer_then_nothing() {
        let shop = Site { key: "shop".into(), origins: vec!["https://shop.example".into()], ..Site::default() };
        let table: [(Option<&str>, Option<&str>, bool); 9] = [
            (Some("https://shop.example"), None, true),
            (Some("https://evil.example"), Some("https://shop.example/"), false),
            (Some("null"), None, false),
            (Some(""), None, false),
            (None, Some("https://shop.example/p/1?x#y"), true),
            (None, Some("https://shop.example"), true),
            (None, Some("https://shop.example.evil.test/"), false),
            (None, Some("https://evil.example/https://shop.example"), false),
            (None, None, true),
        ];
        for (origin, referer, allowed) in table {
            let mut headers = HeaderMap::new();
            origin.map(|value| headers.insert(header::ORIGIN, HeaderValue::from_str(value).unwrap()));
            referer.map(|value| headers.insert(header::REFERER, HeaderValue::from_str(value).unwrap()));
            assert_eq!(is_allowed(&shop, &headers), allowed, "{origin:?} {referer:?}");
        }
    }
}
