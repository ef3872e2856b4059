//! `cargo bench -p felt-tests --bench query -- [VIEWS]`: the latency of each call over ten million page views in 28 days, and beside
//! it, in the first rounds, what ClickHouse's own `quantile` takes for the same question over the raw rows.
//!
//! The rows are made inside ClickHouse from numbers: one insert a day and table, so that the store is filled in minutes. With
//! `FELT_BENCH_DATA=FOLDER` they stay there, and are found again on the same day. No answer comes from a cache: none is kept.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use felt_tests::api::Api;
use felt_tests::process::{Felt, run_felt};

/// With twenty, the second longest is the 95th percentile.
const ROUNDS: usize = 20;
/// Up to so many page views there is no sample: the default of `[query] exact_rows_max`.
const EXACT_ROWS_MAX: u64 = 4_000_000;
/// Rounds in which ClickHouse is asked as well.
const OWN_ROUNDS: usize = 5;

/// The same question for ClickHouse alone: days, what else the rows must be, and what they are grouped by.
type Own = (&'static str, &'static str, &'static str);

const CALLS: [(&str, Option<Own>); 25] = [
    ("summary?range=28d", Some(("28", "1", "1"))),
    ("summary?range=28d&f=device:is:mobile", Some(("28", "device = 'mobile'", "1"))),
    (
        "summary?range=28d&f=page:is:/page-1&f=device:is:mobile",
        Some(("28", "page = '/page-1' AND device = 'mobile'", "1")),
    ),
    ("summary?range=28d&f=country:is:DE", Some(("28", "country = 'DE'", "1"))),
    ("summary?range=28d&f=os:is:Android&f=country:is:DE", Some(("28", "os = 'Android' AND country = 'DE'", "1"))),
    ("series?range=28d&step=1d", Some(("28", "1", "toStartOfDay(started_at)"))),
    ("series?range=24h&step=5m", Some(("1", "1", "toStartOfFiveMinutes(started_at)"))),
    ("breakdown?range=28d&by=page&order=-lost", Some(("28", "1", "page"))),
    ("breakdown?range=28d&by=country", Some(("28", "1", "country"))),
    ("breakdown?range=28d&by=page,device", Some(("28", "1", "page, device"))),
    (
        "breakdown?range=28d&by=page&f=device:is:mobile&f=country:is:DE",
        Some(("28", "device = 'mobile' AND country = 'DE'", "page")),
    ),
    (
        "breakdown?range=28d&by=browser&f=os:is:Android&f=country:is:DE",
        Some(("28", "os = 'Android' AND country = 'DE'", "browser")),
    ),
    ("distribution?range=28d&metric=lcp", Some(("28", "1", "intDiv(lcp, 100000)"))),
    ("values/page?range=28d&q=page", Some(("28", "page LIKE '%page%'", "page"))),
    ("series?range=28d&step=1d&f=page:is:/page-1&f=device:is:mobile", None),
    ("breakdown?range=28d&by=page&f=page:prefix:/page-1&f=device:is:mobile", None),
    ("distribution?range=28d&metric=lcp&f=page:is:/page-1&f=device:is:mobile", None),
    ("values/page?range=28d&f=page:prefix:/page-1&f=device:is:mobile", None),
    ("compare?range=14d&vs=prev&f=page:is:/page-1&f=device:is:mobile", None),
    ("attribution?range=28d&metric=lcp&f=page:is:/page-1&f=device:is:mobile", None),
    ("sessions?range=28d&f=page:is:/page-1&f=device:is:mobile", None),
    ("journeys?range=28d&f=page:is:/page-1&f=device:is:mobile", None),
    ("feedback?range=28d&f=page:is:/page-1&f=device:is:mobile", None),
    ("schema", None),
    ("health?range=28d", None),
];

#[tokio::main]
async fn main() -> Result<()> {
    let views: u64 = std::env::args().filter_map(|a| a.parse().ok()).next().unwrap_or(10_000_000);
    let fleeting = tempfile::tempdir()?;
    let dir = std::env::var_os("FELT_BENCH_DATA").map_or_else(|| fleeting.path().to_owned(), PathBuf::from);
    std::fs::create_dir_all(&dir)?;
    let engine = Felt::start_unready(&["engine", "--data", "engine", "--listen", "127.0.0.1:0"], &dir)?;
    let config = format!(
        "[[sites]]\nkey = \"shop\"\nname = \"Shop\"\norigins = [\"*\"]\n[clickhouse]\nurl = \"{}\"\n[query]\ncache_ms = 0\n",
        engine.url
    );
    std::fs::write(dir.join("felt.toml"), config)?;
    let (code, _, faults) = run_felt(&["migrate"], &dir)?;
    anyhow::ensure!(code == 0, "{faults}");
    let filled = dir.join(format!("filled-{views}"));
    if !filled.exists() {
        let started = Instant::now();
        felt_tests::fill::fill(&engine.url, views).await?;
        println!("{views} page views made in {:.0} s", started.elapsed().as_secs_f64());
        std::fs::write(&filled, "")?;
    }
    let query = Felt::start(&["query", "--listen", "127.0.0.1:0"], &dir)?;
    sampled(&engine.url, views).await?;
    let (api, http) = (Api::new(&query.url, "shop"), reqwest::Client::new());

    println!(
        "{ROUNDS} rounds; own: the median of ClickHouse's own quantile over the raw rows, asked right after each call"
    );
    println!("{:62} {:>9} {:>7} {:>7} {:>6}  source", "call", "median ms", "p95 ms", "own ms", "ratio");
    'calls: for (call, own) in CALLS {
        let (mut ours, mut theirs, mut source) = (Times::default(), Times::default(), String::new());
        for round in 0..ROUNDS {
            let asked = Instant::now();
            let answer = match api.call(call).await {
                Ok(answer) => answer,
                Err(refused) => {
                    println!("{call:62} {refused:#}");
                    continue 'calls;
                }
            };
            ours.0.push(asked.elapsed().as_secs_f64() * 1e3);
            source = answer["meta"]["source"].as_str().unwrap_or("-").to_owned();
            let Some(own) = own.filter(|_| round < OWN_ROUNDS) else { continue };
            let asked = Instant::now();
            let answer = http.post(&engine.url).body(quantiles(call, own)).send().await?;
            answer.error_for_status()?.text().await.context("no answer")?;
            theirs.0.push(asked.elapsed().as_secs_f64() * 1e3);
        }
        let (median, own_median) = (ours.quantile(0.5), theirs.quantile(0.5));
        let compared = own.map_or_else(String::new, |_| format!("{own_median:7.0} {:6.2}", median / own_median));
        println!("{call:62} {median:9.0} {:7.0} {compared:14}  {source}", ours.quantile(0.95));
    }
    Ok(())
}

