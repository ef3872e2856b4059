//! The reading half over Kafka: claims, declares and advances of one group member.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use felt_schema::clock::{SharedClock, SystemClock};
use parking_lot::Mutex as SyncMutex;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::{Offset, TopicPartitionList};
use tokio::sync::{Mutex, watch};
use tokio::time::Instant;

use super::client::{ASK_TIMEOUT, Reporter, blocking, client, is_fencing, log_error};
use super::fetch::{Fetcher, Partition, Stumble};
use super::intent::Intent;
use super::membership::Membership;
use super::{self_test, topic};
use crate::events::{Fenced, FirstClaim, KafkaReported, LogLost};
use crate::protocol::Cursor;
use crate::{Assignment, DeclaredRange, KafkaConfig, LogConsumer, LogError, LogRecord, Position};

/// Events of the group are served at least this often.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// A waiting reader looks by itself this often, should a wake-up be missed, and to notice a hand-over.
const LOOK_INTERVAL: Duration = Duration::from_millis(250);

/// A declared range is on the broker: meeting all of it takes no longer than this, or the broker is in trouble.
const RANGE_TIMEOUT: Duration = Duration::from_secs(30);

/// Commits whose outcome was unknown are looked at again this often before the caller is asked to.
const VERIFY_TRIES: usize = 3;

type Member = BaseConsumer<Membership>;

/// One member of the group that shares the topic's partitions.
pub struct KafkaConsumer {
    shared: Arc<Shared>,
    poller: SyncMutex<Option<std::thread::JoinHandle<()>>>,
}

struct Shared {
    config: KafkaConfig,
    clock: SharedClock,
    member: Arc<Member>,
    fetcher: Arc<Fetcher>,
    assigned: watch::Receiver<Assignment>,
    readers: Vec<Mutex<Partition>>,
    cursors: Vec<Arc<Mutex<Claimed>>>,
    closing: AtomicBool,
}

/// What this member knows of a partition that it claimed.
#[derive(Default)]
struct Claimed {
    /// The hand-over it was claimed under, and where it is.
    held: Option<(u64, Cursor)>,
    /// Advanced, and not committed since.
    dirty: bool,
    /// Dirty already at the last idle commit's turn.
    idle: bool,
    /// The last commit's outcome is unknown: a late one may still overwrite the next.
    doubted: bool,
}

impl KafkaConsumer {
    /// Joins the group, after making the topic if it is missing and after the self-test. Partitions come later, through
    /// [`LogConsumer::assigned`].
    pub async fn connect(config: KafkaConfig) -> Result<Self, LogError> {
        Self::connect_with_clock(config, Arc::new(SystemClock)).await
    }

    /// [`connect`](Self::connect) with a clock of the caller's; it only numbers epochs.
    pub async fn connect_with_clock(config: KafkaConfig, clock: SharedClock) -> Result<Self, LogError> {
        let partitions = topic::ensure(&config).await?;
        self_test::run(&config).await?;
        let member = Arc::new(member(&config)?);
        let fetcher = Arc::new(fetcher(&config)?);
        let name: Arc<str> = config.topic.as_str().into();
        let shared = Arc::new(Shared {
            assigned: member.context().assigned(),
            readers: (0..partitions).map(|id| Mutex::new(Partition::new(name.clone(), id, fetcher.clone()))).collect(),
            cursors: (0..partitions).map(|_| Arc::default()).collect(),
            closing: AtomicBool::new(false),
            clock,
            config,
            member,
            fetcher,
        });
        let subscribed = shared.member.subscribe(&[&shared.config.topic]);
        subscribed.map_err(|error| log_error(&error, "cannot join the group"))?;
        let polled = shared.clone();
        let poller = std::thread::Builder::new().name("felt-kafka-poll".into()).spawn(move || poll(&polled));
        let poller = poller.map_err(|error| LogError::Transient(format!("cannot start a thread: {error}")))?;
        let idle = Arc::downgrade(&shared);
        tokio::spawn(async move {
            while let Some(shared) = idle.upgrade() {
                if shared.closing.load(Ordering::SeqCst) {
                    break;
                }
                shared.commit_idle().await;
                let interval = Duration::from_millis(shared.config.idle_commit_ms.max(10));
                drop(shared);
                tokio::time::sleep(interval).await;
            }
        });
        Ok(Self { shared, poller: SyncMutex::new(Some(poller)) })
    }
}

