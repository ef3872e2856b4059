//! `cargo bench -p felt-tests --bench outage -- [SECONDS_GONE] [BEACONS_PER_SECOND]`: what senders feel of an outage of Kafka. A steady load
//! meets a broker that is well, frozen for 6 s, well, gone for some seconds, and well again; at the end every acknowledged view must be
//! in Kafka. Times count from when a beacon was due, so that waiting for a busy connection shows.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use felt_eventlog::testing::kafka::KafkaServer;
use felt_tests::load::cpu_time;
use felt_tests::process::Felt;
use felt_tests::steady::{Answer, Connections, Steady, by_status, quantile, view, views_in_kafka};

const SENDERS: u64 = 512;
const PARTITIONS: usize = 12;
const WELL: Duration = Duration::from_secs(10);
const FROZEN: Duration = Duration::from_secs(6);

/// The longest that a drain may take, as a multiple of the outage, and at least.
const DRAIN_FACTOR: u32 = 20;
const DRAIN_MIN: Duration = Duration::from_secs(120);

#[tokio::main]
async fn main() -> Result<()> {
    let numbers: Vec<f64> = std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    let gone = Duration::from_secs_f64(numbers.first().copied().unwrap_or(20.0));
    let per_second = numbers.get(1).copied().unwrap_or(1_000.0);
    let dir = tempfile::tempdir()?;
    let kafka = tokio::task::block_in_place(KafkaServer::start);
    let config = format!(
        "[[sites]]\nkey = \"shop\"\nname = \"Shop\"\norigins = [\"*\"]\nrate_per_second = 1000000\nclient_rate_per_second = 1000000\n\n\
         [server]\nconnections_per_address_max = 8192\n\n[kafka]\nbrokers = \"{}\"\npartitions = {PARTITIONS}\n",
        kafka.brokers()
    );
    std::fs::write(dir.path().join("felt.toml"), config)?;
    let felt = Felt::start(&["ingest", "--listen", "127.0.0.1:0"], dir.path())?;
    let address = felt.url.trim_start_matches("http://").to_owned();
    println!(
        "{per_second} beacons a second from {SENDERS} connections; Kafka frozen for {FROZEN:?}, then gone for {gone:?}"
    );

    let load = Steady::start(&address, SENDERS, per_second, Connections::Kept, 0);
    let mut phases = vec![("warming up", Instant::now())];
    tokio::time::sleep(WELL).await;
    phases.push(("well", Instant::now()));
    tokio::time::sleep(WELL).await;
    kafka.freeze();
    phases.push(("frozen", Instant::now()));
    tokio::time::sleep(FROZEN).await;
    kafka.thaw();
    phases.push(("draining", Instant::now()));
    until_drained(&felt, FROZEN).await?;
    phases.push(("well again", Instant::now()));
    tokio::time::sleep(WELL).await;
    kafka.kill();
    phases.push(("gone", Instant::now()));
    tokio::time::sleep(gone).await;
    tokio::task::block_in_place(|| kafka.restart());
    phases.push(("draining more", Instant::now()));
    until_drained(&felt, gone).await?;
    phases.push(("well at last", Instant::now()));
    tokio::time::sleep(WELL).await;
    phases.push(("", Instant::now()));

    let answers = load.stop().await?;
    report(&phases, &answers);
    let (memory, _) = felt.memory_peak_bytes()?;
    let cpu = cpu_time(felt.pid())?;
    println!(
        "ingest: at most {} MiB resident, {:.1} CPU s for {} beacons",
        memory >> 20,
        cpu.as_secs_f64(),
        answers.len()
    );
    let told = Instant::now();
    let code = felt.stop()?.code();
    println!("SIGTERM: exit code {code:?} after {:?}", told.elapsed());

    let found = views_in_kafka(&kafka.brokers(), PARTITIONS).await?;
    let acknowledged = answers.iter().filter(|answer| answer.status == 204);
    let missing = acknowledged.clone().filter(|answer| !found.contains_key(&view(answer.number))).count();
    println!(
        "{} acknowledged, {missing} of them missing in Kafka, {} there more than once",
        acknowledged.count(),
        found.values().filter(|copies| **copies > 1).count()
    );
    ensure!(missing == 0, "acknowledged views are missing");
    Ok(())
}

fn report(phases: &[(&str, Instant)], answers: &[Answer]) {
    println!(
        "{:14} {:>8} {:>9} {:>10} {:>10} {:>8}  answers by status (0: connection refused or broken)",
        "Kafka is", "seconds", "beacons", "p50 ms", "p99 ms", "ratio"
    );
    let mut normal_ms = f64::NAN;
    for pair in phases.windows(2) {
        let [(name, begin), (_, end)] = pair else { continue };
        let of_phase: Vec<Answer> =
            answers.iter().filter(|answer| (*begin..*end).contains(&answer.due)).copied().collect();
        let ms = |share: f64| quantile(&of_phase, share).as_secs_f64() * 1e3;
        if *name == "well" {
            normal_ms = ms(0.99);
        }
        println!(
            "{name:14} {:8.1} {:9} {:10.1} {:10.1} {:8.2}  {:?}",
            (*end - *begin).as_secs_f64(),
            of_phase.len(),
            ms(0.5),
            ms(0.99),
            ms(0.99) / normal_ms,
            by_status(&of_phase)
        );
    }
    println!("ratio: p99 against Kafka being well, first time");
}

/// Waits until nothing waits in the spool any more.
async fn until_drained(felt: &Felt, outage: Duration) -> Result<()> {
    let begin = Instant::now();
    loop {
        let text = reqwest::get(format!("{}/readyz", felt.url)).await?.text().await?;
        let answer: serde_json::Value = serde_json::from_str(&text).context(text.clone())?;
        if answer["status"] == "ready" {
            return Ok(());
        }
        ensure!(begin.elapsed() < (outage * DRAIN_FACTOR).max(DRAIN_MIN), "the spool is not drained: {text}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
