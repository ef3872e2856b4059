//! A thousand promises, judged each minute: the one that burns fires and no other, and what it costs is printed.

#[path = "api/support.rs"]
#[allow(dead_code, reason = "it is the API's tests' own")]
mod support;

use felt_query::{alerts, slos};
use felt_schema::rows::{SloMinuteRow, SloRow};
use felt_schema::slo::{Checks, read_json};
use serde_json::json;
use std::time::{Duration, Instant};
use support::Service;

const PROMISES: i64 = 1_000;
/// Past minutes of each, for as long as the longest rule looks back.
const PAST: i64 = 3 * 24 * 60;
const ROUNDS: i64 = 5;
const BURNING: i64 = 617;
/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(240);
/// Kernel ticks in a second, as everywhere on Linux.
const TICKS: f64 = 100.0;

/// CPU seconds of this process and of the engine that it started.
fn cpu_s() -> (f64, f64) {
    let stat = |path: String| -> Option<(String, u32, f64)> {
        let text = std::fs::read_to_string(path).ok()?;
        let (name, rest) = text.split_once('(')?.1.rsplit_once(") ")?;
        let fields: Vec<&str> = rest.split(' ').collect();
        let ticks: f64 = fields[11].parse::<f64>().ok()? + fields[12].parse::<f64>().ok()?;
        Some((name.to_owned(), fields[1].parse().ok()?, ticks / TICKS))
    };
    let own = stat("/proc/self/stat".into()).map_or(0.0, |(.., cpu)| cpu);
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let engine = processes
        .filter_map(|entry| stat(format!("/proc/{}/stat", entry.file_name().to_str()?)))
        .filter(|(name, parent, _)| *parent == std::process::id() && name.starts_with("felt-engine"))
        .map(|(.., cpu)| cpu)
        .sum();
    (own, engine)
}

fn minute(id: i64, minute: i64, now_ms: i64) -> SloMinuteRow {
    // A promise of 95 %: the one that burns keeps a tenth of it, all others 99 of 100.
    let good = if id == BURNING { 10 } else { 99 };
    SloMinuteRow {
        site: "shop".into(),
        slo: format!("promise-{id}"),
        version: 1,
        minute: u32::try_from(minute * 60).unwrap(),
        good,
        valid: 100,
        counted_to: now_ms,
        counted_at: now_ms,
    }
}

async fn reached(service: &Service) -> i64 {
    let sql = "SELECT max(reached) FROM leases";
    let rows = service.store.query_json(sql, &[], felt_store::QueryLimits::default()).await.unwrap();
    rows[0][0].as_i64().unwrap_or(0)
}

#[tokio::test]
async fn of_a_thousand_promises_the_one_that_burns_fires_at_a_small_part_of_a_core() {
    let service = Service::start().await;
    let begin = service.now_ms().div_euclid(60_000);
    service.clock.set(begin * 60_000 + 30_000);
    let body = json!({"promise": "Pages open fast", "objective": 0.95, "window": {"rolling": "28d"},
        "sli": {"kind": "fast", "metric": "lcp", "at_most": 2500}});
    let promises: Vec<SloRow> = (0..PROMISES)
        .map(|id| {
            let (slo, _) = read_json(&format!("promise-{id}"), body.to_string().as_bytes(), Checks::NONE).unwrap();
            let (id, definition) = (slo.id.clone(), slo.to_json().to_string());
            SloRow {
                site: "shop".into(),
                id,
                version: 1,
                definition,
                counted: 1,
                deleted: 0,
                updated_at: begin * 60_000,
            }
        })
        .collect();
    service.store.insert_rows("slos", &promises, None).await.unwrap();
    let counted_at = service.now_ms();
    for ids in (0..PROMISES).collect::<Vec<_>>().chunks(40) {
        let past = |id: &i64| (begin - PAST..begin).map(|at| minute(*id, at, counted_at)).collect::<Vec<_>>();
        let rows: Vec<SloMinuteRow> = ids.iter().flat_map(past).collect();
        service.store.insert_rows("slo_minutes", &rows, None).await.unwrap();
    }
    service.progress().await;
    let keeper = tokio::spawn(slos::run(service.state.clone(), std::future::pending()));
    let evaluator = tokio::spawn(alerts::run(service.state.clone(), std::future::pending()));
    let waited = Instant::now();
    while reached(&service).await < begin {
        assert!(waited.elapsed() < PATIENCE, "the first minute is not judged");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // Everything is on the desk by now; from here on each minute brings a row of each promise.
    let (own, engine) = cpu_s();
    for round in 0..ROUNDS {
        let at = begin + round;
        service.clock.set((at + 1) * 60_000 + 30_000);
        let now_ms = service.now_ms();
        let rows: Vec<SloMinuteRow> = (0..PROMISES).map(|id| minute(id, at, now_ms)).collect();
        service.store.insert_rows("slo_minutes", &rows, None).await.unwrap();
        service.progress().await;
        let waited = Instant::now();
        while reached(&service).await <= at {
            assert!(waited.elapsed() < PATIENCE, "minute {at} is not judged");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    let (own_after, engine_after) = cpu_s();
    let each = |before: f64, after: f64| (after - before) / ROUNDS as f64;
    println!(
        "{PROMISES} promises: {:.2} CPU seconds of the query role and {:.2} of the engine for each judged minute",
        each(own, own_after),
        each(engine, engine_after)
    );
    keeper.abort();
    evaluator.abort();
    let alerts = service.get("/api/v1/sites/shop/alerts").await;
    let alerts = alerts["data"].as_array().unwrap();
    assert!(!alerts.is_empty());
    assert!(alerts.iter().all(|alert| alert["slo"] == format!("promise-{BURNING}")), "{alerts:#?}");
    assert_eq!(alerts.len(), 4, "each of its rules once: {alerts:#?}");
}
