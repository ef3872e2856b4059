//! Promises under fire, the short version: the roles as real processes, real faults, an oracle and a judge; and the judge's own
//! test. `make test-long` runs the same for ten minutes a seed.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use felt_tests::chaos;
use felt_tests::chaos::clickhouse::ClickHouse;
use felt_tests::chaos::judge::{Circumstances, judge};
use felt_tests::chaos::oracle::Oracle;
use felt_tests::chaos::producers::Producers;
use felt_tests::chaos::settings::{Log, Machine, Settings, failing_seeds};
use felt_tests::chaos::verdict::Verdict;
use felt_tests::chaos::world::World;

/// How long faults come in the short version.
const SHORT_SECONDS: u64 = 35;

async fn short(log: Log, seed: u64) -> Result<()> {
    for seed in failing_seeds(log)?.into_iter().chain([seed]) {
        chaos::run(Settings::new(log, seed, SHORT_SECONDS)?).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_promise_is_kept_under_fire_over_the_local_log() -> Result<()> {
    short(Log::Local, 1).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_promise_is_kept_under_fire_over_kafka() -> Result<()> {
    short(Log::Kafka, 1).await
}

/// Each wrong done to the tables, and under which names the judge must find it. `{view}` is one page view's rows.
const WRONGS: [(&str, &[&str]); 8] = [
    (
        "INSERT INTO page_views SELECT * FROM page_views AS p WHERE {view} AND sign = 1",
        &["duplicated", "disagreeing cells"],
    ),
    (
        "INSERT INTO page_views SELECT * REPLACE(-sign AS sign) FROM page_views AS p WHERE {view}",
        &["missing", "outcomes"],
    ),
    (
        "INSERT INTO page_views SELECT * REPLACE(concat(view, '0') AS view) FROM page_views AS p WHERE {view}",
        &["spurious"],
    ),
    (
        "INSERT INTO page_views SELECT * REPLACE(sign * s AS sign, if(s = 1, '/other', page) AS page) FROM page_views AS p \
         ARRAY JOIN [-1, 1] AS s WHERE {view}",
        &["corrupted", "disagreeing cells"],
    ),
    ("INSERT INTO events SELECT * FROM events WHERE site = 'shop' LIMIT 1", &["wrong events"]),
    (
        "INSERT INTO rollup_hour SELECT * FROM rollup_hour WHERE metric = 'lcp' AND site = 'blog' LIMIT 1",
        &["disagreeing cells"],
    ),
    ("INSERT INTO outcomes SELECT * FROM outcomes WHERE outcome = 'accepted' AND site = 'play' LIMIT 1", &["outcomes"]),
    (
        "INSERT INTO slo_minutes SELECT * REPLACE(good - 1 AS good, counted_at + INTERVAL 1 HOUR AS counted_at) FROM slo_minutes \
         WHERE slo = 'fast' AND site = 'blog' LIMIT 1",
        &["promise minutes"],
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn the_judge_finds_every_kind_of_wrong() -> Result<()> {
    let settings = Settings { log: Log::Local, seed: 1, seconds: 0, rate: 200, sessions: 4, machine: Machine::Sound };
    let oracle = Arc::new(Oracle::new(settings.seed));
    let world = World::start(settings, &oracle).await?;
    chaos::promises::make(&world.query_url()?).await?;
    let producers = Producers::start(&oracle, &world.ingest_url()?, settings.sessions, settings.rate);
    while oracle.answers().acked < 500 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    producers.finish().await;
    let circumstances = Circumstances { marks: chaos::settle(&world).await?, log_repeats: false };
    let clickhouse = ClickHouse::new(&world.engine_url()?);
    let verdict = judge(&clickhouse, &oracle, &circumstances).await?;
    assert!(verdict.is_clean(), "{verdict}");

    let mut wronged: Verdict = verdict;
    for (number, (wrong, kinds)) in WRONGS.into_iter().enumerate() {
        // The last snapshot of a view of its own for each wrong, told by its title.
        let view = format!(
            "p.view = (SELECT view FROM page_views WHERE NOT startsWith(view, 'mark-') GROUP BY view HAVING count() = 1 \
             ORDER BY view LIMIT 1 OFFSET {})",
            5 * number
        );
        clickhouse.run(&wrong.replace("{view}", &view)).await?;
        let verdict = judge(&clickhouse, &oracle, &circumstances).await?;
        for kind in kinds {
            ensure!(verdict.count(kind) > wronged.count(kind), "{wrong} is not found as {kind}: {verdict}");
        }
        wronged = verdict;
    }
    world.stop().await
}
