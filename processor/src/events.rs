//! What the processor tells about itself: one struct an event, which logs and counts, so that the two never drift apart.
//! No label carries a site, a URL or a user agent.

use std::time::Duration;

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

/// Tells the recorder what each metric means. Safe to repeat.
pub fn describe() {
    describe_counter!("felt_processor_records_total", "Records worked off.");
    describe_counter!("felt_processor_batches_total", "Declared ranges written and advanced past.");
    describe_counter!("felt_processor_rows_total", "Rows written, by table.");
    describe_histogram!("felt_processor_batch_seconds", "From declaring a range to advancing past it.");
    describe_histogram!("felt_processor_transform_seconds", "Decoding a range and making its rows, lookups included.");
    describe_counter!("felt_processor_lookups_total", "Views asked for in the store.");
    describe_gauge!("felt_processor_lag_records", "Records that wait, by partition.");
    describe_counter!("felt_processor_replays_total", "Ranges found open at a claim and written again.");
    describe_counter!("felt_processor_fenced_total", "Batches dropped because the partition has another owner.");
    describe_counter!(
        "felt_processor_bisected_total",
        "Ranges cut in two because the store refused or would not fit them."
    );
    describe_counter!("felt_processor_dead_letters_total", "Records put aside because they cannot be counted.");
    describe_counter!("felt_processor_insert_retries_total", "Inserts tried again after a passing failure, by table.");
    describe_counter!("felt_processor_log_retries_total", "Log calls tried again after a passing failure.");
    describe_counter!(
        "felt_processor_ranges_lost_total",
        "Times that records were gone from the log before they were read."
    );
    describe_counter!(
        "felt_processor_store_gaps_total",
        "Claims that found the store to end before the position in the log."
    );
    describe_counter!(
        "felt_processor_store_ahead_total",
        "Claims that found the store to have records that are still to be done in the log."
    );
    describe_counter!(
        "felt_processor_logs_begun_anew_total",
        "Claims that found the log in an epoch of which the store has nothing, after others."
    );
    describe_counter!("felt_processor_progress_failures_total", "Progress reports that could not be written.");
}

pub(crate) struct BatchDone {
    pub partition: u32,
    pub records: usize,
    pub rows: usize,
    pub dead_letters: usize,
    pub took: Duration,
}

impl BatchDone {
    pub fn emit(self) {
        tracing::debug!(
            partition = self.partition,
            records = self.records,
            rows = self.rows,
            took_ms = self.took.as_millis() as u64,
            "range written"
        );
        counter!("felt_processor_batches_total").increment(1);
        counter!("felt_processor_records_total").increment(self.records as u64);
        counter!("felt_processor_dead_letters_total").increment(self.dead_letters as u64);
        histogram!("felt_processor_batch_seconds").record(self.took);
    }
}

pub(crate) struct TableWritten {
    pub table: &'static str,
    pub rows: usize,
}

impl TableWritten {
    pub fn emit(self) {
        counter!("felt_processor_rows_total", "table" => self.table).increment(self.rows as u64);
    }
}

pub(crate) struct Transformed {
    pub lookups: usize,
    pub took: Duration,
}

impl Transformed {
    pub fn emit(self) {
        counter!("felt_processor_lookups_total").increment(self.lookups as u64);
        histogram!("felt_processor_transform_seconds").record(self.took);
    }
}

pub(crate) struct Lag {
    pub partition: u32,
    pub records: u64,
}

impl Lag {
    pub fn emit(self) {
        gauge!("felt_processor_lag_records", "partition" => self.partition.to_string()).set(self.records as f64);
    }
}

pub(crate) struct Claimed {
    pub partition: u32,
    pub next: u64,
    pub open: Option<(u64, u64)>,
}

impl Claimed {
    pub fn emit(self) {
        tracing::info!(partition = self.partition, next = self.next, open = ?self.open, "partition claimed");
        if self.open.is_some() {
            counter!("felt_processor_replays_total").increment(1);
        }
    }
}

pub(crate) struct Fenced {
    pub partition: u32,
}