impl Drop for KafkaConsumer {
    fn drop(&mut self) {
        self.shared.closing.store(true, Ordering::SeqCst);
    }
}

fn member(config: &KafkaConfig) -> Result<Member, LogError> {
    let mut options = client(config);
    options.set("group.id", &config.group);
    if let Some(id) = &config.instance_id {
        options.set("group.instance.id", id);
    }
    // Only a declare commits, with the range in its metadata.
    options.set("enable.auto.commit", "false");
    options.set("enable.auto.offset.store", "false");
    // A hand-over moves only what must move.
    options.set("partition.assignment.strategy", "cooperative-sticky");
    options.set("session.timeout.ms", config.session_timeout_ms.to_string());
    options.set("heartbeat.interval.ms", (config.session_timeout_ms / 4).max(1).to_string());
    options.set("max.poll.interval.ms", config.session_timeout_ms.max(300_000).to_string());
    // The member never fetches.
    options.set("queued.min.messages", "1");
    options.set("queued.max.messages.kbytes", "1");
    let made = options.create_with_context(Membership::new(&config.topic));
    made.map_err(|error| log_error(&error, "cannot make a Kafka consumer"))
}

fn fetcher(config: &KafkaConfig) -> Result<Fetcher, LogError> {
    let mut options = client(config);
    // Named because assigning needs a name; it neither joins nor commits.
    options.set("group.id", format!("{}.fetch", config.group));
    options.set("enable.auto.commit", "false");
    options.set("enable.auto.offset.store", "false");
    // A position that is gone is an error to be told, never a silent jump.
    options.set("auto.offset.reset", "error");
    options.set("enable.partition.eof", "true");
    options.set("check.crcs", "true");
    // Bounded memory: per partition, and per answer of the broker.
    options.set("queued.max.messages.kbytes", "8192");
    options.set("fetch.max.bytes", "16777216");
    options.set("fetch.wait.max.ms", "100");
    options.create_with_context(Reporter).map_err(|error| log_error(&error, "cannot make a Kafka consumer"))
}

/// Serves rebalances and errors until the consumer closes, then leaves the group.
fn poll(shared: &Shared) {
    while !shared.closing.load(Ordering::SeqCst) {
        if let Some(Err(error)) = shared.member.poll(POLL_INTERVAL) {
            KafkaReported { error: &error, reason: "group member" }.emit();
        }
        if let Some(Err(error)) = shared.fetcher.poll(Duration::ZERO) {
            KafkaReported { error: &error, reason: "fetcher" }.emit();
        }
        if shared.member.client().fatal_error().is_some() {
            shared.member.context().lose_all();
        }
    }
    shared.member.unsubscribe();
    let started = std::time::Instant::now();
    while !shared.assigned.borrow().partitions.is_empty() && started.elapsed() < ASK_TIMEOUT {
        shared.member.poll(POLL_INTERVAL);
    }
    shared.member.context().lose_all();
}

impl Shared {
    fn fenced(partition: u32, call: &'static str) -> LogError {
        Fenced { partition, call }.emit();
        LogError::Fenced { partition }
    }

    fn handover(&self, partition: u32) -> Option<u64> {
        self.member.context().owned().handover(partition)
    }

    /// Seconds since 1970, and more than the last: the same record must never meet a token of another log's.
    fn new_epoch(&self, last: u32) -> u32 {
        let now_s = (self.clock.now_ms() / 1000).clamp(1, i64::from(u32::MAX)) as u32;
        now_s.max(last.saturating_add(1))
    }

    /// Whether the claim that a call relies on is of the hand-over in force.
    async fn check(&self, partition: u32, call: &'static str) -> Result<u64, LogError> {
        let claimed = match self.cursors.get(partition as usize) {
            Some(cursor) => cursor.lock().await.held.map(|(handover, _)| handover),
            None => None,
        };
        match claimed {
            Some(handover) if self.handover(partition) == Some(handover) => Ok(handover),
            _ => Err(Self::fenced(partition, call)),
        }
    }

