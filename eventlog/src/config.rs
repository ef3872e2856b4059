//! The settings of both logs, with the reasons for their defaults. Values only: nothing here opens anything.

use std::path::PathBuf;

use serde::Deserialize;

/// A local log, also used as ingest's spool.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct LocalLogConfig {
    /// Folder of the log; made when missing, locked against a second process.
    pub dir: PathBuf,
    /// Name used in insert tokens ([`crate::LogConsumer::topic`]).
    pub name: String,
    /// Fixed when the log is made; opening it with another number is refused.
    pub partitions: u32,
    /// Appends are refused as `Full` beyond this many stored bytes that no reader has passed.
    pub bytes_max: u64,
    /// Records already advanced past are kept this long for audits; 0 removes them at once (a spool).
    pub done_keep_ms: i64,
    /// … but no more than this many bytes of them.
    pub done_keep_bytes: u64,
    /// Key and value of one entry together.
    pub entry_bytes_max: usize,
    /// Bytes waiting for the writer; further callers wait for room.
    pub queue_bytes_max: usize,
    /// Largest group that one commit takes, before compression.
    pub group_bytes_max: usize,
}

impl Default for LocalLogConfig {
    fn default() -> Self {
        Self {
            dir: PathBuf::from("felt-data/log"),
            name: "felt".into(),
            partitions: 4,
            bytes_max: 8 << 30,
            done_keep_ms: 60 * 60 * 1000,
            done_keep_bytes: 1 << 30,
            entry_bytes_max: 2 << 20,
            queue_bytes_max: 32 << 20,
            group_bytes_max: 8 << 20,
        }
    }
}

/// A Kafka topic and, for consumers, a group that shares it.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct KafkaConfig {
    /// `host:port`, comma separated.
    pub brokers: String,
    /// Made when missing, with `partitions` and `replication`.
    pub topic: String,
    /// Consumer group of the processors.
    pub group: String,
    /// For a topic made by us; an existing topic's own number counts.
    pub partitions: u32,
    /// For a topic made by us; -1 leaves it to the broker.
    pub replication: i32,
    /// Retention for a topic made by us. Must outlast the longest stop of the processors.
    pub retention_ms: i64,
    /// An append not acknowledged in this time fails as `Transient`.
    pub message_timeout_ms: u32,
    /// Bytes that wait for the broker before `append` fails as `Transient`.
    pub queue_bytes_max: usize,
    /// Key and value of one entry together.
    pub entry_bytes_max: usize,
    /// A consumer silent for this long loses its partitions.
    pub session_timeout_ms: u32,
    /// Static membership: a restart within the session time-out moves no partition. Unique per process.
    pub instance_id: Option<String>,
    /// Idle positions are committed this often.
    pub idle_commit_ms: u64,
    /// Passed to librdkafka as they are (TLS, SASL). They cannot change what a guarantee rests on.
    pub options: std::collections::BTreeMap<String, String>,
}

impl Default for KafkaConfig {
    fn default() -> Self {
        Self {
            brokers: "127.0.0.1:9092".into(),
            topic: "felt-beacons".into(),
            group: "felt-processor".into(),
            partitions: 12,
            replication: -1,
            retention_ms: 7 * 24 * 60 * 60 * 1000,
            message_timeout_ms: 10_000,
            queue_bytes_max: 16 << 20,
            entry_bytes_max: 900 << 10,
            session_timeout_ms: 10_000,
            instance_id: None,
            idle_commit_ms: 1_000,
            options: Default::default(),
        }
    }
}
