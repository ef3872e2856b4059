//! The processor's settings, with the reasons for their defaults.

use std::time::Duration;

use serde::Deserialize;

use crate::prior::recent::RecentLimits;

/// What to do when the store ends before the position in the log: it was restored from a backup, or emptied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoreGap {
    /// Say so, count it, and go on with what is new.
    #[default]
    GoOn,
    /// Stop, so that the log's position can be set back while it still has the records.
    Stop,
}

/// `[processor]` of the configuration.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct ProcessorConfig {
    /// Name under which progress is reported; made up from the process id when empty.
    pub owner: String,
    /// Most records in one declared range. Two page view rows each (the new one and the one it replaces) stay one block.
    pub batch_records_max: usize,
    /// Most bytes of records in one declared range.
    pub batch_bytes_max: usize,
    /// Under steady traffic a range is closed this long after the one before: ClickHouse likes few inserts.
    pub batch_age_ms: u64,
    /// After a pause a range is closed this long after its first record: a lone visitor should be seen soon.
    pub idle_flush_ms: u64,
    /// How long an idle partition waits for a record before it reports that it is caught up.
    pub idle_poll_ms: u64,
    /// Progress is reported at least this often.
    pub progress_ms: u64,
    /// Partitions that make and write rows at the same time; it bounds memory.
    pub batches_concurrent_max: usize,
    /// Longest wait between two tries at the same insert.
    pub retry_wait_ms_max: u64,
    /// Share of unreadable records, of at least [`Self::invalid_records_min`], beyond which the processor stops: then it is
    /// not the records that are wrong.
    pub invalid_share_max: f64,
    /// See [`Self::invalid_share_max`].
    pub invalid_records_min: u64,
    /// Views per generation and partition that are remembered, so that the store need not be asked for them.
    pub recent_views_max: usize,
    /// Bytes per generation and partition of remembered views.
    pub recent_bytes_max: usize,
    /// What to do when the store lacks records that are done in the log: `go_on` or `stop`.
    pub store_gap: StoreGap,
    /// What other processors have admitted to the budgets is learned this often.
    pub budgets_refresh_ms: u64,
    /// What people changed about scales and page rules is read this often. A change waits for a minute at least before it
    /// holds, so half of that is the most that makes sense.
    pub scales_refresh_ms: u64,
    /// How long a batch under way may take to finish at shutdown; what does not finish is replayed at the next start.
    pub drain_ms: u64,
}

impl Default for ProcessorConfig {
    fn default() -> Self {
        Self {
            owner: String::new(),
            batch_records_max: 50_000,
            batch_bytes_max: 32 << 20,
            batch_age_ms: 1_000,
            idle_flush_ms: 150,
            idle_poll_ms: 1_000,
            progress_ms: 2_000,
            batches_concurrent_max: 2,
            retry_wait_ms_max: 30_000,
            invalid_share_max: 0.05,
            invalid_records_min: 1_000,
            recent_views_max: 200_000,
            recent_bytes_max: 32 << 20,
            store_gap: StoreGap::default(),
            budgets_refresh_ms: 60_000,
            scales_refresh_ms: 15_000,
            drain_ms: 10_000,
        }
    }
}

impl ProcessorConfig {
    pub(crate) fn batch_age(&self) -> Duration {
        Duration::from_millis(self.batch_age_ms)
    }

    pub(crate) fn idle_flush(&self) -> Duration {
        Duration::from_millis(self.idle_flush_ms)
    }

    pub(crate) fn idle_poll(&self) -> Duration {
        Duration::from_millis(self.idle_poll_ms)
    }

    pub(crate) fn drain(&self) -> Duration {
        Duration::from_millis(self.drain_ms)
    }

    pub(crate) fn recent(&self) -> RecentLimits {
        RecentLimits { views_max: self.recent_views_max, bytes_max: self.recent_bytes_max }
    }
}
