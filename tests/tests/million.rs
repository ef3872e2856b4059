//! A million page views with known figures through `felt serve`: counts exact, percentiles within 1 % of nearest rank,
//! levels and happiness exact, rollup and raw agreeing, memory bounded.

use anyhow::Result;
use bytes::Bytes;
use felt_tests::api::{Api, metric};
use felt_tests::beacons::USER_AGENT;
use felt_tests::process::Felt;
use jiff::{Timestamp, ToSpan};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

const VIEWS: usize = 1_000_000;
const PIECE_VIEWS: usize = 20_000;
const DAYS: i64 = 5;
const PAGES: usize = 40;
const COUNTRIES: [&str; 5] = ["DE", "FR", "US", "BR", "IN"];

/// What the oracle knows of one page view.
struct View {
    lcp_ms: f64,
    inp_ms: Option<f64>,
    cls: f64,
    failed: bool,
    page: usize,
    country: usize,
}

impl View {
    fn draw(rng: &mut StdRng) -> Self {
        // Tenths of a millisecond over four decades, with many values exactly on a limit.
        let lcp_ms = match rng.random_range(0..10) {
            0 => [2_500.0, 4_000.0, 8_000.0, 2_500.1][rng.random_range(0..4)],
            _ => (10f64.powf(rng.random_range(1.5..4.3)) * 10.0).round() / 10.0,
        };
        let inp_ms = rng.random_bool(0.7).then(|| f64::from(rng.random_range(1..160u32)) * 8.0);
        let cls = f64::from(rng.random_range(0..700u32)) / 1_000.0;
        Self {
            lcp_ms,
            inp_ms,
            cls,
            failed: rng.random_bool(0.01),
            page: rng.random_range(0..PAGES),
            country: rng.random_range(0..COUNTRIES.len()),
        }
    }

    /// 0 delighted to 3 brutal, by DESIGN's anchors, worked out here on its own.
    fn level(&self) -> usize {
        let over = |v: f64, t: [f64; 3]| t.iter().filter(|t| v > **t).count();
        let mut worst = over(self.lcp_ms, [2_500.0, 4_000.0, 8_000.0]).max(over(self.cls, [0.1, 0.25, 0.5]));
        if let Some(inp) = self.inp_ms {
            worst = worst.max(over(inp, [200.0, 500.0, 1_000.0]));
        }
        if self.failed { 3 } else { worst }
    }

    fn line(&self, n: usize, at: Timestamp, out: &mut Vec<u8>) {
        use std::io::Write;
        let inp = self.inp_ms.map(|v| format!(",\"inp\":{v}")).unwrap_or_default();
        let status = if self.failed { 503 } else { 200 };
        let (page, country) = (self.page, COUNTRIES[self.country]);
        writeln!(
            out,
            "{{\"at\":\"{at}\",\"ua\":\"{USER_AGENT}\",\"country\":\"{country}\",\"snapshot\":{{\"v\":1,\"view\":\"million-{n}\",\
             \"seq\":0,\"session\":\"session-{}\",\"nav\":\"navigate\",\"url\":\"https://shop.example/page-{page}\",\
             \"route\":\"/page-{page}\",\"status\":{status},\"age\":90000,\"left\":90000,\"metrics\":{{\"lcp\":{},\"cls\":{}{inp}}}}}}}",
            n / 4, self.lcp_ms, self.cls
        )
        .expect("a vector takes everything");
    }
}

