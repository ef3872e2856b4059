//! From a click in a real browser to a number of the API: headless Chromium visits the demo shop, an independent web-vitals in
//! the same pages says what it saw, and the API's figures are within 1 % of that.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use felt_tests::api::Api;
use felt_tests::process::Felt;
use serde_json::Value;

/// What the browser told of one page view.
struct Visit {
    page: String,
    nav: String,
    oracle: BTreeMap<String, f64>,
}

/// Plays every scenario against the shop at `base`.
fn play(base: &str) -> Result<Vec<Visit>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser");
    ensure!(folder.join("node_modules").exists(), "tests/browser is not installed: run `make test-rust`");
    let output = Command::new("node")
        .args(["run.mjs", "--base", base])
        .current_dir(&folder)
        .stdin(Stdio::null())
        .output()
        .context("node cannot be started")?;
    let printed = String::from_utf8_lossy(&output.stdout);
    let faults = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "the beacon and web-vitals differ:\n{faults}");
    printed.lines().map(|line| visit(line).with_context(|| line.to_owned())).collect()
}

fn visit(line: &str) -> Result<Visit> {
    let told: Value = serde_json::from_str(line)?;
    let text = |key: &str| told[key].as_str().map(str::to_owned).with_context(|| format!("no {key}"));
    let route = told["snapshot"]["route"].as_str().filter(|r| !r.is_empty());
    let path = text("url")?.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| rest[at..].to_owned()));
    let figures = |key: &str| {
        let figures = told[key].as_object().cloned().unwrap_or_default();
        figures.into_iter().filter_map(|(k, v)| Some((k, v.as_f64()?))).collect::<BTreeMap<_, _>>()
    };
    // Where web-vitals says nothing (it fills an unmeasured INP in), the browser's own entry, which the beacon sent, has to do.
    let mut oracle = figures("sent");
    oracle.extend(figures("oracle"));
    Ok(Visit { page: route.map(str::to_owned).or(path).context("no page")?, nav: text("nav")?, oracle })
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_of_the_api_are_what_web_vitals_saw_in_the_same_pages() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let args = ["demo", "--days", "0", "--no-live", "--data", "data", "--listen", "127.0.0.1:0"];
    let felt = Felt::start(&args, dir.path())?;
    let visits = tokio::task::block_in_place(|| play(&felt.url))?;
    ensure!(visits.len() >= 10, "only {} page views were told", visits.len());
    let api = Api::new(&felt.url, "shop");
    let range = "range=1h&who=humans";
    api.until_views(visits.len() as u64, &format!("{range}&metrics=happiness")).await?;

    let metrics = ["lcp", "inp", "cls", "fcp", "ttfb"];
    let stats = "stats=p50,p75,p90,p99,count";
    let answer =
        api.call(&format!("breakdown?{range}&by=page,nav&metrics={}&{stats}&limit=100", metrics.join(","))).await?;
    let rows = answer["data"].as_array().context("no rows")?;
    let mut groups: BTreeMap<(&str, &str), Vec<&Visit>> = BTreeMap::new();
    for visit in &visits {
        groups.entry((&visit.page, &visit.nav)).or_default().push(visit);
    }
    let mut compared = 0;
    for ((page, nav), visits) in &groups {
        // No document was waited for on a route change or a restored page: the library says 0, Felt says nothing.
        let restored = matches!(*nav, "soft" | "bfcache");
        for name in metrics.into_iter().filter(|name| !(restored && *name == "ttfb")) {
            let mut seen: Vec<f64> = visits.iter().filter_map(|v| v.oracle.get(name).copied()).collect();
            seen.sort_by(f64::total_cmp);
            let row = rows
                .iter()
                .find(|r| r["page"] == *page && r["nav"] == *nav && r["metric"] == name)
                .with_context(|| format!("no row of {page} {nav} {name} in {answer}"))?;
            assert_eq!(row["count"].as_u64(), Some(seen.len() as u64), "{page} {nav} {name}: {row}");
            for percent in [50, 75, 90, 99] {
                let Some(rank) = (percent * seen.len()).div_ceil(100).checked_sub(1) else { continue };
                let (expected, got) = (seen[rank], row[format!("p{percent}")].as_f64().context("no figure")?);
                // Two observers in one page may hear of an entry a callback apart; out of the back-forward cache, where a paint is
                // when a callback ran, that is a few frames.
                let slack = match (name, *nav) {
                    ("cls", _) => 0.0001,
                    (_, "bfcache") => 20.0,
                    _ => 1.0,
                };
                assert!(
                    (got - expected).abs() <= expected * 0.01 + slack,
                    "{page} {nav} {name} p{percent}: the API says {got}, web-vitals saw {expected}"
                );
                compared += 1;
            }
        }
    }
    println!("{} page views, {compared} figures compared", visits.len());

    // What went wrong on purpose is counted as that.
    let happiness = api.call(&format!("breakdown?{range}&by=page&metrics=happiness&limit=100")).await?;
    let gallery = happiness["data"].as_array().and_then(|rows| rows.iter().find(|r| r["page"] == "/shop/gallery"));
    assert!(gallery.is_some(), "{happiness}");
    let raw = api.call("values/page?q=token").await?;
    assert_eq!(raw["data"].as_array().map(Vec::len), Some(0), "no query string reached the server: {raw}");
    Ok(())
}
