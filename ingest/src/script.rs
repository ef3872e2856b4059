//! `GET /beacon.js`, its smaller core and its prompt, and the same under their hashed names: what a page loads to be measured.

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use felt_js_beacon::{MANIFEST, SCRIPTS, Script};
use http::{HeaderMap, HeaderValue, StatusCode, header};

/// The plain name is looked up again after an hour: long enough to be cheap, short enough to mend a fault in the script.
const PLAIN_CACHE: &str = "public, max-age=3600";
/// The hashed name never means anything else.
const HASHED_CACHE: &str = "public, max-age=31536000, immutable";

/// `/beacon.js` and `/beacon.{hash}.js`, so also of the other scripts, and `/beacon.json`, which tells the hashed names with their
/// Subresource Integrity.
pub(crate) fn router() -> Router {
    let mut router = Router::new().route("/beacon.json", get(async || manifest()));
    for script in SCRIPTS {
        let Script { stem, hash, .. } = script;
        for (path, cache) in [(format!("/{stem}.js"), PLAIN_CACHE), (format!("/{stem}.{hash}.js"), HASHED_CACHE)] {
            router = router.route(&path, get(async move |headers: HeaderMap| answer(&headers, &script, cache)));
        }
    }
    router
}

fn manifest() -> Response {
    let mut response = Response::new(Body::from(MANIFEST));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(PLAIN_CACHE));
    for_any_page(headers);
    response
}

fn answer(request: &HeaderMap, script: &Script, cache: &'static str) -> Response {
    let (body, encoding) = match best_encoding(request) {
        "br" => (script.brotli, Some("br")),
        "gzip" => (script.gzip, Some("gzip")),
        _ => (script.bytes, None),
    };
    // Each encoding is a representation of its own and so has a tag of its own.
    let tag = format!("\"{}{}\"", script.hash, encoding.map_or(String::new(), |name| format!("-{name}")));
    let mut response = if is_known(request, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut response = Response::new(Body::from(body));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/javascript; charset=utf-8"));
        if let Some(encoding) = encoding {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        response
    };
    let headers = response.headers_mut();
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    for_any_page(headers);
    response
}

/// Any page may load it, cross-origin isolated ones and `<script crossorigin>` included.
fn for_any_page(headers: &mut HeaderMap) {
    for (name, value) in [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
        (header::HeaderName::from_static("timing-allow-origin"), "*"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

fn is_known(request: &HeaderMap, tag: &str) -> bool {
    let lines = request.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    lines
        .flat_map(|line| line.split(','))
        .map(str::trim)
        .any(|known| known == "*" || known.trim_start_matches("W/") == tag)
}

/// The smallest encoding that the client takes: `br`, `gzip` or `identity`.
fn best_encoding(request: &HeaderMap) -> &'static str {
    let lines = request.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let mut best = "identity";
    for offer in lines.flat_map(|line| line.split(',')) {
        let mut parts = offer.split(';').map(str::trim);
        let name = parts.next().unwrap_or("");
        let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(1.0, |q| q.parse::<f32>().unwrap_or(0.0));
        if weight <= 0.0 {
            continue;
        }
        if name.eq_ignore_ascii_case("br") {
            return "br";
        }
        if name.eq_ignore_ascii_case("gzip") {
            best = "gzip";
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use felt_js_beacon::BEACON;

    #[test]
    fn the_smallest_encoding_that_is_taken_is_sent() {
        for (accept, expected) in [
            ("gzip, deflate, br, zstd", "br"),
            ("gzip;q=1.0, br;q=0", "gzip"),
            ("BR", "br"),
            ("deflate", "identity"),
            ("", "identity"),
            ("gzip;q=0", "identity"),
            ("brotli", "identity"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(accept));
            assert_eq!(best_encoding(&headers), expected, "{accept}");
        }
    }

    #[test]
    fn a_known_tag_is_not_sent_again() {
        let mut headers = HeaderMap::new();
        headers.insert(header::IF_NONE_MATCH, HeaderValue::from_str(&format!("\"x\", W/\"{}\"", BEACON.hash)).unwrap());
        assert_eq!(answer(&headers, &BEACON, PLAIN_CACHE).status(), StatusCode::NOT_MODIFIED);
        headers.insert(header::IF_NONE_MATCH, HeaderValue::from_static("\"x\""));
        assert_eq!(answer(&headers, &BEACON, PLAIN_CACHE).status(), StatusCode::OK);
    }
}
