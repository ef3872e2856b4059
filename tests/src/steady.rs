//! A load that comes at its own pace whatever the answers are, and remembers each of them; and what a Kafka topic holds in the end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use felt_eventlog::{KafkaConfig, KafkaConsumer, LogConsumer};
use felt_schema::record::Record;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

/// The longest wait for anything here.
const PATIENCE: Duration = Duration::from_secs(120);

/// One request and what came of it.
#[derive(Debug, Clone, Copy)]
pub struct Answer {
    /// Number of the view that was sent ([`view`]).
    pub number: u64,
    /// When it was due.
    pub due: Instant,
    /// From then until the answer: waiting for a busy connection counts.
    pub took: Duration,
    /// 0 when the connection was refused or broke.
    pub status: u16,
}

/// How a connection is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connections {
    /// One for all requests of a sender, for as long as the server keeps it.
    Kept,
    /// A new one for each request.
    Fresh,
}

/// A load under way.
pub struct Steady {
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicU64>,
    senders: Vec<JoinHandle<Vec<Answer>>>,
}

impl Steady {
    /// So many senders share so many beacons a second; their views are numbered from `first` on.
    pub fn start(address: &str, senders: u64, per_second: f64, connections: Connections, first: u64) -> Self {
        let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let interval = Duration::from_secs_f64(senders as f64 / per_second);
        let begin = Instant::now();
        let senders = (0..senders)
            .map(|sender| {
                let (stop, answered, address) = (stop.clone(), answered.clone(), address.to_owned());
                let offset = interval.mul_f64(sender as f64 / senders as f64);
                tokio::spawn(async move {
                    let (mut answers, mut stream) = (Vec::new(), None);
                    let mut due = begin + offset;
                    for n in 0.. {
                        tokio::time::sleep_until(due.into()).await;
                        if stop.load(Ordering::Relaxed) {
                            break;
                        }
                        let number = first + n * senders + sender;
                        let status = send(&address, &mut stream, number).await.unwrap_or(0);
                        answers.push(Answer { number, due, took: due.elapsed(), status });
                        answered.fetch_add(1, Ordering::Relaxed);
                        if connections == Connections::Fresh || status == 0 {
                            stream = None;
                        }
                        due += interval;
                    }
                    answers
                })
            })
            .collect();
        Self { stop, answered, senders }
    }

    /// Requests answered or failed so far.
    pub fn answered(&self) -> u64 {
        self.answered.load(Ordering::Relaxed)
    }

    /// Waits for so many more.
    ///
    /// # Errors
    /// When they do not come.
    pub async fn more(&self, requests: u64) -> Result<()> {
        let (wanted, begin) = (self.answered() + requests, Instant::now());
        while self.answered() < wanted {
            if begin.elapsed() > PATIENCE {
                bail!("only {} of {wanted} requests were answered", self.answered());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }

    /// Ends it; every answer, in the order in which they were due.
    ///
    /// # Errors
    /// When a sender panicked.
    pub async fn stop(self) -> Result<Vec<Answer>> {
        self.stop.store(true, Ordering::Relaxed);
        let mut answers = Vec::new();
        for sender in self.senders {
            answers.extend(sender.await?);
        }
        answers.sort_by_key(|answer| answer.due);
        Ok(answers)
    }
}

/// The view that a number stands for.
pub fn view(number: u64) -> String {
    format!("bench-view-{number:016}")
}

/// How often each status came.
pub fn by_status(answers: &[Answer]) -> BTreeMap<u16, usize> {
    let mut counts = BTreeMap::new();
    for answer in answers {
        *counts.entry(answer.status).or_default() += 1;
    }
    counts
}

/// The time that this share of the answers did not exceed.
pub fn quantile(answers: &[Answer], share: f64) -> Duration {
    let mut took: Vec<_> = answers.iter().map(|answer| answer.took).collect();
    took.sort();
    let rank = (share * took.len() as f64).ceil() as usize;
    took.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

async fn send(address: &str, kept: &mut Option<TcpStream>, number: u64) -> Result<u16> {
    let mut stream = match kept.take() {
        Some(stream) => stream,
        None => {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            stream
        }
    };
    let body = crate::load::beacon(number);
    let mut request = format!(
        "POST /v1/beacon?site=shop HTTP/1.1\r\nHost: steady\r\nUser-Agent: {}\r\nContent-Type: text/plain;charset=UTF-8\r\n\
         Origin: https://shop.example\r\nContent-Length: {}\r\n\r\n",
        crate::beacons::USER_AGENT,
        body.len()
    )
    .into_bytes();
    request.extend_from_slice(&body);
    stream.write_all(&request).await?;
    let mut answer = Vec::with_capacity(1_024);
    loop {
        anyhow::ensure!(stream.read_buf(&mut answer).await? > 0, "the connection was closed");
        let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = std::str::from_utf8(&answer[..end])?.to_ascii_lowercase();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).context("no status")?;
        let length =
            head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok()).unwrap_or(0);
        if answer.len() < end + 4 + length {
            continue;
        }
        if !head.contains("connection: close") {
            *kept = Some(stream);
        }
        return Ok(status);
    }
}

/// How often each view is in the topic.
///
/// # Errors
/// When the broker does not give all that it has.
pub async fn views_in_kafka(brokers: &str, partitions: usize) -> Result<BTreeMap<String, usize>> {
    let config = KafkaConfig { brokers: brokers.into(), group: "audit".into(), ..KafkaConfig::default() };
    let consumer = KafkaConsumer::connect(config).await?;
    let mut assigned = consumer.assigned();
    tokio::time::timeout(PATIENCE, assigned.wait_for(|now| now.partitions.len() == partitions)).await??;
    let mut views = BTreeMap::new();
    for partition in 0..partitions as u32 {
        consumer.claim(partition).await?;
        let (end, mut next, begin) = (consumer.end_offset(partition).await?, 0, Instant::now());
        while next < end {
            anyhow::ensure!(
                begin.elapsed() < PATIENCE,
                "partition {partition} ends at {end}, and nothing came after {next}"
            );
            for record in consumer.read(partition, next, 10_000, 16 << 20, Duration::from_secs(1)).await? {
                next = record.offset + 1;
                if let Record::View(found) = Record::decode(&record.value)? {
                    *views.entry(found.snapshot.view.into_owned()).or_default() += 1;
                }
            }
        }
    }
    consumer.close().await?;
    Ok(views)
}