impl Fenced {
    pub fn emit(self) {
        tracing::info!(partition = self.partition, "partition has another owner, its batch is dropped");
        counter!("felt_processor_fenced_total").increment(1);
    }
}

pub(crate) struct Bisected<'a> {
    pub partition: u32,
    pub first: u64,
    pub last: u64,
    pub reason: &'a str,
}

impl Bisected<'_> {
    pub fn emit(self) {
        tracing::warn!(
            partition = self.partition,
            first = self.first,
            last = self.last,
            reason = self.reason,
            "range is cut in two"
        );
        counter!("felt_processor_bisected_total").increment(1);
    }
}

pub(crate) struct InsertRetried<'a> {
    pub table: &'static str,
    pub error: &'a str,
    pub wait: Duration,
}

impl InsertRetried<'_> {
    pub fn emit(self) {
        let wait_ms = self.wait.as_millis() as u64;
        tracing::warn!(table = self.table, error = self.error, wait_ms, "insert failed, trying again");
        counter!("felt_processor_insert_retries_total", "table" => self.table).increment(1);
    }
}

pub(crate) struct LogRetried<'a> {
    pub partition: u32,
    pub error: &'a str,
    pub wait: Duration,
}

impl LogRetried<'_> {
    pub fn emit(self) {
        let wait_ms = self.wait.as_millis() as u64;
        tracing::warn!(partition = self.partition, error = self.error, wait_ms, "log failed, trying again");
        counter!("felt_processor_log_retries_total").increment(1);
    }
}

pub(crate) struct RangeLost {
    pub partition: u32,
    pub wanted: u64,
    pub available: u64,
}

impl RangeLost {
    pub fn emit(self) {
        tracing::error!(
            partition = self.partition,
            wanted = self.wanted,
            available = self.available,
            "records are gone from the log before they were read, going on after them"
        );
        counter!("felt_processor_ranges_lost_total").increment(1);
    }
}

pub(crate) struct StoreGapFound {
    pub partition: u32,
    pub stored: u64,
    pub done: u64,
}

impl StoreGapFound {
    pub fn emit(self) {
        tracing::error!(
            partition = self.partition,
            stored = self.stored,
            done = self.done,
            "the store lacks records that are done in the log: was it restored from a backup?"
        );
        counter!("felt_processor_store_gaps_total").increment(1);
    }
}

pub(crate) struct StoreAhead {
    pub partition: u32,
    pub stored: u64,
    pub done: u64,
}

impl StoreAhead {
    pub fn emit(self) {
        tracing::error!(
            partition = self.partition,
            stored = self.stored,
            done = self.done,
            "the store has records that are still to be done in the log: was the log restored from a backup?"
        );
        counter!("felt_processor_store_ahead_total").increment(1);
    }
}

pub(crate) struct LogBegunAnew {
    pub partition: u32,
    pub epoch: u32,
}

impl LogBegunAnew {
    pub fn emit(self) {
        tracing::error!(
            partition = self.partition,
            epoch = self.epoch,
            "the log begins a new epoch: the one before was lost, with whatever of it was not worked off"
        );
        counter!("felt_processor_logs_begun_anew_total").increment(1);
    }
}

pub(crate) struct BudgetsNotRefreshed<'a> {
    pub error: &'a str,
}

impl BudgetsNotRefreshed<'_> {
    pub fn emit(self) {
        tracing::debug!(error = self.error, "the day's known values cannot be loaded now");
    }
}

pub(crate) struct SettingsNotRefreshed<'a> {
    pub error: &'a str,
}

impl SettingsNotRefreshed<'_> {
    pub fn emit(self) {
        tracing::debug!(error = self.error, "what sites set cannot be read now");
    }
}

pub(crate) struct ProgressFailed<'a> {
    pub error: &'a str,
}

impl ProgressFailed<'_> {
    pub fn emit(self) {
        tracing::warn!(error = self.error, "progress cannot be written, trying again");
        counter!("felt_processor_progress_failures_total").increment(1);
    }
}

pub(crate) struct Stopped<'a> {
    pub error: &'a str,
}

impl Stopped<'_> {
    pub fn emit(self) {
        tracing::error!(error = self.error, "processor stops");
    }
}
