//! Beacons with known figures.

use serde_json::{Value, json};

/// An ordinary phone, so that views count as human.
pub const USER_AGENT: &str =
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0.0.0 Mobile Safari/537.36";

/// A snapshot of a good page view that ended.
pub fn snapshot(view: &str, seq: u32, lcp_ms: f64) -> Value {
    json!({
        "v": 1, "view": view, "seq": seq, "session": format!("session-{view}"), "nav": "navigate",
        "url": "https://shop.example/p/123?secret=1", "referrer": "https://search.example/", "title": "A lamp",
        "age": 30_000, "left": 30_000, "first_hidden": 30_000, "status": 200, "sample_rate": 1,
        "metrics": {"lcp": lcp_ms, "inp": 96, "cls": 0.031, "fcp": 912, "ttfb": 320, "load": 2_100},
        "client": {"viewport": [412, 915], "dpr": 2.6, "connection": "4g", "lang": "de-DE", "webdriver": false},
        "release": "414", "tags": {"plan": "pro"},
    })
}

/// An import line of a snapshot that began at `at` (RFC 3339).
pub fn import_line(at: &str, country: &str, snapshot: &Value) -> String {
    let mut line = json!({"at": at, "ua": USER_AGENT, "country": country, "snapshot": snapshot}).to_string();
    line.push('\n');
    line
}