fn nearest_rank(sorted: &[f64], percent: usize) -> f64 {
    sorted[(percent * sorted.len()).div_ceil(100) - 1]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_million_page_views_come_out_as_they_went_in() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let felt = Felt::start(&["serve", "--data", "data", "--listen", "127.0.0.1:0"], dir.path())?;
    let api = Api::new(&felt.url, "shop");
    let seed = 20_261_122;
    let mut rng = StdRng::seed_from_u64(seed);
    let to = Timestamp::from_second(epoch_now().as_secs() as i64 / 3600 * 3600)?;
    let from = to - (DAYS * 24).hours();
    let step_ms = DAYS * 86_400_000 / VIEWS as i64;

    let started = std::time::Instant::now();
    let mut views = Vec::with_capacity(VIEWS);
    while views.len() < VIEWS {
        let mut piece = Vec::with_capacity(PIECE_VIEWS * 420);
        for _ in 0..PIECE_VIEWS {
            let view = View::draw(&mut rng);
            view.line(views.len(), from + (step_ms * views.len() as i64).milliseconds(), &mut piece);
            views.push(view);
        }
        let report = api.import(Bytes::from(piece)).await?;
        assert_eq!(report["accepted"].as_u64(), Some(PIECE_VIEWS as u64), "{report}");
    }
    let range = format!("from={from}&to={to}");
    let stats = "stats=p50,p75,p90,p95,p99,good,fair,poor,count,mean";
    let summary = api.until_views(VIEWS as u64, &format!("{range}&metrics=lcp,inp,cls,happiness&{stats}")).await?;
    let rate = VIEWS as f64 / started.elapsed().as_secs_f64();
    println!("{VIEWS} page views imported and visible at {rate:.0} a second");
    assert_eq!(summary["meta"]["source"], "rollup");

    let raw = api.call(&format!("summary?{range}&metrics=lcp,inp,cls,happiness&{stats}&f=os:set")).await?;
    assert_eq!(raw["meta"]["source"], "raw");
    assert_eq!(raw["data"], summary["data"], "rollup and raw agree");

    check(&summary, &views.iter().collect::<Vec<_>>());
    for page in [0, PAGES - 1] {
        let of_page: Vec<&View> = views.iter().filter(|v| v.page == page).collect();
        let answer =
            api.call(&format!("summary?{range}&metrics=lcp,inp,cls,happiness&{stats}&f=page:is:/page-{page}")).await?;
        check(&answer, &of_page);
    }
    let countries = api.call(&format!("breakdown?{range}&by=country&metrics=happiness")).await?;
    for (i, country) in COUNTRIES.iter().enumerate() {
        let of_country = views.iter().filter(|v| v.country == i).count() as u64;
        let row = countries["data"].as_array().unwrap().iter().find(|r| r["country"] == *country).unwrap();
        assert_eq!(row["count"].as_u64(), Some(of_country), "{row}");
    }
    let (own, engine) = felt.memory_peak_bytes()?;
    println!("peak memory: felt {} MiB, engine {} MiB", own >> 20, engine >> 20);
    assert!(own < 2 << 30, "felt itself stays under 2 GiB, not {own} bytes");
    assert!(engine < 3 << 30, "the engine stays under 3 GiB, not {engine} bytes");
    Ok(())
}

/// Compares an answer with what the oracle works out from the page views themselves.
fn check(answer: &serde_json::Value, views: &[&View]) {
    type Value = fn(&View) -> Option<f64>;
    let metrics: [(&str, Value, [f64; 2]); 3] = [
        ("lcp", |v| Some(v.lcp_ms), [2_500.0, 4_000.0]),
        ("inp", |v| v.inp_ms, [200.0, 500.0]),
        ("cls", |v| Some(v.cls), [0.1, 0.25]),
    ];
    for (name, value, limits) in metrics {
        let mut sorted: Vec<f64> = views.iter().filter_map(|v| value(v)).collect();
        sorted.sort_by(f64::total_cmp);
        let record = metric(answer, name);
        let n = sorted.len() as f64;
        assert_eq!(record["count"].as_u64(), Some(sorted.len() as u64), "{record}");
        for percent in [50, 75, 90, 95, 99] {
            let expected = nearest_rank(&sorted, percent);
            let got = record[format!("p{percent}")].as_f64().unwrap();
            assert!((got - expected).abs() <= expected * 0.01, "{name} p{percent}: {got}, nearest rank {expected}");
        }
        let good = sorted.iter().filter(|v| **v <= limits[0]).count() as f64;
        let poor = sorted.iter().filter(|v| **v > limits[1]).count() as f64;
        for (share, expected) in [("good", good / n), ("poor", poor / n), ("fair", (n - good - poor) / n)] {
            let got = record[share].as_f64().unwrap();
            assert!((got - expected).abs() < 1e-9, "{name} {share}: {got}, not {expected}");
        }
        let mean = sorted.iter().sum::<f64>() / n;
        assert!((record["mean"].as_f64().unwrap() / mean - 1.0).abs() < 1e-6, "{name} mean");
    }
    let mut levels = [0u64; 4];
    for view in views {
        levels[view.level()] += 1;
    }
    let record = metric(answer, "happiness");
    for (i, expected) in levels.iter().enumerate() {
        assert_eq!(record["levels"][i]["count"].as_u64(), Some(*expected), "level {i}: {record}");
    }
    let n: u64 = levels.iter().sum();
    let points = 4 * levels[0] + 3 * levels[1] + levels[2];
    let happiness = 100.0 * points as f64 / (4.0 * n as f64);
    assert!((record["value"].as_f64().unwrap() - happiness).abs() < 1e-9, "{record}, not {happiness}");
}

/// Time since the epoch: the imported history has to lie before now.
#[allow(clippy::disallowed_methods, reason = "a test outside the process has no clock to be handed")]
fn epoch_now() -> std::time::Duration {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("now is after 1970")
}
