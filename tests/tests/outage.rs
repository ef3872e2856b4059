//! `felt ingest` as a process while Kafka is frozen, gone, or not there yet; killed, told to stop, and restarted under load. Whatever was
//! answered with 204 is in Kafka in the end.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use felt_eventlog::testing::kafka::KafkaServer;
use felt_tests::process::Felt;
use felt_tests::steady::{Answer, Connections, Steady, by_status, view, views_in_kafka};

const PATIENCE: Duration = Duration::from_secs(120);
const PARTITIONS: usize = 3;

/// What ingest may have resident at most, whatever Kafka does.
const MEMORY_BYTES_MAX: u64 = 64 << 20;

fn configure(dir: &Path, brokers: &str, more: &str) -> Result<()> {
    let config = format!(
        "[[sites]]\nkey = \"shop\"\nname = \"The Shop\"\norigins = [\"*\"]\nrate_per_second = 1000000\n\n\
         [server]\nhead_timeout_ms = 60000\n\n\
         [kafka]\nbrokers = \"{brokers}\"\npartitions = {PARTITIONS}\n\n{more}"
    );
    std::fs::write(dir.join("felt.toml"), config).context("felt.toml cannot be written")
}

fn address(felt: &Felt) -> String {
    felt.url.trim_start_matches("http://").to_owned()
}

fn load(felt: &Felt, first: u64) -> Steady {
    Steady::start(&address(felt), 32, 160.0, Connections::Kept, first)
}

async fn readyz(felt: &Felt) -> Result<(u16, String)> {
    let answer = reqwest::get(format!("{}/readyz", felt.url)).await?;
    Ok((answer.status().as_u16(), answer.text().await?))
}

async fn until(felt: &Felt, status: &str) -> Result<()> {
    let begin = Instant::now();
    loop {
        let (code, text) = readyz(felt).await?;
        if code == 200 && text.contains(&format!("{{\"status\":\"{status}\"")) {
            return Ok(());
        }
        if begin.elapsed() > PATIENCE {
            bail!("never {status}: {code} {text}\n{}", felt.printed());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn assert_memory(felt: &Felt) -> Result<()> {
    let (own, _) = felt.memory_peak_bytes()?;
    assert!(own <= MEMORY_BYTES_MAX, "{} MiB resident", own >> 20);
    Ok(())
}

/// Every answer is a 204.
fn all_taken(answers: &[Answer]) -> Vec<u64> {
    assert_eq!(by_status(answers).keys().copied().collect::<Vec<_>>(), [204], "{:?}", by_status(answers));
    answers.iter().map(|answer| answer.number).collect()
}

/// The acknowledged among answers of which some may be none: the process was ending.
fn taken(answers: &[Answer]) -> Vec<u64> {
    let others: Vec<_> =
        answers.iter().map(|answer| answer.status).filter(|status| ![0, 204, 503].contains(status)).collect();
    assert!(others.is_empty(), "{others:?}");
    answers.iter().filter(|answer| answer.status == 204).map(|answer| answer.number).collect()
}

async fn assert_all_in_kafka(kafka: &KafkaServer, acknowledged: &[u64]) -> Result<()> {
    let found = views_in_kafka(&kafka.brokers(), PARTITIONS).await?;
    let wanted: BTreeSet<String> = acknowledged.iter().map(|number| view(*number)).collect();
    let missing: Vec<_> = wanted.iter().filter(|view| !found.contains_key(*view)).take(10).collect();
    assert!(missing.is_empty(), "answered with 204 and not in Kafka: {missing:?}");
    println!(
        "{} views acknowledged, {} in Kafka, {} of them more than once",
        wanted.len(),
        found.len(),
        found.values().filter(|copies| **copies > 1).count()
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn kafka_freezes_dies_and_comes_back_and_ingest_is_killed_and_no_acknowledged_view_is_missing() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let kafka = tokio::task::block_in_place(KafkaServer::start);
    configure(dir.path(), &kafka.brokers(), "")?;
    let start = || Felt::start(&["ingest", "--listen", "127.0.0.1:0"], dir.path());
    let mut acknowledged = Vec::new();

    // Frozen, and thawed again.
    let mut felt = start()?;
    let steady = load(&felt, 0);
    steady.more(200).await?;
    kafka.freeze();
    until(&felt, "degraded").await?;
    steady.more(300).await?;
    kafka.thaw();
    until(&felt, "ready").await?;
    // Gone.
    kafka.kill();
    until(&felt, "degraded").await?;
    steady.more(300).await?;
    acknowledged.extend(all_taken(&steady.stop().await?));
    assert_memory(&felt)?;

    // Killed with a spool that holds records, under load.
    let steady = load(&felt, 1_000_000);
    steady.more(100).await?;
    felt.kill()?;
    acknowledged.extend(taken(&steady.stop().await?));

    // Started without Kafka: beacons are taken all the same. Told to stop under load, it ends in good order and loses nothing.
    let felt = start()?;
    let steady = load(&felt, 2_000_000);
    steady.more(200).await?;
    until(&felt, "degraded").await?;
    assert_memory(&felt)?;
    assert_eq!(felt.stop()?.code(), Some(0));
    acknowledged.extend(taken(&steady.stop().await?));

    // Kafka is back, and so is everything that waited.
    tokio::task::block_in_place(|| kafka.restart());
    let felt = start()?;
    let steady = load(&felt, 3_000_000);
    until(&felt, "ready").await?;
    steady.more(100).await?;
    assert_memory(&felt)?;
    assert_eq!(felt.stop()?.code(), Some(0));
    acknowledged.extend(taken(&steady.stop().await?));
    assert_all_in_kafka(&kafka, &acknowledged).await
}

#[tokio::test(flavor = "multi_thread")]
async fn two_ingests_on_one_address_are_restarted_one_after_the_other_and_nothing_is_refused() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let kafka = tokio::task::block_in_place(KafkaServer::start);
    configure(dir.path(), &kafka.brokers(), "[ingest]\nreuse_port = true\n")?;
    let first = Felt::start(&["ingest", "--listen", "127.0.0.1:0"], dir.path())?;
    let listen = address(&first);
    let start = || Felt::start(&["ingest", "--listen", &listen], dir.path());
    let second = start()?;

    let kept = Steady::start(&listen, 16, 100.0, Connections::Kept, 0);
    let fresh = Steady::start(&listen, 16, 100.0, Connections::Fresh, 1_000_000);
    let mut running = vec![first, second];
    for _ in 0..2 {
        kept.more(50).await?;
        fresh.more(50).await?;
        assert_eq!(running.remove(0).stop()?.code(), Some(0));
        running.push(start()?);
    }
    kept.more(50).await?;
    fresh.more(50).await?;
    let mut acknowledged = all_taken(&kept.stop().await?);
    acknowledged.extend(all_taken(&fresh.stop().await?));
    for felt in running {
        assert_eq!(felt.stop()?.code(), Some(0));
    }
    assert_all_in_kafka(&kafka, &acknowledged).await
}
