//! The writing half over Kafka: an append is done when the delivery report of its last entry is in.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use felt_schema::clock::{SharedClock, SystemClock};
use parking_lot::{Mutex, RwLock};
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message, Timestamp};
use rdkafka::producer::{BaseRecord, DeliveryResult, NoCustomPartitioner, Producer, ProducerContext, ThreadedProducer};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::client::{blocking, client, report};
use super::skew::Skew;
use super::topic;
use crate::events::{AppendFailed, KafkaReported};
use crate::{AppendError, Entry, EventLog, Health, KafkaConfig, LogError, partition_of};

/// While the queue to the broker is full, room is looked for this often.
const ROOM_INTERVAL: Duration = Duration::from_millis(2);

/// A broker that did not answer at start is asked again this long after.
const CONNECT_INTERVAL: Duration = Duration::from_secs(1);

/// How long a readiness probe may wait for the broker.
const PROBE_TIMEOUT: Duration = Duration::from_secs(1);

type Client = ThreadedProducer<Deliveries, NoCustomPartitioner>;

/// A Kafka topic to append to. Cheap to share by `Arc`.
pub struct KafkaLog {
    config: KafkaConfig,
    /// `None` until the topic was seen.
    live: RwLock<Option<Live>>,
    connecting: tokio::sync::Mutex<Option<Instant>>,
    trouble: Arc<Trouble>,
    skew: Arc<Skew>,
    closed: AtomicBool,
}

#[derive(Clone)]
struct Live {
    client: Arc<Client>,
    partitions: u32,
}

/// Whether the last word from the broker was a bad one.
#[derive(Default)]
struct Trouble {
    is: AtomicBool,
    why: Mutex<String>,
}

impl Trouble {
    fn set(&self, why: String) {
        *self.why.lock() = why;
        self.is.store(true, Ordering::Relaxed);
    }

    fn clear(&self) {
        if self.is.load(Ordering::Relaxed) {
            self.is.store(false, Ordering::Relaxed);
        }
    }
}

/// Counts the reports of one append.
struct Pending {
    left: AtomicUsize,
    /// When it began, by our clock.
    sent_ms: i64,
    failed: Mutex<Option<String>>,
    /// At least one entry is, or may be, in the log.
    kept: AtomicBool,
    reply: Mutex<Option<oneshot::Sender<Result<(), AppendError>>>>,
}

impl Pending {
    fn fail(&self, why: String) {
        self.failed.lock().get_or_insert(why);
    }

    fn done(&self, reports: usize) {
        if self.left.fetch_sub(reports, Ordering::AcqRel) != reports {
            return;
        }
        if let Some(reply) = self.reply.lock().take() {
            let kept = self.kept.load(Ordering::Relaxed);
            let error = if kept { AppendError::InDoubt } else { AppendError::Transient };
            let _ = reply.send(self.failed.lock().take().map_or(Ok(()), |why| Err(error(why))));
        }
    }
}

struct Deliveries {
    trouble: Arc<Trouble>,
    skew: Arc<Skew>,
}

impl ClientContext for Deliveries {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        report(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        KafkaReported { error: &error, reason }.emit();
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::AllBrokersDown) {
            self.trouble.set(format!("no Kafka broker answers: {reason}"));
        }
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = Arc<Pending>;

    fn delivery(&self, result: &DeliveryResult<'_>, pending: Arc<Pending>) {
        match result {
            Ok(message) => {
                pending.kept.store(true, Ordering::Relaxed);
                self.trouble.clear();
                if let Timestamp::LogAppendTime(broker_ms) = message.timestamp() {
                    self.skew.saw(pending.sent_ms, broker_ms);
                }
            }
            Err((error, message)) => {
                if may_be_kept(message) {
                    pending.kept.store(true, Ordering::Relaxed);
                }
                self.trouble.set(error.to_string());
                pending.fail(error.to_string());
            }
        }
        pending.done(1);
    }
}

/// Whether the broker may have a message that was not acknowledged: once sent and not answered, nobody knows.
fn may_be_kept(message: &BorrowedMessage<'_>) -> bool {
    use rdkafka::bindings::{rd_kafka_message_status, rd_kafka_msg_status_t};
    // SAFETY: the message is alive for as long as it is borrowed, and the call only reads it.
    let status = unsafe { rd_kafka_message_status(message.ptr()) };
    status != rd_kafka_msg_status_t::RD_KAFKA_MSG_STATUS_NOT_PERSISTED
}

