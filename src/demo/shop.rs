//! Serves the demo's shop under `/shop/` as its README asks: pages by name, `_any.html` for whole folders, and pictures
//! that can be held back.

use std::time::Duration;

use axum::Router;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use rust_embed::RustEmbed;
use serde::Deserialize;

/// The longest that a picture is held back.
const DELAY_MS_MAX: u64 = 5_000;

#[derive(RustEmbed)]
#[folder = "src/demo/shop"]
#[exclude = "README.md"]
struct Files;

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    delay: u64,
}

/// The shop, at `/shop/`.
pub fn router() -> Router {
    Router::new()
        .route("/shop", get(async || Redirect::permanent("/shop/")))
        .route("/shop/", get(async || file("index.html").unwrap_or_else(missing)))
        .route("/shop/{*path}", get(page))
}

async fn page(Path(path): Path<String>, asked: Result<Query<Asked>, QueryRejection>) -> Response {
    let Some(name) = resolve(&path) else { return missing() };
    if name.starts_with("img/") {
        let delay_ms = asked.map_or(0, |Query(asked)| asked.delay).min(DELAY_MS_MAX);
        tokio::time::sleep(Duration::from_millis(delay_ms)).await;
    }
    file(&name).unwrap_or_else(missing)
}

/// The file that answers a path below `/shop/`.
fn resolve(path: &str) -> Option<String> {
    let last = path.rsplit('/').next().unwrap_or_default();
    let folder = path.split_once('/').map(|(folder, _)| format!("{folder}/_any.html"));
    let candidates = match (last.contains('.'), folder) {
        (true, _) => vec![path.to_owned()],
        (false, Some(any)) => vec![format!("{path}.html"), any],
        (false, None) => vec![format!("{path}.html")],
    };
    candidates.into_iter().find(|name| Files::get(name).is_some())
}

fn file(name: &str) -> Option<Response> {
    let content = Files::get(name)?.data;
    let kind = match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("webp") => "image/webp",
        _ => "application/octet-stream",
    };
    // No caching: a held-back picture must be held back every time; bfcache works with no-cache, not with no-store.
    Some(([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")], content.into_owned()).into_response())
}

fn missing() -> Response {
    (StatusCode::NOT_FOUND, "there is no such page in the shop\n").into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_of_the_story_exists() {
        for path in
            ["c/lamps", "p/123", "search", "cart", "checkout/address", "checkout/pay", "checkout/done", "gallery"]
        {
            assert!(resolve(path).is_some(), "{path}");
        }
        for path in ["api/pay", "nonsense", "img/none.webp", "../Cargo.toml"] {
            assert!(resolve(path).is_none(), "{path}");
        }
    }
}
