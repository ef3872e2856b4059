//! Promises under fire: page views are sent while processes are killed, frozen and started again and lines break, and afterwards
//! every acknowledged one must be counted once, with its final values, in every table.
//!
//! A run is one function, [`run`]. Its parts: the [`oracle`] that is never faulted, the [`producers`], the [`schedule`] drawn from a
//! seed, the [`world`] that suffers it, the [`judge`]. What a run must have met to count as a test is in [`WANTED`].

pub mod clickhouse;
pub mod door;
pub mod journal;
pub mod judge;
pub mod machine;
pub mod oracle;
pub mod producers;
pub mod promises;
pub mod proxy;
pub mod role;
pub mod rollups;
pub mod schedule;
pub mod seen;
pub mod settings;
pub mod told;
pub mod verdict;
pub mod world;

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use felt_eventlog::partition_of;
use felt_schema::record::key;
use felt_schema::rows::ViewStateRow;
use tokio::task::JoinSet;

use clickhouse::ClickHouse;
use judge::{Circumstances, MARK};
use oracle::Oracle;
use producers::{Pace, Producers};
use seen::Seen;
use settings::{Log, Settings};
use told::SITES;
use verdict::Verdict;
use world::World;

/// What a run must have met, by the counter that tells.
const WANTED: [(&str, &str); 3] = [
    ("replay", "felt_processor_replays_total"),
    ("bisect", "felt_processor_bisected_total"),
    ("dead letter", "felt_processor_dead_letters_total"),
];

/// The same, where several processors share a log that may be away.
const WANTED_OF_KAFKA: [(&str, &str); 2] =
    [("fence", "felt_eventlog_fenced_total"), ("spool", "felt_ingest_spool_spilled_total")];

/// How often a thing that was not met is provoked once more.
const WANTED_TRIES: usize = 4;

/// Longest wait, after the last sign of work, until everything that was sent is counted.
const CAUGHT_UP: Duration = Duration::from_secs(300);

/// Records that may wait before visitors are asked to slow down.
const LAG_MAX: u64 = 8_000;

/// Bounds of the load that follows what the processors keep up with, in snapshots a second.
const PACE: (u64, u64, u64) = (100, 600, 20_000);

/// One run from start to verdict. Everything that somebody who must mend a failure needs is in the error.
///
/// # Errors
/// A promise that was not kept, a run that met nothing, or a world that did not come up.
pub async fn run(settings: Settings) -> Result<()> {
    println!("chaos: {settings:?}; repeat it with CHAOS_SEED={} CHAOS_SECONDS={}", settings.seed, settings.seconds);
    let started = Instant::now();
    let oracle = Arc::new(Oracle::new(settings.seed));
    let world = World::start(settings, &oracle).await?;
    let result = suffer(&settings, &world, &oracle).await;
    let findings = world.journal.findings();
    match result {
        Ok(verdict) if verdict.is_clean() && findings.is_empty() => {
            println!(
                "chaos: {:?} seed {} passed in {:.0} s\n{verdict}",
                settings.log,
                settings.seed,
                started.elapsed().as_secs_f64()
            );
            println!("  met: {:?}", world.seen.totals());
            Ok(())
        }
        Ok(verdict) => bail!("{}", story(&settings, &world, &format!("{verdict}"), &findings).await),
        Err(error) => bail!("{}", story(&settings, &world, &format!("{error:#}"), &findings).await),
    }
}

async fn story(settings: &Settings, world: &World, what: &str, findings: &[String]) -> String {
    format!(
        "{what}\nfindings: {findings:#?}\nmet: {:?}\n{settings:?}; put the seed into tests/chaos/seeds.txt\nwhat happened:\n{}\n{}",
        world.seen.totals(),
        world.journal.lines().join("\n"),
        world.last_words().await
    )
}

async fn suffer(settings: &Settings, world: &Arc<World>, oracle: &Arc<Oracle>) -> Result<Verdict> {
    promises::make(&world.query_url()?).await?;
    let first = if settings.rate == 0 { PACE.1 } else { settings.rate };
    let producers = Producers::start(oracle, &world.ingest_url()?, settings.sessions, first);
    let attendant = tokio::spawn(attend(world.clone(), producers.pace.clone(), settings.rate == 0));
    let faults = fault(settings, world).await;
    world.heal();
    producers.finish().await;
    let result = async {
        faults?;
        let marks = settle(world).await?;
        world.seen.look(world.roles()).await;
        let clickhouse = ClickHouse::new(&world.engine_url()?);
        let circumstances = Circumstances { marks, log_repeats: settings.log == Log::Kafka };
        let verdict = judge::judge(&clickhouse, oracle, &circumstances).await?;
        met(settings, &world.seen)?;
        Ok(verdict)
    }
    .await;
    attendant.abort();
    // A stop in good order is a promise as well, but what the judge found is the better news.
    match result {
        Ok(verdict) => {
            world.stop().await?;
            Ok(verdict)
        }
        Err(error) => Err(error),
    }
}