impl KafkaLog {
    /// Connects and makes the topic when it is missing; `Transient` when the broker does not answer.
    pub async fn connect(config: KafkaConfig) -> Result<Self, LogError> {
        let log = Self::lazy(config);
        log.live().await?;
        Ok(log)
    }

    /// Connects with the first append that succeeds: for an ingest that must start, and spool, while Kafka is away. Until then
    /// appends are `Transient` and [`EventLog::partitions`] is the configured number.
    pub fn lazy(config: KafkaConfig) -> Self {
        Self::lazy_with_clock(config, Arc::new(SystemClock))
    }

    /// [`lazy`](Self::lazy) with a clock of the caller's; it is only compared with the broker's.
    pub fn lazy_with_clock(config: KafkaConfig, clock: SharedClock) -> Self {
        Self {
            config,
            live: RwLock::new(None),
            connecting: tokio::sync::Mutex::new(None),
            trouble: Arc::default(),
            skew: Arc::new(Skew::new(clock)),
            closed: AtomicBool::new(false),
        }
    }

    async fn live(&self) -> Result<Live, LogError> {
        if let Some(live) = self.live.read().clone() {
            return Ok(live);
        }
        let mut tried = self.connecting.lock().await;
        if let Some(live) = self.live.read().clone() {
            return Ok(live);
        }
        if tried.is_some_and(|at| at.elapsed() < CONNECT_INTERVAL) {
            return Err(LogError::Transient(format!("not connected to Kafka yet: {}", self.trouble.why.lock())));
        }
        let ensured = topic::ensure(&self.config).await;
        *tried = Some(Instant::now());
        let partitions = ensured.inspect_err(|error| self.trouble.set(error.to_string()))?;
        self.trouble.clear();
        let live = Live { client: Arc::new(self.client()?), partitions };
        *self.live.write() = Some(live.clone());
        Ok(live)
    }

    fn client(&self) -> Result<Client, LogError> {
        let config = &self.config;
        let mut options = client(config);
        // Durable: every in-sync replica has it before we answer 204.
        options.set("acks", "all");
        // A retry of our own neither doubles nor reorders.
        options.set("enable.idempotence", "true");
        // After this the caller is told, and spools. Short: a browser waits for its answer.
        options.set("message.timeout.ms", config.message_timeout_ms.to_string());
        options.set("request.timeout.ms", config.message_timeout_ms.min(5_000).to_string());
        // Beacons are JSON: eight times smaller at level 1.
        options.set("compression.type", "zstd");
        options.set("compression.level", "1");
        // The wait that makes batches; part of every answer's latency.
        options.set("linger.ms", "3");
        options.set("batch.size", "1000000");
        options.set("message.max.bytes", (config.entry_bytes_max + (64 << 10)).to_string());
        // Bounded memory while the broker is slow.
        options.set("queue.buffering.max.kbytes", (config.queue_bytes_max >> 10).max(1).to_string());
        options.set("queue.buffering.max.messages", "200000");
        let (trouble, skew) = (self.trouble.clone(), self.skew.clone());
        options
            .create_with_context(Deliveries { trouble, skew })
            .map_err(|error| LogError::Fatal(format!("cannot make a Kafka producer: {error}: check [kafka] options")))
    }

    /// librdkafka gives an idempotent producer up for good when its guarantee is at stake: go on with a new one.
    fn replace_if_broken(&self, live: &Live) {
        let Some((code, reason)) = live.client.client().fatal_error() else { return };
        KafkaReported { error: &KafkaError::MessageProduction(code), reason: &reason }.emit();
        let mut current = self.live.write();
        if current.as_ref().is_some_and(|current| Arc::ptr_eq(&current.client, &live.client)) {
            match self.client() {
                Ok(client) => *current = Some(Live { client: Arc::new(client), partitions: live.partitions }),
                Err(error) => self.trouble.set(error.to_string()),
            }
        }
    }

