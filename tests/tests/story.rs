//! The story that the demo plants is found by whoever reads its screens: the release that made it worse, the incident, the slow
//! country and the unhappy journey, each within three clicks from Happiness; and every screen's address shows the same again. On the
//! demo's own data each screen's sentence says what the API answers, axe-core finds nothing, and the keyboard reaches what it needs.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use felt_tests::api::Api;
use felt_tests::process::Felt;
use serde_json::Value;

/// Back to a week before the incident, so that its impact has something to be compared with.
const DAYS: &str = "17";
/// Few enough for a loaded machine, and enough for verdicts.
const SESSIONS_PER_DAY: &str = "700";

/// How many page views the demo has imported; `marks` are told once all are in.
async fn imported(api: &Api) -> Result<u64> {
    api.until("incidents?range=28d", |answer| answer["data"].as_array().is_some_and(|rows| !rows.is_empty())).await?;
    let (_, metrics) = api.get("/metrics").await?;
    let line =
        metrics.lines().find_map(|line| line.strip_prefix("felt_ingest_import_lines_total{outcome=\"accepted\"} "));
    Ok(line.context("imports are not counted")?.parse()?)
}

fn walk(base: &str) -> Result<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../query/dashboard");
    ensure!(folder.join("node_modules").exists(), "query/dashboard is not installed: run `make assets`");
    let output = Command::new("node")
        .args(["test/story.mjs", "--base", base])
        .current_dir(&folder)
        .stdin(Stdio::null())
        .output()
        .context("node cannot be started")?;
    let printed = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "{printed}\n{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_str(printed.trim()).with_context(|| printed.into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_demo_planted_is_found_within_three_clicks() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let history = ["--no-live", "--days", DAYS, "--sessions-per-day", SESSIONS_PER_DAY];
    let args = [&["demo", "--data", "data", "--listen", "127.0.0.1:0"][..], &history].concat();
    let felt = Felt::start(&args, dir.path())?;
    let api = Api::new(&felt.url, "shop");
    let views = imported(&api).await?;
    api.until_views(views, "range=28d&who=all&metrics=happiness").await?;
    let told = tokio::task::block_in_place(|| walk(&felt.url))?;
    println!("{told}");
    for (what, planted) in
        [("release", "413"), ("incident", "Payment failed"), ("country", "Brazil"), ("journey", "find")]
    {
        assert_eq!(told[what]["found"], planted, "{told}");
    }
    assert_eq!(told["sentences"], 8, "{told}");
    assert_eq!(told["keyboard"], serde_json::json!(["range", "filter", "row"]), "{told}");
    // Releases were marked, as CI does, and not only seen in page views.
    let releases = api.call("releases?range=28d").await?;
    let source =
        |name: &str| releases["data"].as_array().and_then(|rows| rows.iter().find(|row| row["release"] == name));
    assert_eq!(source("413").context("no release 413")?["source"], "marked");
    Ok(())
}
