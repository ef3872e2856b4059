//! `cargo bench -p felt-tests --bench query`: the latency of each call over ten million page views in 28 days, beside ClickHouse's
//! own `quantile` over the raw rows.
//!
//! The rows are made inside ClickHouse from numbers: one insert a day and table, so that the store is filled in minutes.

use std::time::Instant;

use anyhow::{Context, Result};
use felt_tests::api::Api;
use felt_tests::process::{Felt, run_felt};

const ROUNDS: usize = 9;

#[tokio::main]
async fn main() -> Result<()> {
    let views: u64 = std::env::args().filter_map(|a| a.parse().ok()).next().unwrap_or(10_000_000);
    let dir = tempfile::tempdir()?;
    let engine = Felt::start_unready(&["engine", "--data", "engine", "--listen", "127.0.0.1:0"], dir.path())?;
    let config = format!(
        "[[sites]]\nkey = \"shop\"\nname = \"Shop\"\norigins = [\"*\"]\n[clickhouse]\nurl = \"{}\"\n",
        engine.url
    );
    std::fs::write(dir.path().join("felt.toml"), config)?;
    let (code, _, faults) = run_felt(&["migrate"], dir.path())?;
    anyhow::ensure!(code == 0, "{faults}");
    let started = Instant::now();
    felt_tests::fill::fill(&engine.url, views).await?;
    println!("{views} page views made in {:.0} s", started.elapsed().as_secs_f64());
    let query = Felt::start(&["query", "--listen", "127.0.0.1:0"], dir.path())?;
    let api = Api::new(&query.url, "shop");

    let calls = [
        "summary?range=28d",
        "summary?range=28d&f=device:is:mobile",
        "summary?range=28d&f=page:is:/page-1&f=device:is:mobile",
        "summary?range=28d&f=country:is:DE",
        "summary?range=28d&f=os:is:Android&f=country:is:DE",
        "series?range=28d&step=1d",
        "series?range=24h&step=5m",
        "breakdown?range=28d&by=page&order=-lost",
        "breakdown?range=28d&by=country",
        "breakdown?range=28d&by=page,device",
        "distribution?range=28d&metric=lcp",
        "values/page?q=page",
        "schema",
        "health?range=28d",
    ];
    println!("{:58} {:>9} {:>9}  source", "call", "median ms", "most ms");
    for call in calls {
        let mut times = Vec::new();
        let mut source = String::new();
        for (round, zone) in ZONES.iter().enumerate() {
            // A different answer is asked for each time, so that no cache answers: the smallest count to show changes.
            let unique =
                if call.starts_with("breakdown") { format!("&min={}", round + 1) } else { format!("&tz={zone}") };
            let unique = if call.contains('?') && !call.starts_with("values") { unique } else { String::new() };
            let asked = Instant::now();
            let answer = api.call(&format!("{call}{unique}")).await?;
            times.push(asked.elapsed().as_secs_f64() * 1e3);
            source = answer["meta"]["source"].as_str().unwrap_or("-").to_owned();
        }
        times.sort_by(f64::total_cmp);
        println!("{call:58} {:9.0} {:9.0}  {source}", times[ROUNDS / 2], times[ROUNDS - 1]);
    }
    let own = "SELECT quantile(0.75)(lcp) FROM felt.page_views WHERE site = 'shop' AND bot = '' AND lcp != 4294967295";
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let asked = Instant::now();
        let answer = reqwest::Client::new().post(&engine.url).body(own).send().await?;
        answer.error_for_status()?.text().await.context("no answer")?;
        times.push(asked.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    println!(
        "{:58} {:9.0} {:9.0}  ClickHouse",
        "baseline: quantile(0.75)(lcp) over raw",
        times[ROUNDS / 2],
        times[ROUNDS - 1]
    );
    Ok(())
}

/// Time zones at UTC or near it, one a round.
const ZONES: [&str; ROUNDS] = [
    "UTC",
    "Europe/London",
    "Europe/Lisbon",
    "Europe/Dublin",
    "Africa/Accra",
    "Africa/Abidjan",
    "Atlantic/Reykjavik",
    "Africa/Dakar",
    "Africa/Monrovia",
];
