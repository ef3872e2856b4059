//! Reading one partition: a queue of its own, from any offset, past no gap that is not real.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use rdkafka::consumer::base_consumer::PartitionQueue;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message;
use rdkafka::{Offset, TopicPartitionList};
use tokio::sync::Notify;

use super::client::{ASK_TIMEOUT, Reporter, blocking, log_error};
use crate::{LogError, LogRecord};

impl ConsumerContext for Reporter {}

/// The client that fetches; never a group member.
pub(crate) type Fetcher = BaseConsumer<Reporter>;

/// Messages taken from the queue in one go, so that no task hogs its thread.
const FILL_RECORDS: usize = 2048;

/// A partition that was just assigned refuses to seek for a moment.
const SEEK_TRIES: usize = 100;
const SEEK_INTERVAL: Duration = Duration::from_millis(10);

/// One partition's reader.
pub(crate) struct Partition {
    topic: Arc<str>,
    id: u32,
    fetcher: Arc<Fetcher>,
    queue: Option<Arc<PartitionQueue<Reporter>>>,
    filled: Arc<Notify>,
    /// Taken from the queue and not yet given out. A reader that is dropped half-way loses nothing.
    held: VecDeque<LogRecord>,
    held_bytes: usize,
    /// What the next record to give out must not be below; `None` = nowhere.
    at: Option<u64>,
    /// The queue has moved past what must still be read: position again once `held` is given out.
    doubted: bool,
    /// A gap at this offset was read twice: it is real.
    gap: Option<u64>,
    /// The queue said that the partition's end was reached.
    pub(crate) ended: bool,
}

/// Why a fill stopped early.
pub(crate) enum Stumble {
    /// The offset is not in the log (any more).
    OutOfRange,
    /// Records between what was expected and what came may have been dropped: position again.
    Gap,
    Other(LogError),
}

impl Partition {
    pub(crate) fn new(topic: Arc<str>, id: u32, fetcher: Arc<Fetcher>) -> Self {
        let filled = Arc::default();
        Self {
            topic,
            id,
            fetcher,
            queue: None,
            filled,
            held: VecDeque::new(),
            held_bytes: 0,
            at: None,
            doubted: false,
            gap: None,
            ended: false,
        }
    }

    pub(crate) fn is_at(&self, from: u64) -> bool {
        self.at == Some(from) && !(self.doubted && self.held.is_empty())
    }

    /// Records and bytes at hand.
    pub(crate) fn held(&self) -> (usize, usize) {
        (self.held.len(), self.held_bytes)
    }

    /// What is at hand is good, what follows must be fetched again.
    pub(crate) fn doubt(&mut self) {
        self.doubted = true;
    }

    fn drop_held(&mut self) {
        self.held.clear();
        self.held_bytes = 0;
    }

    /// Wakes when the queue has something.
    pub(crate) fn filled(&self) -> Arc<Notify> {
        self.filled.clone()
    }

    /// Lets go of the partition: the next position starts from nothing.
    pub(crate) fn release(&mut self) {
        self.at = None;
        self.drop_held();
        if self.queue.take().is_some() {
            // Refused only when it is not assigned, which is what we want.
            let _ = self.fetcher.incremental_unassign(&self.list(Offset::Invalid));
        }
    }

    /// Makes the record at `from` the next one.
    pub(crate) async fn position(&mut self, from: u64) -> Result<(), LogError> {
        self.at = None;
        self.drop_held();
        self.doubted = false;
        self.ended = false;
        let offset = Offset::Offset(from as i64);
        for fresh in [false, true] {
            if fresh {
                self.release();
            }
            if self.queue.is_none() {
                self.assign(offset)?;
            }
            if self.seek(offset).await? {
                self.at = Some(from);
                return Ok(());
            }
        }
        Err(LogError::Transient(format!("partition {} cannot be read from {from} now", self.id)))
    }

    fn assign(&mut self, offset: Offset) -> Result<(), LogError> {
        let list = self.list(offset);
        let assigned = self.fetcher.incremental_assign(&list);
        assigned.map_err(|error| log_error(&error, &format!("cannot fetch partition {}", self.id)))?;
        let queue = self.fetcher.split_partition_queue(&self.topic, self.id as i32);
        let mut queue = queue.ok_or_else(|| LogError::Transient(format!("partition {} has no queue", self.id)))?;
        let filled = self.filled.clone();
        queue.set_nonempty_callback(move || filled.notify_one());
        self.queue = Some(Arc::new(queue));
        Ok(())
    }

    /// Also drops whatever was fetched before the queue was split off, or for another position.
    async fn seek(&self, offset: Offset) -> Result<bool, LogError> {
        let (fetcher, topic, id) = (self.fetcher.clone(), self.topic.clone(), self.id as i32);
        blocking(move || {
            for _ in 0..SEEK_TRIES {
                if fetcher.seek(&topic, id, offset, ASK_TIMEOUT).is_ok() {
                    return Ok(true);
                }
                std::thread::sleep(SEEK_INTERVAL);
            }
            Ok(false)
        })
        .await
    }

    fn list(&self, offset: Offset) -> TopicPartitionList {
        let mut list = TopicPartitionList::new();
        let _ = list.add_partition_offset(&self.topic, self.id as i32, offset);
        list
    }

    /// Moves what has arrived from the queue to hand; true when there may be more.
    pub(crate) fn fill(&mut self) -> Result<bool, Stumble> {
        let (Some(queue), Some(at), false) = (self.queue.clone(), self.at, self.doubted) else { return Ok(false) };
        let mut next = self.held.back().map_or(at, |last| last.offset + 1);
        for _ in 0..FILL_RECORDS {
            match queue.poll(Duration::ZERO) {
                None => return Ok(false),
                Some(Ok(message)) => {
                    let offset = message.offset() as u64;
                    if offset < next {
                        continue;
                    }
                    if offset > next && self.gap != Some(next) {
                        self.gap = Some(next);
                        return Err(Stumble::Gap);
                    }
                    let key = message.key().map(Bytes::copy_from_slice).unwrap_or_default();
                    let value = message.payload().map(Bytes::copy_from_slice).unwrap_or_default();
                    self.held_bytes += key.len() + value.len();
                    self.held.push_back(LogRecord { offset, key, value });
                    next = offset + 1;
                    self.ended = false;
                }
                Some(Err(KafkaError::PartitionEOF(_))) => self.ended = true,
                Some(Err(error)) => match error.rdkafka_error_code() {
                    Some(RDKafkaErrorCode::AutoOffsetReset | RDKafkaErrorCode::OffsetOutOfRange) => {
                        return Err(Stumble::OutOfRange);
                    }
                    _ => return Err(Stumble::Other(log_error(&error, &format!("cannot read partition {}", self.id)))),
                },
            }
        }
        Ok(true)
    }

    /// Gives out what is at hand within the bounds, at least one record when there is one.
    pub(crate) fn give(&mut self, records_max: usize, bytes_max: usize, below: u64) -> Vec<LogRecord> {
        let (mut records, mut bytes) = (Vec::new(), 0usize);
        while let Some(record) = self.held.front() {
            bytes = bytes.saturating_add(size(record));
            let full = records.len() >= records_max || bytes > bytes_max;
            if record.offset >= below || (full && !records.is_empty()) {
                break;
            }
            self.held_bytes -= size(record);
            records.extend(self.held.pop_front());
        }
        if let Some(last) = records.last() {
            self.at = Some(last.offset + 1);
        }
        records
    }
}

fn size(record: &LogRecord) -> usize {
    record.key.len() + record.value.len()
}