    async fn watermarks(&self, partition: u32) -> Result<(u64, u64), LogError> {
        let (fetcher, topic) = (self.fetcher.clone(), self.config.topic.clone());
        blocking(move || {
            let found = fetcher.fetch_watermarks(&topic, partition as i32, ASK_TIMEOUT);
            let (low, high) = found.map_err(|error| log_error(&error, "cannot ask for the log's ends"))?;
            Ok((low.max(0) as u64, high.max(0) as u64))
        })
        .await
    }

    async fn committed(&self, partition: u32) -> Result<Option<(u64, Intent)>, LogError> {
        let (member, topic) = (self.member.clone(), self.config.topic.clone());
        blocking(move || committed(&member, &topic, partition)).await
    }

    /// The fenced commit. `claimed` is of the caller, locked, so that commits of a partition never overtake one another.
    async fn commit(&self, partition: u32, claimed: &mut Claimed, at: u64, intent: Intent) -> Result<(), LogError> {
        let Some((handover, _)) = claimed.held else { return Err(Self::fenced(partition, "commit")) };
        let (member, topic, doubted) = (self.member.clone(), self.config.topic.clone(), claimed.doubted);
        // A caller that is dropped while it waits must leave doubt behind.
        claimed.doubted = true;
        let done = blocking(move || {
            for _ in 0..VERIFY_TRIES {
                commit(&member, &topic, partition, handover, at, intent)?;
                // After an unknown outcome, a late arrival of the earlier commit would undo this one: look.
                if !doubted || committed(&member, &topic, partition)? == Some((at, intent)) {
                    return Ok(());
                }
            }
            Err(LogError::Transient(format!("the commit of partition {partition} was overwritten")))
        })
        .await;
        match &done {
            Ok(()) => claimed.doubted = false,
            Err(LogError::Fenced { .. }) => claimed.held = None,
            Err(_) => {}
        }
        done
    }

    /// Makes advances durable that no declare has closed for a whole interval.
    async fn commit_idle(&self) {
        for (id, cursor) in self.cursors.iter().enumerate() {
            let Ok(mut claimed) = cursor.clone().try_lock_owned() else { continue };
            if !claimed.dirty {
                continue;
            }
            if !std::mem::replace(&mut claimed.idle, true) {
                continue;
            }
            self.commit_position(id as u32, &mut claimed).await.ok();
        }
    }

    async fn commit_position(&self, partition: u32, claimed: &mut Claimed) -> Result<(), LogError> {
        let Some((_, cursor)) = claimed.held.filter(|_| claimed.dirty) else { return Ok(()) };
        let position = cursor.position();
        let intent = Intent { open: None, epoch: position.epoch };
        self.commit(partition, claimed, position.next, intent).await?;
        (claimed.dirty, claimed.idle) = (false, false);
        Ok(())
    }

    /// Turns what a reader stumbled over into what the caller should do; `Ok` means to try again from `from`.
    async fn stumbled(
        &self,
        partition: u32,
        reader: &mut Partition,
        stumble: Stumble,
        from: u64,
    ) -> Result<(), LogError> {
        match stumble {
            Stumble::Gap => {
                reader.doubt();
                Ok(())
            }
            Stumble::OutOfRange => {
                reader.release();
                let (low, high) = self.watermarks(partition).await?;
                if from < low {
                    return Err(LogError::RangeLost { partition, wanted: from, available: low });
                }
                if from > high {
                    // The log is shorter than what we have read of it: only a claim can start a new epoch.
                    self.member.context().reclaim(partition);
                    return Err(Self::fenced(partition, "read"));
                }
                Ok(())
            }
            Stumble::Other(error) => {
                reader.release();
                Err(error)
            }
        }
    }
}

fn committed(member: &Member, topic: &str, partition: u32) -> Result<Option<(u64, Intent)>, LogError> {
    let doing = "cannot ask for the committed position";
    let mut list = TopicPartitionList::new();
    list.add_partition(topic, partition as i32);
    let found = member.committed_offsets(list, ASK_TIMEOUT).map_err(|error| log_error(&error, doing))?;
    let Some(element) = found.find_partition(topic, partition as i32) else { return Ok(None) };
    element.error().map_err(|error| log_error(&error, doing))?;
    match element.offset() {
        Offset::Offset(at) => {
            let intent = Intent::decode(element.metadata()).map_err(LogError::Fatal)?;
            Ok(Some((at.max(0) as u64, intent)))
        }
        _ => Ok(None),
    }
}

