//! The port that ingest and processor see: what a log does, in which words it refuses, and nothing about how.

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::watch;

/// What ingest appends: entries of one key keep their order and meet in one partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Decides the partition ([`partition_of`]); kept with the value.
    pub key: Bytes,
    /// The record, opaque to the log.
    pub value: Bytes,
}

/// What a consumer reads back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogRecord {
    /// Grows by at least one from record to record of a partition. Gaps are lawful (retention, damaged rows).
    pub offset: u64,
    /// As appended; lets a spool be drained into another log.
    pub key: Bytes,
    /// As appended.
    pub value: Bytes,
}

/// A range of offsets announced before its rows are written. Both ends belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeclaredRange {
    /// First offset.
    pub first: u64,
    /// Last offset, inclusive.
    pub last: u64,
}

/// Where a partition's new owner must go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The first offset that is not known to be done. Equals `open.first` when a range is open.
    pub next: u64,
    /// Declared and never closed: repeat exactly this range ([`LogConsumer::read_range`]) under the same token, then
    /// advance to `open.last + 1`.
    pub open: Option<DeclaredRange>,
    /// Grows when the log itself was lost and offsets start anew; belongs into every token, lest new records meet old tokens.
    pub epoch: u32,
}

/// The partitions that a consumer owns now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assignment {
    /// Changes with every hand-over, also when the set stays equal: claim again what is in the set.
    pub generation: u64,
    /// Owned partitions. Anything else answers [`LogError::Fenced`].
    pub partitions: BTreeSet<u32>,
}

/// How well the log takes appends right now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// Appends are expected to succeed.
    Ready,
    /// Appends succeed but something is wrong; the text says what.
    Degraded(String),
    /// Appends are expected to fail; the text says why.
    Down(String),
}

/// What the caller should do about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// The request itself is wrong: change it, a repetition fails alike.
    Mend,
    /// Try again later, with backoff.
    Wait,
    /// Give this up: the partition belongs to somebody else, or the process must restart.
    Stop,
}

/// Why an append is not known to be durable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// Mend: one entry is larger than the log takes.
    #[error("entry of {bytes} bytes exceeds the log's {bytes_max}: send smaller entries")]
    TooLarge {
        /// Key and value together.
        bytes: usize,
        /// The limit.
        bytes_max: usize,
    },
    /// Wait: the log holds as many unread bytes as it may (a local log's `bytes_max`).
    #[error("log is full at {bytes} of {bytes_max} bytes: wait for its reader, or raise bytes_max")]
    Full {
        /// Bytes held.
        bytes: u64,
        /// The limit.
        bytes_max: u64,
    },
    /// Wait: disk full, broker away, queue full. None of the entries is in the log.
    #[error("log does not take entries now, try again later: {0}")]
    Transient(String),
    /// Wait: no acknowledgement came, and any part of the entries may be in the log all the same. Whoever appends them again
    /// makes readers meet repeats.
    #[error("log did not say whether it has the entries, it may: {0}")]
    InDoubt(String),
    /// Stop: closed, or broken for good.
    #[error("log takes no more entries, restart the process: {0}")]
    Fatal(String),
}

impl AppendError {
    /// Mend, wait or stop.
    pub fn remedy(&self) -> Remedy {
        match self {
            Self::TooLarge { .. } => Remedy::Mend,
            Self::Full { .. } | Self::Transient(_) | Self::InDoubt(_) => Remedy::Wait,
            Self::Fatal(_) => Remedy::Stop,
        }
    }
}

/// Why a consumer's call failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// Stop work on this partition: somebody else owns it. Drop the batch and never insert it.
    #[error("partition {partition} has another owner: drop its batch")]
    Fenced {
        /// The partition.
        partition: u32,
    },
    /// Mend: the records from `wanted` up to `available` are gone (retention). Alarm, then go on from `available`.
    #[error(
        "offsets {wanted} to {available} of partition {partition} are no longer in the log: go on from {available}"
    )]
    RangeLost {
        /// The partition.
        partition: u32,
        /// What was asked for.
        wanted: u64,
        /// The oldest offset there is.
        available: u64,
    },
    /// Mend: the arguments contradict the log's state (`last` before `first`, a declare that skips or repeats).
    #[error("{0}")]
    Invalid(String),
    /// Wait: the outcome is unknown or the log is away. Repeat the same call.
    #[error("log does not answer now, try again later: {0}")]
    Transient(String),
    /// Stop: restart the process, or have an operator look.
    #[error("log is broken for this consumer, restart the process: {0}")]
    Fatal(String),
}