    async fn send(&self, live: &Live, entries: &[Entry], pending: &Arc<Pending>) {
        let deadline = Instant::now() + Duration::from_millis(self.config.message_timeout_ms.into());
        for (sent, entry) in entries.iter().enumerate() {
            loop {
                let record = BaseRecord::with_opaque_to(&self.config.topic, pending.clone())
                    .partition(partition_of(&entry.key, live.partitions) as i32)
                    .key(&entry.key[..])
                    .payload(&entry.value[..]);
                let refused = match live.client.send(record) {
                    Ok(()) => break,
                    Err((error, _)) => error,
                };
                let full = refused.rdkafka_error_code() == Some(RDKafkaErrorCode::QueueFull);
                if !full || Instant::now() >= deadline {
                    pending.fail(refused.to_string());
                    pending.done(entries.len() - sent);
                    return;
                }
                tokio::time::sleep(ROOM_INTERVAL).await;
            }
        }
    }

    fn closed(&self) -> Option<AppendError> {
        let closed = self.closed.load(Ordering::SeqCst);
        closed.then(|| AppendError::Fatal("the Kafka log is closed".into()))
    }
}

fn append_error(error: LogError) -> AppendError {
    match error {
        LogError::Fatal(why) => AppendError::Fatal(why),
        other => AppendError::Transient(other.to_string()),
    }
}

#[async_trait]
impl EventLog for KafkaLog {
    async fn append(&self, entries: Vec<Entry>) -> Result<(), AppendError> {
        if let Some(closed) = self.closed() {
            return Err(closed);
        }
        let bytes_max = self.config.entry_bytes_max;
        if let Some(bytes) = entries.iter().map(|entry| entry.key.len() + entry.value.len()).find(|n| *n > bytes_max) {
            return Err(AppendError::TooLarge { bytes, bytes_max });
        }
        if entries.is_empty() {
            return Ok(());
        }
        let live = self.live().await.map_err(append_error)?;
        let (reply, answer) = oneshot::channel();
        // One report more than entries: ours, once all are handed over.
        let pending = Arc::new(Pending {
            left: AtomicUsize::new(entries.len() + 1),
            sent_ms: self.skew.now_ms(),
            failed: Mutex::new(None),
            kept: AtomicBool::new(false),
            reply: Mutex::new(Some(reply)),
        });
        self.send(&live, &entries, &pending).await;
        pending.done(1);
        let answer =
            answer.await.unwrap_or_else(|_| Err(AppendError::InDoubt("the Kafka producer was replaced".into())));
        match &answer {
            Ok(()) => metrics::counter!("felt_eventlog_appended_total").increment(entries.len() as u64),
            Err(error) => {
                AppendFailed { entries: entries.len(), remedy: "wait", reason: &error.to_string() }.emit();
                self.replace_if_broken(&live);
            }
        }
        answer
    }

    fn partitions(&self) -> u32 {
        self.live.read().as_ref().map_or(self.config.partitions, |live| live.partitions)
    }

    async fn healthy(&self) -> Health {
        if self.closed().is_some() {
            return Health::Down("the Kafka log is closed".into());
        }
        let live = match self.live().await {
            Ok(live) => live,
            Err(error) => return Health::Down(error.to_string()),
        };
        if !self.trouble.is.load(Ordering::Relaxed) {
            return self.skew.alarm().map_or(Health::Ready, Health::Degraded);
        }
        // The last word was a bad one, and without traffic there may be no other: ask.
        let (client, topic) = (live.client, self.config.topic.clone());
        let asked = blocking(move || {
            let answer = client.client().fetch_metadata(Some(&topic), PROBE_TIMEOUT);
            answer.map(|_| ()).map_err(|error| LogError::Transient(error.to_string()))
        });
        match asked.await {
            Ok(()) => {
                self.trouble.clear();
                Health::Ready
            }
            Err(_) => Health::Down(self.trouble.why.lock().clone()),
        }
    }

    async fn flush(&self) -> Result<(), AppendError> {
        let Some(live) = self.live.read().clone() else { return Ok(()) };
        let timeout = Duration::from_millis(u64::from(self.config.message_timeout_ms) + 1_000);
        let flushed = blocking(move || {
            live.client
                .flush(timeout)
                .map_err(|error| LogError::Transient(format!("not all entries were delivered: {error}")))
        });
        flushed.await.map_err(append_error)
    }

    async fn close(&self) -> Result<(), AppendError> {
        self.closed.store(true, Ordering::SeqCst);
        self.flush().await
    }
}