/// Waits until the days that are over are in the sample of page views, where there are enough for one.
async fn sampled(engine: &str, views: u64) -> Result<()> {
    let (started, http) = (Instant::now(), reqwest::Client::new());
    let left = "SELECT uniqExact(day) - (SELECT uniqExact(day) FROM felt.page_view_sample_days) FROM felt.page_views \
                WHERE day < toDate(now('UTC'))";
    if views <= EXACT_ROWS_MAX {
        return Ok(());
    }
    loop {
        let answer = http.post(engine).body(left).send().await?.error_for_status()?.text().await?;
        if answer.trim() == "0" {
            println!("the sample was there after {:.0} s", started.elapsed().as_secs_f64());
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// The question in ClickHouse's own words: counts, and the 75th percentile of the metrics that the call tells.
fn quantiles(call: &str, (days, filter, group): Own) -> String {
    let metrics: &[&str] = match call.split('?').next() {
        Some("summary") => &["lcp", "inp", "cls", "fcp", "ttfb"],
        Some("breakdown") => &["lcp", "inp", "cls"],
        Some("series" | "distribution") => &["lcp"],
        _ => &[],
    };
    let quantile = |metric| format!(", quantileIf(0.75)({metric}, {metric} != {})", u32::MAX);
    format!(
        "SELECT {group}, count(){} FROM felt.page_views WHERE site = 'shop' AND bot = '' \
         AND started_at >= now() - INTERVAL {days} DAY AND {filter} GROUP BY {group} FORMAT JSONCompact",
        metrics.iter().map(quantile).collect::<String>()
    )
}

/// Milliseconds, one a round; none is NaN.
#[derive(Default)]
struct Times(Vec<f64>);

impl Times {
    fn quantile(&mut self, share: f64) -> f64 {
        self.0.sort_by(f64::total_cmp);
        let rank = (share * self.0.len() as f64).ceil() as usize;
        self.0.get(rank.saturating_sub(1)).copied().unwrap_or(f64::NAN)
    }
}
