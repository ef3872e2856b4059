//! A closed-loop load of ready-made requests over keep-alive connections, and the CPU time that a process spends on it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What a load saw.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    /// Answers with the expected status.
    pub answers: u64,
    /// From the first request to the last answer.
    pub elapsed: Duration,
    /// Median time of one request, of a sample.
    pub p50: Duration,
    /// 99th percentile, of a sample.
    pub p99: Duration,
}

/// Sends `requests` POSTs of `body(n)` to `address` over so many connections; each must be answered with `status`.
///
/// # Errors
/// When a connection breaks or another status comes.
pub async fn post(
    address: &str,
    path: &str,
    connections: usize,
    requests: u64,
    status: u16,
    body: impl Fn(u64) -> Vec<u8> + Send + Sync + 'static,
) -> Result<Seen> {
    let next = Arc::new(AtomicU64::new(0));
    let body = Arc::new(body);
    let started = Instant::now();
    let workers: Vec<_> = (0..connections)
        .map(|_| {
            let (next, body, address, path) = (next.clone(), body.clone(), address.to_owned(), path.to_owned());
            tokio::spawn(async move {
                let mut stream = TcpStream::connect(&address).await.context("no connection")?;
                stream.set_nodelay(true)?;
                let mut sample = Vec::new();
                let mut request = Vec::with_capacity(4096);
                let mut answer = vec![0; 4096];
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= requests {
                        return Ok::<_, anyhow::Error>(sample);
                    }
                    let body = body(n);
                    request.clear();
                    request.extend_from_slice(
                        format!(
                            "POST {path} HTTP/1.1\r\nHost: bench\r\nUser-Agent: {}\r\nContent-Type: text/plain;charset=UTF-8\r\n\
                             Origin: https://shop.example\r\nContent-Length: {}\r\n\r\n",
                            crate::beacons::USER_AGENT,
                            body.len()
                        )
                        .as_bytes(),
                    );
                    request.extend_from_slice(&body);
                    let sent = Instant::now();
                    stream.write_all(&request).await?;
                    read_answer(&mut stream, &mut answer, status).await?;
                    if n % 64 == 0 {
                        sample.push(sent.elapsed());
                    }
                }
            })
        })
        .collect();
    let mut sample = Vec::new();
    for worker in workers {
        sample.extend(worker.await??);
    }
    let elapsed = started.elapsed();
    sample.sort();
    let rank = |p: usize| sample.get((p * sample.len()).div_ceil(100).saturating_sub(1)).copied().unwrap_or_default();
    Ok(Seen { answers: requests, elapsed, p50: rank(50), p99: rank(99) })
}

/// Reads the head of an answer that has no body, or one of a stated length.
async fn read_answer(stream: &mut TcpStream, buffer: &mut [u8], status: u16) -> Result<()> {
    let mut filled = 0;
    loop {
        let n = stream.read(&mut buffer[filled..]).await?;
        ensure!(n > 0, "the connection was closed");
        filled += n;
        let head = &buffer[..filled];
        let Some(end) = head.windows(4).position(|w| w == b"\r\n\r\n") else { continue };
        let text = std::str::from_utf8(&head[..end]).context("the head is not text")?;
        let got: u16 = text.split(' ').nth(1).and_then(|s| s.parse().ok()).context("no status")?;
        ensure!(got == status, "answered {got}, expected {status}: {}", String::from_utf8_lossy(&buffer[..filled]));
        let length: usize = text
            .lines()
            .find_map(|l| l.to_ascii_lowercase().strip_prefix("content-length:").and_then(|v| v.trim().parse().ok()))
            .unwrap_or(0);
        if filled >= end + 4 + length {
            return Ok(());
        }
    }
}

/// CPU time, user and system, that a process has spent so far.
///
/// # Errors
/// When there is no such process.
pub fn cpu_time(pid: u32) -> Result<Duration> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let fields: Vec<&str> = text.rsplit_once(')').context("no name")?.1.split_whitespace().collect();
    // Fields 14 and 15 of proc(5), in ticks of 10 ms; two fields stand before the closing bracket.
    let ticks: u64 = fields[11].parse::<u64>()? + fields[12].parse::<u64>()?;
    Ok(Duration::from_millis(ticks * 10))
}

/// A beacon of about 1.5 KB as a phone sends it, with its own view.
pub fn beacon(n: u64) -> Vec<u8> {
    let mut snapshot = crate::beacons::snapshot(&format!("bench-view-{n:016}"), 0, 1_200.0 + (n % 4_000) as f64);
    snapshot["attribution"] = serde_json::json!({
        "lcp": {"target": "main>section.products>article:nth-child(3)>figure>img.hero", "url": "https://shop.example/img/hero-1200.webp",
                "ttfb": 320, "load_delay": 200, "load_time": 900, "render_delay": 414},
        "inp": {"target": "button#buy", "event": "click", "input_delay": 4, "processing": 70, "presentation": 22,
                "script": "https://shop.example/assets/app-5f2c.js"},
        "cls": {"target": "div.banner", "time": 1200}});
    snapshot["events"] = serde_json::json!([
        {"type": "timing", "at": 3_100, "name": "search_results", "value": 812},
        {"type": "step", "at": 4_000, "journey": "checkout", "step": "cart", "amount": 49.9, "currency": "EUR"},
        {"type": "request", "at": 2_000, "url": "https://shop.example/api/recommendations/for-you", "status": 500, "duration": 812},
        {"type": "error", "at": 2_050, "message": "TypeError: undefined is not iterable", "source": "https://shop.example/assets/app-5f2c.js",
         "stack": "at render (https://shop.example/assets/app-5f2c.js:41:7)\n at update (https://shop.example/assets/app-5f2c.js:12:2)"},
        {"type": "long_frame", "at": 2_100, "duration": 180, "blocking": 130, "script": "https://shop.example/assets/app-5f2c.js"}]);
    snapshot.to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_bench_beacon_is_of_an_ordinary_size() {
        let bytes = super::beacon(7).len();
        assert!((1_200..1_900).contains(&bytes), "{bytes}");
    }
}
