//! What a real browser tells of its visits to the demo shop, beside what the API says of them: headless Chromium plays the scenarios
//! of `tests/browser`, an independent web-vitals in the same pages says what it saw, and the API's figures are within 1 % of that.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Seek};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::api::Api;

/// A range that holds whatever was played just now.
pub const RANGE: &str = "range=1h&who=humans";

const METRICS: [&str; 5] = ["lcp", "inp", "cls", "fcp", "ttfb"];

/// All scenarios together have more.
const VIEWS_MIN: usize = 10;

/// Where the browser finds the shop, and where its beacons go.
#[derive(Debug, Clone, Copy)]
pub enum Shop<'a> {
    /// This felt serves the shop as well.
    Served(&'a str),
    /// The shop is served from the source tree; the beacon's script comes from this felt, and beacons go there.
    BeaconsTo(&'a str),
}

/// What the browser told of one page view.
#[derive(Debug)]
pub struct Visit {
    page: String,
    nav: String,
    oracle: BTreeMap<String, f64>,
}

/// Plays every scenario. `told` hears of each page view while the others are still to come: how many there are so far.
///
/// # Errors
/// When a scenario cannot be played, or the beacon sent something else than web-vitals saw.
pub fn play(shop: Shop<'_>, mut told: impl FnMut(usize) -> Result<()>) -> Result<Vec<Visit>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser");
    ensure!(folder.join("node_modules").exists(), "tests/browser is not installed: run `make test-rust`");
    // A file, since a full pipe that nobody reads would hold node up.
    let mut faults = tempfile::tempfile()?;
    let mut node = Command::new("node")
        .arg("run.mjs")
        .args(match shop {
            Shop::Served(url) => ["--base", url],
            Shop::BeaconsTo(url) => ["--beacons", url],
        })
        .current_dir(&folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(faults.try_clone()?)
        .spawn()
        .context("node cannot be started")?;
    let mut visits = Vec::new();
    for line in BufReader::new(node.stdout.take().context("node has no standard output")?).lines() {
        let line = line?;
        visits.push(visit(&line).context(line)?);
        told(visits.len())?;
    }
    let ended = node.wait()?;
    let mut said = String::new();
    faults.rewind()?;
    faults.read_to_string(&mut said)?;
    ensure!(ended.success(), "the beacon and web-vitals differ:\n{said}");
    ensure!(visits.len() >= VIEWS_MIN, "only {} page views were told", visits.len());
    Ok(visits)
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

/// Waits until the API counts these visits, each once, and holds every figure of every page and kind of navigation against what
/// web-vitals saw. How many figures were compared.
///
/// # Errors
/// When an answer or a row is missing.
///
/// # Panics
/// When a figure is another.
pub async fn compare(api: &Api, visits: &[Visit]) -> Result<usize> {
    api.until_views(visits.len() as u64, &format!("{RANGE}&metrics=happiness")).await?;
    let stats = "stats=p50,p75,p90,p99,count";
    let answer =
        api.call(&format!("breakdown?{RANGE}&by=page,nav&metrics={}&{stats}&limit=100", METRICS.join(","))).await?;
    let rows = answer["data"].as_array().context("no rows")?;
    let mut groups: BTreeMap<(&str, &str), Vec<&Visit>> = BTreeMap::new();
    for visit in visits {
        groups.entry((&visit.page, &visit.nav)).or_default().push(visit);
    }
    let mut compared = 0;
    for ((page, nav), visits) in &groups {
        // No document was waited for on a route change or a restored page: the library says 0, Felt says nothing.
        let restored = matches!(*nav, "soft" | "bfcache");
        for name in METRICS.into_iter().filter(|name| !(restored && *name == "ttfb")) {
            let row = rows
                .iter()
                .find(|r| r["page"] == *page && r["nav"] == *nav && r["metric"] == name)
                .with_context(|| format!("no row of {page} {nav} {name} in {answer}"))?;
            compared += compare_row(row, visits, nav, name);
        }
    }
    Ok(compared)
}

/// One metric of one group of visits.
fn compare_row(row: &Value, visits: &[&Visit], nav: &str, name: &str) -> usize {
    let mut seen: Vec<f64> = visits.iter().filter_map(|v| v.oracle.get(name).copied()).collect();
    seen.sort_by(f64::total_cmp);
    assert_eq!(row["count"].as_u64(), Some(seen.len() as u64), "{nav} {name}: {row}");
    // Two observers in one page may hear of an entry a callback apart; out of the back-forward cache, where a paint is when a
    // callback ran, that is a few frames.
    let slack = match (name, nav) {
        ("cls", _) => 0.0001,
        (_, "bfcache") => 20.0,
        _ => 1.0,
    };
    let mut compared = 0;
    for percent in [50, 75, 90, 99] {
        let Some(rank) = (percent * seen.len()).div_ceil(100).checked_sub(1) else { continue };
        let (expected, got) = (seen[rank], row[format!("p{percent}")].as_f64());
        assert!(
            got.is_some_and(|got| (got - expected).abs() <= expected * 0.01 + slack),
            "{nav} {name} p{percent}: the API says {got:?}, web-vitals saw {expected}: {row}"
        );
        compared += 1;
    }
    compared
}
