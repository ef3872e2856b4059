//! The dashboard's files, as they were built into the binary. Any other path of a reader's is the dashboard too: it
//! finds its screen by the address.

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use felt_http::Problem;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

/// A file of the dashboard.
struct File {
    name: &'static str,
    bytes: &'static [u8],
    brotli: &'static [u8],
}

static FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// Entity tags, in the order of the files.
static TAGS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let tag = |file: &File| {
        let digest = Sha256::digest(file.bytes);
        let hex: String = digest[..12].iter().map(|byte| format!("{byte:02x}")).collect();
        format!("W/\"{hex}\"")
    };
    FILES.iter().map(tag).collect()
});

/// Serves the dashboard for every path that is nothing else.
pub async fn serve(method: Method, uri: Uri, headers: HeaderMap) -> Result<Response, Problem> {
    let path = uri.path();
    if path.starts_with("/api/") {
        return Err(Problem::not_found("there is no such call; see /api/v1/openapi.json"));
    }
    if method != Method::GET && method != Method::HEAD {
        return Err(Problem::method_not_allowed("GET, HEAD"));
    }
    let name = path.trim_start_matches('/');
    let found = FILES.iter().position(|file| file.name == name && name != "index.html");
    let is_file = name.rsplit('/').next().is_some_and(|last| last.contains('.'));
    let index = found.or_else(|| (!is_file || name == "index.html").then(index_html).flatten());
    index.map(|index| file(index, &headers)).ok_or_else(|| Problem::not_found("there is no such file"))
}

fn index_html() -> Option<usize> {
    FILES.iter().position(|file| file.name == "index.html")
}

fn file(index: usize, headers: &HeaderMap) -> Response {
    let (file, tag) = (&FILES[index], &TAGS[index]);
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let unchanged = known.is_some_and(|known| known.split(',').any(|known| known.trim() == tag || known.trim() == "*"));
    let accepts = |value: &HeaderValue| value.to_str().is_ok_and(accepts_brotli);
    let packed = headers.get_all(header::ACCEPT_ENCODING).iter().any(accepts);
    let mut response = if unchanged {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Response::new(Body::from(Bytes::from_static(if packed { file.brotli } else { file.bytes })))
    };
    let out = response.headers_mut();
    if packed && !unchanged {
        out.insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
    }
    if let Ok(tag) = tag.parse() {
        out.insert(header::ETAG, tag);
    }
    for (name, value) in [
        (header::CONTENT_TYPE, content_type(file.name)),
        (header::CACHE_CONTROL, caching(file.name)),
        (header::VARY, "accept-encoding"),
    ] {
        out.insert(name, HeaderValue::from_static(value));
    }
    response
}

fn accepts_brotli(accept: &str) -> bool {
    accept.split(',').any(|part| {
        let mut parts = part.split(';').map(str::trim);
        parts.next() == Some("br") && !parts.any(|q| matches!(q, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

/// What the build put into `chunks/` carries the hash of its content in its name and never changes; the others are
/// asked for again.
fn caching(name: &str) -> &'static str {
    if name.starts_with("chunks/") { "public, max-age=31536000, immutable" } else { "no-cache" }
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "json" | "webmanifest" => "application/json",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_with_a_hash_in_them_are_kept_for_ever() {
        for (name, kept) in [
            ("index.html", false),
            ("app.js", false),
            ("app.css", false),
            ("chunks/promises.AB2CDEFG.js", true),
            ("assets/settings.css", false),
        ] {
            assert_eq!(caching(name).contains("immutable"), kept, "{name}");
        }
    }

    #[test]
    fn brotli_is_sent_to_those_who_take_it() {
        assert!(accepts_brotli("gzip, deflate, br"));
        assert!(accepts_brotli("br;q=0.5"));
        assert!(!accepts_brotli("br;q=0, gzip"));
        assert!(!accepts_brotli("gzip"));
    }
}
