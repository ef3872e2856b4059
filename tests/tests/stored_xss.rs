//! What a hostile visitor writes into a beacon never runs in a browser that looks at the dashboard: the strings of
//! `tests/hostile/strings.json` go the whole way, through `felt serve` and ClickHouse, onto every screen of a real Chromium.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use felt_tests::api::Api;
use felt_tests::process::Felt;
use serde_json::{Value, json};

fn strings() -> Result<Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("hostile/strings.json");
    Ok(serde_json::from_str(&std::fs::read_to_string(path)?)?)
}

/// A snapshot with one string wherever a beacon takes a text.
fn beacon(index: usize, text: &str) -> Value {
    json!({
        "v": 1, "view": format!("hostile-view-{index}"), "seq": 0, "session": format!("hostile-session-{index}"),
        "nav": "navigate", "url": format!("https://shop.example/p/{text}?q={text}#{text}"), "referrer": format!("https://{text}/"),
        "route": format!("/{text}"), "title": text, "age": 5_000, "left": 5_000, "status": 200,
        "metrics": {"lcp": 1_000 + 40 * index, "inp": 90, "cls": 0.02, "fcp": 700, "ttfb": 200},
        "attribution": {"lcp": {"target": text, "url": text}, "inp": {"target": text, "event": text, "script": text},
                        "cls": {"target": text, "time": 900}},
        "events": [
            {"type": "error", "at": 100, "message": text, "stack": text, "source": text},
            {"type": "timing", "at": 200, "name": text, "value": 300},
            {"type": "step", "at": 300, "journey": text, "step": text, "amount": 1, "currency": text},
            {"type": "request", "at": 400, "url": text, "status": 500, "duration": 100},
            {"type": "rage_click", "at": 500, "target": text},
            {"type": "feedback", "at": 600, "score": 1, "of": 5, "text": text},
        ],
        "client": {"viewport": [390, 844], "dpr": 3, "connection": text, "lang": text, "tz": text, "webdriver": false},
        "release": text, "tags": {"plan": text, text: text},
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_a_beacon_carries_runs_on_any_screen() -> Result<()> {
    let strings = strings()?;
    let dir = tempfile::tempdir()?;
    std::fs::write(
        dir.path().join("felt.toml"),
        "[[sites]]\nkey = \"shop\"\nname = \"<img src=x onerror=hurt(1)>\"\norigins = [\"*\"]\n",
    )?;
    let felt = Felt::start(&["serve", "--data", "data", "--listen", "127.0.0.1:0"], dir.path())?;
    let api = Api::new(&felt.url, "shop");
    let http = reqwest::Client::new();
    for (index, text) in strings.iter().enumerate() {
        // Also where the browser itself speaks: as much of it as a header may hold.
        let agent: String = text.chars().filter(|c| (' '..='~').contains(c)).collect();
        let sent = http
            .post(format!("{}/v1/beacon?site=shop", felt.url))
            .header("user-agent", format!("Mozilla/5.0 ({agent}) Chrome/149.0.0.0"))
            .header("content-type", "text/plain")
            .body(beacon(index, text).to_string());
        ensure!(sent.send().await?.status() == 204, "{text:?} was not taken");
    }
    api.until_views(strings.len() as u64, "range=24h&who=all").await?;
    let told = tokio::task::block_in_place(|| look(&felt.url))?;
    let number = |name: &str| told[name].as_u64().unwrap_or(0);
    println!("{told}");
    // It has looked at something: most of the strings stood on a screen, as text.
    ensure!(number("screens") > 100 && number("links") > 1_000, "too little was looked at: {told}");
    ensure!(number("shown") * 3 > strings.len() as u64 * 2, "too few of the strings were seen as text: {told}");
    Ok(())
}

fn look(base: &str) -> Result<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser");
    let output = Command::new("node")
        .args(["stored-xss.mjs", "--base", base])
        .current_dir(&folder)
        .stdin(Stdio::null())
        .output()
        .context("node cannot be started")?;
    let printed = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "{printed}\n{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_str(printed.trim()).with_context(|| printed.into_owned())
}
