//! Local appends: entries a second, CPU per entry (user and system, of the whole process) and latency of one append, with callers that
//! each wait for their own 1.5 KB beacon (ingest) and with batches (import). `cargo bench -p felt-eventlog`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use felt_eventlog::{Entry, EventLog, LocalLog, LocalLogConfig, LogConsumer};
use felt_schema::clock::SystemClock;
use rustix::time::Timespec;

const ENTRY_BYTES: usize = 1_500;

fn main() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    println!("{:<28} {:>10} {:>12} {:>10} {:>10}", "work", "entries/s", "µs CPU each", "p50 ms", "p99 ms");
    for (callers, batch, count) in [(1, 1, 3_000), (64, 1, 100_000), (512, 1, 300_000), (8, 500, 600_000)] {
        runtime.block_on(appends(callers, batch, count));
    }
    runtime.block_on(reads(400_000));
}

/// A beacon's record: mostly the same words, with fresh numbers, as in a real log.
fn beacon(n: u64) -> Entry {
    let mut state = n.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut text = format!(
        "{{\"site\":\"shop\",\"country\":\"DE\",\"ua\":\"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36\",\"view\":\"{:016x}{:016x}\"",
        next(),
        next()
    );
    let names = ["lcp", "inp", "cls", "fcp", "ttfb", "dns", "connect", "tls", "request", "response", "load"];
    while text.len() < ENTRY_BYTES {
        for name in names {
            text += &format!(",\"{name}\":{}.{}", next() % 5000, next() % 10);
        }
        text += &format!(",\"target\":\"#root > div.main:nth-child({}) > button\"", next() % 9);
    }
    text.truncate(ENTRY_BYTES);
    Entry { key: format!("shop/{:016x}", next()).into(), value: text.into() }
}

fn cpu() -> Duration {
    let spent = |clock| {
        let Timespec { tv_sec, tv_nsec } = rustix::time::clock_gettime(clock);
        Duration::new(tv_sec as u64, tv_nsec as u32)
    };
    spent(rustix::time::ClockId::ProcessCPUTime)
}

fn open(dir: &tempfile::TempDir) -> LocalLog {
    let config = LocalLogConfig { dir: dir.path().join("log"), ..LocalLogConfig::default() };
    LocalLog::open(config, Arc::new(SystemClock)).expect("a log")
}

async fn appends(callers: u64, batch: usize, count: u64) {
    let dir = tempfile::tempdir().expect("a folder");
    let log = open(&dir);
    let pool: Arc<Vec<Entry>> = Arc::new((0..20_000).map(beacon).collect());
    let (started, cpu_before) = (Instant::now(), cpu());
    let calls = count / callers / batch as u64;
    let tasks = (0..callers).map(|caller| {
        let (log, pool) = (log.clone(), pool.clone());
        tokio::spawn(async move {
            let mut took = Vec::with_capacity(calls as usize);
            for call in 0..calls {
                let at = (caller * 7919 + call * batch as u64) as usize;
                let entries = (at..at + batch).map(|n| pool[n % pool.len()].clone()).collect();
                let asked = Instant::now();
                log.append(entries).await.expect("appended");
                took.push(asked.elapsed());
            }
            took
        })
    });
    let mut took: Vec<Duration> = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        took.extend(task.await.expect("a caller"));
    }
    let (elapsed, spent) = (started.elapsed(), cpu() - cpu_before);
    took.sort();
    let entries = (calls * callers) as f64 * batch as f64;
    let quantile = |q: f64| took[((took.len() - 1) as f64 * q) as usize].as_secs_f64() * 1e3;
    println!(
        "{:<28} {:>10.0} {:>12.2} {:>10.2} {:>10.2}",
        format!("append, {callers} callers x {batch}"),
        entries / elapsed.as_secs_f64(),
        spent.as_secs_f64() * 1e6 / entries,
        quantile(0.5),
        quantile(0.99)
    );
}

async fn reads(count: u64) {
    let dir = tempfile::tempdir().expect("a folder");
    let log = open(&dir);
    for at in (0..count).step_by(2_000) {
        log.append((at..at + 2_000).map(|n| beacon(n % 20_000)).collect()).await.expect("appended");
    }
    let consumer = log.consumer();
    let (started, cpu_before, mut read) = (Instant::now(), cpu(), 0);
    for partition in 0..log.partitions() {
        let mut from = consumer.claim(partition).await.expect("claimed").next;
        loop {
            let records = consumer.read(partition, from, 50_000, 32 << 20, Duration::ZERO).await.expect("read");
            let Some(last) = records.last() else { break };
            from = last.offset + 1;
            read += records.len();
        }
    }
    let (elapsed, spent) = (started.elapsed(), cpu() - cpu_before);
    println!(
        "{:<28} {:>10.0} {:>12.2}",
        "read, 32 MiB at a time",
        read as f64 / elapsed.as_secs_f64(),
        spent.as_secs_f64() * 1e6 / read as f64
    );
}
