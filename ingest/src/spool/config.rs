//! Settings of the spool, each with its default and its reason.

use serde::Deserialize;
use std::path::{Path, PathBuf};

/// `[ingest.spool]` of the configuration.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SpoolConfig {
    /// Folder on a disk that survives a restart. Each process takes a numbered folder of its own below it, so several may share it.
    pub dir: PathBuf,
    /// Stored bytes, compressed, beyond which a beacon is refused while Kafka does not answer. About 200 bytes a beacon. With 0
    /// there is no spool.
    pub bytes_max: u64,
    /// Longest time that a beacon waits for the spool's disk.
    pub append_timeout_ms: u64,
    /// An acknowledgement may always take this long before its record goes to the spool: a healthy broker pauses too.
    pub bound_min_ms: u64,
    /// … and never longer than this: a browser waits. Between the two the bound is four times the 99th percentile of late.
    pub bound_max_ms: u64,
    /// After so many late acknowledgements in a row, records go to the spool at once until Kafka answers again.
    pub late_in_a_row_max: u32,
    /// Largest share of the time in which the spool is written to Kafka; the rest is the live traffic's.
    pub drain_share_max: f64,
}

impl Default for SpoolConfig {
    fn default() -> Self {
        Self {
            dir: PathBuf::from("felt-spool"),
            bytes_max: 2 << 30,
            append_timeout_ms: 2_000,
            bound_min_ms: 150,
            bound_max_ms: 300,
            late_in_a_row_max: 8,
            drain_share_max: 0.5,
        }
    }
}

impl SpoolConfig {
    /// The same, in a data folder unless the configuration names another place.
    #[must_use]
    pub fn below(mut self, data: &Path) -> Self {
        if self.dir == Self::default().dir {
            self.dir = data.join("spool");
        }
        self
    }
}
