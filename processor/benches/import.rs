//! Page views a second from the log into ClickHouse, end to end on this machine: local log, processor, embedded engine.
//!
//! `cargo bench -p felt-processor --bench import`; `FELT_BENCH_VIEWS` sets the number of views (200,000).

#[path = "../tests/support/mod.rs"]
mod support;

use std::time::{Duration, Instant};

use felt_processor::ProcessorConfig;
use felt_schema::site::Site;
use support::{Beacon, NOW_MS, Rig};
use tokio_util::sync::CancellationToken;

const DAYS: usize = 28;

fn view(n: usize, views: usize) -> Beacon {
    let at = NOW_MS - (DAYS as i64 * 86_400_000) * (views - n) as i64 / views as i64;
    let body = format!(
        r#""url": "https://shop.example/{}/{}", "release": "{}", "metrics": {{"lcp": {}, "inp": {}, "cls": 0.031, "fcp": 912, "ttfb": 320,
        "dns": 12, "connect": 30, "request": 210, "response": 40, "dom_interactive": 900, "dom_content_loaded": 950, "load": 2100}},
        "client": {{"viewport": [390, 844], "dpr": 3, "connection": "4g", "rtt": 50, "lang": "de-DE", "tz": "Europe/Berlin"}}"#,
        ["p", "category", "cart", "search", "help", "account", "checkout", "blog"][n % 8],
        n / 8,
        n * 5 / views,
        800 + n * 7919 % 4_000,
        20 + n * 104_729 % 600,
    );
    Beacon { imported_at_ms: Some(at), ..Beacon::new(&format!("view-{n:08}"), 0, 0, 12_000, &body) }
}

fn main() {
    let views = std::env::var_os("FELT_BENCH_VIEWS").and_then(|views| views.into_string().ok()?.parse().ok());
    let views: usize = views.unwrap_or(200_000);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime can be made");
    runtime.block_on(async {
        let mut rig = Rig::with_sites(vec![Site { key: "shop".into(), ..Site::default() }], 4).await;
        rig.config = ProcessorConfig::default();
        for name in ["first import", "the same again"] {
            for chunk in (0..views).collect::<Vec<_>>().chunks(5_000) {
                rig.append(&chunk.iter().map(|n| view(*n, views)).collect::<Vec<_>>()).await;
            }
            let started = Instant::now();
            rig.work_off().await;
            let took = started.elapsed().as_secs_f64();
            println!("{name}: {views} views in {took:.2} s, {:.0} a second", views as f64 / took);
        }
        println!("views and distinct views: {}", rig.line("SELECT sum(sign), uniqExact(view) FROM page_views").await);
        for table in ["page_views", "rollup_minute", "rollup_hour", "rollup_day", "view_states"] {
            println!("rows of {table}: {}", rig.line(&format!("SELECT count() FROM {table}")).await);
        }
        freshness(&rig).await;
    });
}

/// How long a lone beacon takes from the log's acknowledgement to being visible.
async fn freshness(rig: &Rig) {
    let stop = CancellationToken::new();
    let running = tokio::spawn(rig.processor().run(stop.clone()));
    let mut waits = Vec::new();
    for n in 0..10 {
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        let beacon = Beacon::new(&format!("lone-{n:04}"), 0, 0, 12_000, "");
        rig.append(std::slice::from_ref(&beacon)).await;
        let started = Instant::now();
        let seen = format!("SELECT count() FROM page_views WHERE view = '{}'", beacon.view);
        while rig.line(&seen).await != "1" {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        waits.push(started.elapsed().as_millis());
    }
    waits.sort_unstable();
    println!("lone beacons are visible after {waits:?} ms");
    stop.cancel();
    running.await.expect("no panic").expect("the processor does its work");
}
