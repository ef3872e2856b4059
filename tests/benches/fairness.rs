//! `cargo bench -p felt-tests --bench fairness`: what a flood of one site costs the visitors of another. Rounds alternate between a quiet
//! server and one whose other site is sent fifty times its rate, so that a noisy machine is noisy for both; what counts is the ratio.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use felt_tests::load::{beacon, post};
use felt_tests::process::Felt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const ROUNDS: u64 = 7;
/// Requests of a round by the site that behaves.
const REQUESTS: u64 = 6_000;
const CONNECTIONS: usize = 8;
/// What the flooding site may send a second, and what it sends.
const FLOOD_RATE: u64 = 100;
const FLOOD_SENT: u64 = 5_000;
const FLOOD_CONNECTIONS: u64 = 20;

#[tokio::main]
async fn main() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let sites = format!(
        "[[sites]]\nkey = \"shop\"\norigins = [\"*\"]\nrate_per_second = 1000000\n\
         [[sites]]\nkey = \"flood\"\norigins = [\"*\"]\nrate_per_second = {FLOOD_RATE}\n"
    );
    std::fs::write(dir.path().join("felt.toml"), sites)?;
    let felt = Felt::start(&["serve", "--data", "data", "--listen", "127.0.0.1:0"], dir.path())?;
    let address = felt.url.trim_start_matches("http://").to_owned();

    println!(
        "{REQUESTS} beacons a round over {CONNECTIONS} connections, {ROUNDS} rounds; the flood sends {FLOOD_SENT}/s of {FLOOD_RATE}/s"
    );
    let (mut quiet, mut flooded) = (Vec::new(), Vec::new());
    let (taken, refused) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    for round in 0..ROUNDS {
        quiet.push(visit(&address, round * 2).await?);
        let flood: Vec<_> = (0..FLOOD_CONNECTIONS)
            .map(|n| tokio::spawn(send_flood(address.clone(), n, taken.clone(), refused.clone())))
            .collect();
        flooded.push(visit(&address, round * 2 + 1).await?);
        for sender in flood {
            sender.abort();
            if let Ok(ended) = sender.await {
                ended.context("the flood broke off")?;
            }
        }
    }
    let (a, b) = (median(&quiet), median(&flooded));
    println!("quiet       p50 {:?}, p99 {:?}", a.0, a.1);
    println!("beside it   p50 {:?}, p99 {:?}", b.0, b.1);
    println!(
        "ratio       p50 {:.2}, p99 {:.2}",
        b.0.as_secs_f64() / a.0.as_secs_f64(),
        b.1.as_secs_f64() / a.1.as_secs_f64()
    );
    println!("the flood heard {} x 204 and {} x 429", taken.load(Ordering::Relaxed), refused.load(Ordering::Relaxed));
    Ok(())
}

/// The site that behaves: every answer must be 204.
async fn visit(address: &str, round: u64) -> Result<(Duration, Duration)> {
    let seen = post(address, "/v1/beacon?site=shop", CONNECTIONS, REQUESTS, 204, move |n| beacon(round * REQUESTS + n))
        .await?;
    Ok((seen.p50, seen.p99))
}

/// One connection's share of the flood, at a steady pace whatever is answered.
async fn send_flood(address: String, number: u64, taken: Arc<AtomicU64>, refused: Arc<AtomicU64>) -> Result<()> {
    let mut stream = TcpStream::connect(&address).await?;
    stream.set_nodelay(true)?;
    let body = beacon(u64::MAX - number);
    let head = format!("POST /v1/beacon?site=flood HTTP/1.1\r\nhost: bench\r\ncontent-length: {}\r\n\r\n", body.len());
    let request = [head.as_bytes(), &body].concat();
    let mut answer = [0; 4096];
    let (begin, gap) = (Instant::now(), Duration::from_secs_f64(FLOOD_CONNECTIONS as f64 / FLOOD_SENT as f64));
    for sent in 0u32.. {
        tokio::time::sleep_until((begin + gap * sent).into()).await;
        stream.write_all(&request).await?;
        let bytes = stream.read(&mut answer).await?;
        match answer.get(9..12) {
            Some(b"204") => taken.fetch_add(1, Ordering::Relaxed),
            Some(b"429") => refused.fetch_add(1, Ordering::Relaxed),
            _ => anyhow::bail!("the flood heard {}", String::from_utf8_lossy(&answer[..bytes])),
        };
    }
    Ok(())
}

fn median(values: &[(Duration, Duration)]) -> (Duration, Duration) {
    let of = |part: fn(&(Duration, Duration)) -> Duration| {
        let mut parts: Vec<_> = values.iter().map(part).collect();
        parts.sort();
        parts.get(parts.len() / 2).copied().unwrap_or_default()
    };
    (of(|value| value.0), of(|value| value.1))
}
