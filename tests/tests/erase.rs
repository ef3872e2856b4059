//! Erasing a visitor through `felt serve`: killed in the middle, told of a later snapshot, searched for by table and by byte.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use felt_store::{QueryLimits, Store, StoreConfig, engine};
use felt_tests::api::{Api, metric};
use felt_tests::beacons::snapshot;
use felt_tests::process::Felt;
use serde_json::{Value, json};

/// Longest wait for something that the process does by itself; a busy machine works beside us.
const PATIENCE: Duration = Duration::from_secs(240);
const VISITOR: &str = "visitor-forget-me-0123456789";
const SESSION: &str = "session-forget-me-0123456789";

fn serve(dir: &Path, watch_ms: u64) -> Result<Felt> {
    let config = format!(
        "[[sites]]\nkey = \"shop\"\norigins = [\"*\"]\n\n[query]\nerase_watch_ms = {watch_ms}\nerase_check_ms = 200\n"
    );
    std::fs::write(dir.join("felt.toml"), config)?;
    Felt::start(&["serve", "--data", "data", "--listen", "127.0.0.1:0"], dir)
}

fn theirs(seq: u32, lcp_ms: f64) -> String {
    let mut beacon = snapshot("view-forget-me", seq, lcp_ms);
    beacon["visitor"] = json!(VISITOR);
    beacon["session"] = json!(SESSION);
    beacon["events"] = json!([{"type": "error", "at": 10, "message": "it broke"}]);
    beacon.to_string()
}

async fn ask_for(felt: &Felt, body: Value) -> Result<String> {
    let http = reqwest::Client::new();
    let address = format!("{}/api/v1/sites/shop/erasures", felt.url);
    let answer = http.post(address).header("content-type", "application/json").body(body.to_string()).send().await?;
    ensure!(answer.status() == 202, "{}: {}", answer.status(), answer.text().await?);
    let told: Value = serde_json::from_str(&answer.text().await?)?;
    Ok(told["data"]["id"].as_str().context("no id")?.to_owned())
}

async fn until(api: &Api, id: &str, wanted: impl Fn(&Value) -> bool) -> Result<Value> {
    let told = api.until(&format!("erasures/{id}"), |answer| wanted(&answer["data"])).await?;
    Ok(told["data"].clone())
}

/// The engine of that data directory, asked directly.
async fn ask_engine(dir: &Path, sql: &str) -> Result<u64> {
    let running = engine::find(&dir.join("data/engine")).context("no engine runs")?;
    let store = Store::connect(StoreConfig { url: running.url, ..StoreConfig::default() });
    let rows = store.query_json(sql, &[], QueryLimits::default()).await?;
    rows.first().and_then(|row| row.first()?.as_u64()).with_context(|| format!("{sql}: {rows:?}"))
}

async fn until_engine(dir: &Path, sql: &str, wanted: u64) -> Result<()> {
    let begin = Instant::now();
    loop {
        let now = ask_engine(dir, sql).await?;
        if now == wanted {
            return Ok(());
        }
        if begin.elapsed() > PATIENCE {
            bail!("{sql} stayed {now}");
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Files below a folder that have these bytes in them.
fn files_with(dir: &Path, needle: &[u8]) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files_with(&path, needle)?);
        } else if std::fs::read(&path)?.windows(needle.len()).any(|bytes| bytes == needle) {
            found.push(path.display().to_string());
        }
    }
    Ok(found)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_who_is_erased_stays_erased_through_a_kill_and_a_late_snapshot() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let mut felt = serve(dir.path(), 3_600_000)?;
    let api = Api::new(&felt.url, "shop");
    assert_eq!(api.beacon(theirs(0, 1_000.0)).await?, 204);
    assert_eq!(api.beacon(snapshot("view-somebody-else", 0, 1_000.0).to_string()).await?, 204);
    api.until_views(2, "range=1h&metrics=happiness").await?;

    // The process dies with the request just taken.
    let id = ask_for(&felt, json!({"visitor": VISITOR})).await?;
    felt.kill()?;
    let felt = serve(dir.path(), 3_600_000)?;
    let api = Api::new(&felt.url, "shop");
    let told = until(&api, &id, |told| told["status"] == "erased" && told["proof"]["rows"] == 0).await?;
    assert_eq!(
        told["erased"],
        json!({"page_views": 1, "page_view_sample": 0, "events": 1, "view_states": 1, "dead_letters": 0}),
        "{told}"
    );
    println!("erased: {told}");

    // A later snapshot of the same view, still on its way when they asked: counted once, and erased again.
    assert_eq!(api.beacon(theirs(1, 7_000.0)).await?, 204);
    api.until("summary?range=1h&metrics=lcp", |answer| metric(answer, "lcp")["poor"] == 0.5).await?;
    let told =
        until(&api, &id, |told| told["erased"]["page_views"].as_u64() >= Some(3) && told["proof"]["rows"] == 0).await?;
    println!("after a late snapshot: {}", told["erased"]);
    let summary = api.call("summary?range=1h&metrics=lcp").await?;
    assert_eq!(summary["meta"]["views"], 2, "the view still counts once: {summary}");
    let left = "SELECT count() FROM page_views WHERE view = 'view-forget-me'";
    assert_eq!(ask_engine(dir.path(), left).await?, 0);
    assert_eq!(ask_engine(dir.path(), "SELECT count() FROM page_views").await?, 1);

    // When nothing can come any more, the ids are forgotten by the erasure too.
    assert!(felt.stop()?.success());
    let felt = serve(dir.path(), 1)?;
    let api = Api::new(&felt.url, "shop");
    let told = until(&api, &id, |told| told["status"] == "complete").await?;
    assert_eq!(told["proof"]["rows"], 0, "{told}");
    until_engine(dir.path(), "SELECT count() FROM erasure_targets", 0).await?;
    assert!(felt.stop()?.success());
    for id in [VISITOR, SESSION] {
        let found = files_with(&dir.path().join("data/engine"), id.as_bytes())?;
        assert!(found.is_empty(), "{id} is still in {found:?}");
    }
    Ok(())
}
