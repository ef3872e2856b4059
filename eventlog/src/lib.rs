//! The durable log between ingest and processor.
//!
//! Promises: an entry whose [`EventLog::append`] returned `Ok` survives a crash of every process here, and is given to the
//! consumer of its partition in order. A consumer that declares a range before it writes rows, and advances after, finds that
//! same range again after any crash ([`LogConsumer::claim`]), so that it can repeat the same write under the same token.
//!
//! Two logs keep the promises alike, held to it by one contract suite: [`local`] (one machine) and [`kafka`] (a cluster).
//! What the entries mean is left to others.

pub mod config;
pub mod events;
pub mod kafka;
pub mod local;
pub mod port;
pub mod protocol;
#[cfg(feature = "testing")]
pub mod testing;

pub use config::{KafkaConfig, LocalLogConfig};
pub use kafka::{KafkaConsumer, KafkaLog, look_at_topic};
pub use local::{LocalConsumer, LocalLog, Waiting};
pub use port::{
    AppendError, Assignment, DeclaredRange, Entry, EventLog, Health, LogConsumer, LogError, LogRecord, Position,
    Remedy, partition_of,
};
