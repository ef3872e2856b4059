//! The log of a cluster: one Kafka topic, spoken to through librdkafka.
//!
//! Guarantees: `append` returns when every in-sync replica has the entries; a declare is a synchronous offset commit whose
//! metadata names the range, so the broker itself fences it by the group's generation; a position that the broker lost is an
//! event and never a silent jump. What a guarantee rests on is set explicitly, after the operator's own options.

mod append;
mod client;
mod consumer;
mod fetch;
mod intent;
mod membership;
mod self_test;
mod skew;
mod topic;

pub use append::KafkaLog;
pub use consumer::KafkaConsumer;
pub use topic::look_at_topic;