fn commit(
    member: &Member,
    topic: &str,
    partition: u32,
    handover: u64,
    at: u64,
    intent: Intent,
) -> Result<(), LogError> {
    // Held over the commit: librdkafka cannot enter a new generation meanwhile, so the one it sends is the one we checked.
    let owned = member.context().owned();
    if owned.handover(partition) != Some(handover) || member.assignment_lost() {
        return Err(Shared::fenced(partition, "commit"));
    }
    let mut list = TopicPartitionList::new();
    let added = list.add_partition_offset(topic, partition as i32, Offset::Offset(at as i64));
    added.map_err(|error| log_error(&error, "cannot commit"))?;
    if let Some(mut element) = list.find_partition(topic, partition as i32) {
        element.set_metadata(intent.encode());
    }
    match member.commit(&list, CommitMode::Sync) {
        Ok(()) if !member.assignment_lost() => Ok(()),
        Ok(()) => Err(Shared::fenced(partition, "commit")),
        Err(error) if error.rdkafka_error_code().is_some_and(is_fencing) => Err(Shared::fenced(partition, "commit")),
        Err(error) => Err(log_error(&error, &format!("cannot commit partition {partition}"))),
    }
}

#[async_trait]
impl LogConsumer for KafkaConsumer {
    fn assigned(&self) -> watch::Receiver<Assignment> {
        self.shared.assigned.clone()
    }

    async fn claim(&self, partition: u32) -> Result<Position, LogError> {
        let shared = &self.shared;
        let handover = shared.handover(partition);
        let (Some(handover), Some(cursor)) = (handover, shared.cursors.get(partition as usize)) else {
            return Err(Shared::fenced(partition, "claim"));
        };
        let mut claimed = cursor.clone().lock_owned().await;
        // What we advanced ourselves and nobody has heard of yet: a repeated claim must not fall behind it.
        if claimed.held.is_some_and(|(held, _)| held == handover) {
            shared.commit_position(partition, &mut claimed).await?;
        }
        let (low, end) = shared.watermarks(partition).await?;
        let position = match shared.committed(partition).await? {
            // The group's first look at this partition, or its positions went with the topic: everything that is there, under
            // tokens that no earlier topic of this name can have used.
            None => {
                FirstClaim { partition, from: low }.emit();
                Position { next: low, open: None, epoch: shared.new_epoch(0) }
            }
            Some((next, intent)) if next > end || intent.open.is_some_and(|open| open.last >= end) => {
                LogLost { partition, committed: next, end }.emit();
                Position { next: low, open: None, epoch: shared.new_epoch(intent.epoch) }
            }
            Some((next, intent)) => Position { next, open: intent.open, epoch: intent.epoch },
        };
        if shared.handover(partition) != Some(handover) {
            return Err(Shared::fenced(partition, "claim"));
        }
        *claimed =
            Claimed { held: Some((handover, Cursor::at(position))), doubted: claimed.doubted, ..Claimed::default() };
        shared.readers[partition as usize].lock().await.release();
        Ok(position)
    }

    async fn read(
        &self,
        partition: u32,
        from: u64,
        records_max: usize,
        bytes_max: usize,
        wait: Duration,
    ) -> Result<Vec<LogRecord>, LogError> {
        let deadline = Instant::now() + wait;
        let handover = self.shared.check(partition, "read").await?;
        let mut reader = self.shared.readers[partition as usize].lock().await;
        let filled = reader.filled();
        loop {
            if self.shared.handover(partition) != Some(handover) {
                reader.release();
                return Err(Shared::fenced(partition, "read"));
            }
            if !reader.is_at(from) {
                reader.position(from).await?;
            }
            let more = match reader.fill() {
                Ok(more) => more,
                Err(stumble) => {
                    self.shared.stumbled(partition, &mut reader, stumble, from).await?;
                    false
                }
            };
            let (records, bytes) = reader.held();
            if more && records < records_max && bytes < bytes_max {
                tokio::task::yield_now().await;
                continue;
            }
            let records = reader.give(records_max, bytes_max, u64::MAX);
            if !records.is_empty() {
                return Ok(records);
            }
            if !reader.is_at(from) {
                continue;
            }
            let now = Instant::now();
            if now >= deadline {
                return Ok(records);
            }
            let _ = tokio::time::timeout_at(deadline.min(now + LOOK_INTERVAL), filled.notified()).await;
        }
    }