impl LogError {
    /// Mend, wait or stop.
    pub fn remedy(&self) -> Remedy {
        match self {
            Self::RangeLost { .. } | Self::Invalid(_) => Remedy::Mend,
            Self::Transient(_) => Remedy::Wait,
            Self::Fenced { .. } | Self::Fatal(_) => Remedy::Stop,
        }
    }
}

/// The writing half.
#[async_trait]
pub trait EventLog: Send + Sync {
    /// Durable when `Ok`: fsynced here, or acknowledged by all in-sync replicas. Entries of one key keep their order within
    /// a call; between calls that run at the same time there is none. An empty list is `Ok`.
    ///
    /// Dropping the future neither cancels nor completes the append.
    async fn append(&self, entries: Vec<Entry>) -> Result<(), AppendError>;

    /// How many partitions there are, fixed for the life of the log.
    fn partitions(&self) -> u32;

    /// How appends would fare now. Cheap enough for each readiness probe.
    async fn healthy(&self) -> Health;

    /// Waits until everything appended before this call is durable or has failed.
    async fn flush(&self) -> Result<(), AppendError>;

    /// Flushes, then refuses further appends with [`AppendError::Fatal`]. Repeating it is harmless.
    async fn close(&self) -> Result<(), AppendError>;
}

/// The reading half: one member of the group that shares the partitions.
///
/// Per owned partition, strictly in this order: `claim`, then (`read`, `declare`, write rows, `advance`) again and again. A
/// range that `claim` finds open is read by `read_range`, *declared again* or written straight away, then advanced past.
#[async_trait]
pub trait LogConsumer: Send + Sync {
    /// The partitions owned now; changes whenever they are handed over.
    fn assigned(&self) -> watch::Receiver<Assignment>;

    /// Takes a partition over and says where to go on. Earlier owners are fenced from here on.
    async fn claim(&self, partition: u32) -> Result<Position, LogError>;

    /// Records from `from` on, in order, at most `records_max` and about `bytes_max` (always at least one record when there is
    /// one). Waits up to `wait` for the first; an empty answer only says that none came in time.
    async fn read(
        &self,
        partition: u32,
        from: u64,
        records_max: usize,
        bytes_max: usize,
        wait: Duration,
    ) -> Result<Vec<LogRecord>, LogError>;

    /// Every record of a declared range that the log still has. Unlike [`read`](Self::read) it never answers with a part: it
    /// errs (`Transient`) when it cannot be sure to have met the range's end.
    async fn read_range(&self, partition: u32, range: DeclaredRange) -> Result<Vec<LogRecord>, LogError>;

    /// Announces that `first..=last` is about to be written, and closes what was declared before. Durable when `Ok`; fenced
    /// atomically: after `Ok` no other owner had claimed the partition before this call. `first` must be the current position (0
    /// rows lost, none repeated); declaring a *shorter* range again before anything was advanced replaces the open one.
    async fn declare(&self, partition: u32, first: u64, last: u64) -> Result<(), LogError>;

    /// The declared range's rows are acknowledged: the position is `next`. Made durable by the next `declare`, when idle, or at
    /// `close`; until then a crash replays the closed range, which the token makes harmless.
    async fn advance(&self, partition: u32, next: u64) -> Result<(), LogError>;

    /// The offset that the next append to this partition gets.
    async fn end_offset(&self, partition: u32) -> Result<u64, LogError>;

    /// Name that goes into insert tokens: stable for the life of the log.
    fn topic(&self) -> &str;

    /// Makes the last `advance` durable and gives all partitions up. Repeating it is harmless.
    async fn close(&self) -> Result<(), LogError>;
}

/// The partition of a key: `xxh3_64(key) mod partitions`, for both logs (on Kafka the partition is set explicitly), so that a
/// spool drained into Kafka keeps copies of one view together.
///
/// # Panics
/// Never: no partitions count as one.
pub fn partition_of(key: &[u8], partitions: u32) -> u32 {
    (xxhash_rust::xxh3::xxh3_64(key) % u64::from(partitions.max(1))) as u32
}