/// Plays the schedule, then provokes what was not met.
async fn fault(settings: &Settings, world: &Arc<World>) -> Result<()> {
    let start = tokio::time::Instant::now();
    let mut playing = JoinSet::new();
    for event in schedule::draw(settings) {
        tokio::time::sleep_until(start + Duration::from_millis(event.at_ms)).await;
        let world = world.clone();
        playing.spawn(async move { world.play(event).await.with_context(|| event.to_string()) });
    }
    while let Some(played) = playing.join_next().await {
        played??;
    }
    for _ in 0..WANTED_TRIES {
        world.seen.look(world.roles()).await;
        let missing: Vec<&str> = missing(settings, &world.seen);
        for what in &missing {
            world.play(schedule::wanted(what, settings)).await?;
            tokio::time::sleep(Duration::from_secs(4)).await;
        }
        if missing.is_empty() {
            break;
        }
    }
    Ok(())
}

fn missing(settings: &Settings, seen: &Seen) -> Vec<&'static str> {
    let more: &[_] = if settings.log == Log::Kafka { &WANTED_OF_KAFKA } else { &[] };
    WANTED.iter().chain(more).filter(|(_, counter)| seen.total(counter) == 0).map(|(what, _)| *what).collect()
}

fn met(settings: &Settings, seen: &Seen) -> Result<()> {
    let missing = missing(settings, seen);
    ensure!(missing.is_empty(), "the run met no {}: it has tested nothing", missing.join(", no "));
    Ok(())
}

/// Minds the processes and reads their counters; makes the load follow what is kept up with.
async fn attend(world: Arc<World>, pace: Arc<Pace>, follow: bool) -> Result<()> {
    for round in 0_u64.. {
        world.seen.look(world.roles()).await;
        if let Err(error) = world.tend().await {
            world.journal.finding(format!("{error:#}"));
        }
        if follow && round % 4 == 0 {
            let now = pace.per_second();
            let next = if world.seen.lag() > LAG_MAX { now * 3 / 4 } else { now + now / 10 };
            pace.set(next.clamp(PACE.0, PACE.2));
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    Ok(())
}

/// Waits until everything that was sent is counted: a mark of each partition, sent last, must be in the table that is written last,
/// and the promises must have been counted to the last minute. It shows as well that the pipeline is alive. How many marks there are.
///
/// # Errors
/// When it never is.
pub async fn settle(world: &World) -> Result<u64> {
    let deadline = Instant::now() + CAUGHT_UP;
    let http = reqwest::Client::builder().timeout(Duration::from_secs(10)).build()?;
    until(deadline, "ingest ready and nothing in its spool", async || {
        let text = http.get(format!("{}/readyz", world.ingest_url()?)).send().await?.text().await?;
        ensure!(!text.contains("degraded") && !text.contains("not_ready"), "{text}");
        Ok(())
    })
    .await?;
    let partitions = world.partitions();
    let marks: Vec<(String, String)> = (0..partitions)
        .filter_map(|partition| {
            let sessions = (0..10_000).map(|n| format!("{MARK}session-{n:05}"));
            let session = sessions.into_iter().find(|s| partition_of(&key(SITES[0], s), partitions) == partition)?;
            Some((format!("{MARK}view-{partition:04}"), session))
        })
        .collect();
    for (view, session) in &marks {
        let mut attempt = 0;
        until(deadline, "a mark acknowledged", async || {
            let mut snapshot = crate::beacons::snapshot(view, 0, 1_000.0);
            (snapshot["session"], snapshot["attempt"]) = (session.as_str().into(), attempt.into());
            attempt += 1;
            let url = format!("{}/v1/beacon?site={}", world.ingest_url()?, SITES[0]);
            let status = http.post(url).body(snapshot.to_string()).send().await?.status();
            ensure!(status == 204, "{status}");
            Ok(())
        })
        .await?;
    }
    let hashes: Vec<String> = marks.iter().map(|(view, _)| ViewStateRow::hash_of(view).to_string()).collect();
    let sql = format!(
        "SELECT toInt64(uniqExact(view_hash)) FROM view_states WHERE site = '{}' AND view_hash IN ({})",
        SITES[0],
        hashes.join(", ")
    );
    let mut worked_off = 0;
    loop {
        let counted = until(Instant::now() + CAUGHT_UP, "all marks counted, or any work done", async || {
            let found = ClickHouse::new(&world.engine_url()?).number(&sql).await?;
            world.seen.look(world.roles()).await;
            let records = world.seen.total("felt_processor_records_total");
            if found == i64::from(partitions) || std::mem::replace(&mut worked_off, records) < records {
                return Ok(found);
            }
            bail!("{found} of {partitions}, {} records wait", world.seen.lag())
        });
        if counted.await? == i64::from(partitions) {
            break;
        }
    }
    until(Instant::now() + CAUGHT_UP, "every minute of the promises counted", async || {
        let left = promises::differences(&ClickHouse::new(&world.engine_url()?)).await?;
        ensure!(left.is_empty(), "{left:#?}");
        Ok(())
    })
    .await?;
    Ok(u64::from(partitions))
}

async fn until<T>(deadline: Instant, what: &str, mut asked: impl AsyncFnMut() -> Result<T>) -> Result<T> {
    loop {
        match asked().await {
            Err(error) if Instant::now() > deadline => return Err(error.context(format!("never came: {what}"))),
            Err(_) => {}
            answered => return answered,
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