    async fn read_range(&self, partition: u32, range: DeclaredRange) -> Result<Vec<LogRecord>, LogError> {
        let deadline = Instant::now() + RANGE_TIMEOUT;
        let handover = self.shared.check(partition, "read_range").await?;
        let (low, _) = self.shared.watermarks(partition).await?;
        if range.first < low {
            return Err(LogError::RangeLost { partition, wanted: range.first, available: low });
        }
        let mut reader = self.shared.readers[partition as usize].lock().await;
        let filled = reader.filled();
        let mut records: Vec<LogRecord> = Vec::new();
        reader.position(range.first).await?;
        loop {
            let from = records.last().map_or(range.first, |last| last.offset + 1);
            if !reader.is_at(from) {
                reader.position(from).await?;
            }
            let filled_now = reader.fill();
            let more = match filled_now {
                Ok(more) => more,
                Err(stumble) => {
                    self.shared.stumbled(partition, &mut reader, stumble, from).await?;
                    true
                }
            };
            records.extend(reader.give(usize::MAX, usize::MAX, range.last + 1));
            // Beyond the range, or at the partition's end: nothing of the range is still to come.
            let beyond = reader.held().0 > 0 || records.last().is_some_and(|last| last.offset >= range.last);
            if beyond || (reader.ended && !more) {
                return Ok(records);
            }
            if self.shared.handover(partition) != Some(handover) {
                return Err(Shared::fenced(partition, "read_range"));
            }
            if Instant::now() >= deadline {
                return Err(LogError::Transient(format!("partition {partition} did not give its open range in time")));
            }
            if !more {
                let _ = tokio::time::timeout(LOOK_INTERVAL, filled.notified()).await;
            }
        }
    }

    async fn declare(&self, partition: u32, first: u64, last: u64) -> Result<(), LogError> {
        let shared = &self.shared;
        shared.check(partition, "declare").await?;
        let mut claimed = shared.cursors[partition as usize].clone().lock_owned().await;
        let Some((handover, cursor)) = claimed.held else { return Err(Shared::fenced(partition, "declare")) };
        let mut declared = cursor;
        let open = declared.declare(first, last).map_err(LogError::Invalid)?;
        let intent = Intent { open: Some(open), epoch: cursor.position().epoch };
        shared.commit(partition, &mut claimed, first, intent).await?;
        claimed.held = Some((handover, declared));
        (claimed.dirty, claimed.idle) = (false, false);
        Ok(())
    }

    async fn advance(&self, partition: u32, next: u64) -> Result<(), LogError> {
        self.shared.check(partition, "advance").await?;
        let mut claimed = self.shared.cursors[partition as usize].lock().await;
        let Some((_, cursor)) = &mut claimed.held else { return Err(Shared::fenced(partition, "advance")) };
        cursor.advance(next).map_err(LogError::Invalid)?;
        (claimed.dirty, claimed.idle) = (true, false);
        Ok(())
    }

    async fn end_offset(&self, partition: u32) -> Result<u64, LogError> {
        if partition as usize >= self.shared.readers.len() {
            return Err(LogError::Fenced { partition });
        }
        Ok(self.shared.watermarks(partition).await?.1)
    }

    fn topic(&self) -> &str {
        &self.shared.config.topic
    }

    async fn close(&self) -> Result<(), LogError> {
        let Some(poller) = self.poller.lock().take() else { return Ok(()) };
        let mut closed = Ok(());
        for (id, cursor) in self.shared.cursors.iter().enumerate() {
            let mut claimed = cursor.clone().lock_owned().await;
            if let Err(error) = self.shared.commit_position(id as u32, &mut claimed).await {
                closed = Err(error);
            }
            claimed.held = None;
        }
        self.shared.closing.store(true, Ordering::SeqCst);
        let _ = tokio::task::spawn_blocking(move || poller.join()).await;
        // Somebody else's partition needs no position of ours.
        if matches!(closed, Err(LogError::Fenced { .. })) { Ok(()) } else { closed }
    }
}
