//! What tests of this and of other crates share: the [`contract`] that every log keeps, and a real Kafka ([`kafka`]).

pub mod contract;
pub mod kafka;

use bytes::Bytes;

use crate::Entry;

/// `count` entries with keys `prefix-N`, spread over the partitions, and values that tell them apart.
pub fn entries(prefix: &str, count: usize) -> Vec<Entry> {
    let entry =
        |n| Entry { key: Bytes::from(format!("{prefix}-{n}")), value: Bytes::from(format!("value of {prefix}-{n}")) };
    (0..count).map(entry).collect()
}

/// `count` entries of one key, numbered.
pub fn entries_of(key: &str, count: usize) -> Vec<Entry> {
    (0..count)
        .map(|n| Entry { key: Bytes::copy_from_slice(key.as_bytes()), value: Bytes::from(n.to_string()) })
        .collect()
}
