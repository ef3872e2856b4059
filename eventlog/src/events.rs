//! What is worth telling: one struct an event, which logs and counts it, so that a log line and a metric never drift apart.

use std::path::Path;
use std::time::Duration;

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

/// Tells the metrics recorder what each metric of this crate means. Call once after the recorder is installed.
pub fn describe() {
    describe_counter!("felt_eventlog_appended_total", "Entries made durable.");
    describe_counter!("felt_eventlog_append_failures_total", "Entries whose append failed, by remedy.");
    describe_histogram!("felt_eventlog_commit_seconds", "Time of one group commit of the local log, fsync included.");
    describe_histogram!("felt_eventlog_group_entries", "Entries in one group commit of the local log.");
    describe_gauge!("felt_eventlog_stored_bytes", "Bytes that the local log holds.");
    describe_counter!("felt_eventlog_damaged_rows_total", "Rows of the local log skipped as damaged.");
    describe_counter!("felt_eventlog_damaged_files_total", "Files of the local log set aside as damaged.");
    describe_counter!("felt_eventlog_log_lost_total", "Times a log was found emptied, so that its epoch grew.");
    describe_counter!("felt_eventlog_first_claims_total", "Claims that found no committed position.");
    describe_counter!("felt_eventlog_fenced_total", "Calls refused because the partition has another owner.");
    describe_counter!("felt_eventlog_rebalances_total", "Hand-overs of partitions, by kind.");
    describe_counter!("felt_eventlog_kafka_errors_total", "Errors that the Kafka client reported on its own.");
    describe_gauge!(
        "felt_eventlog_clock_ahead_seconds",
        "How far this machine's clock is ahead of the Kafka broker's at the last append; negative when it is behind."
    );
}

pub(crate) struct GroupCommitted {
    pub(crate) entries: usize,
    pub(crate) took: Duration,
    pub(crate) stored_bytes: u64,
}

impl GroupCommitted {
    pub(crate) fn emit(&self) {
        counter!("felt_eventlog_appended_total").increment(self.entries as u64);
        histogram!("felt_eventlog_commit_seconds").record(self.took.as_secs_f64());
        histogram!("felt_eventlog_group_entries").record(self.entries as f64);
        gauge!("felt_eventlog_stored_bytes").set(self.stored_bytes as f64);
    }
}

pub(crate) struct AppendFailed<'a> {
    pub(crate) entries: usize,
    pub(crate) remedy: &'static str,
    pub(crate) reason: &'a str,
}

impl AppendFailed<'_> {
    pub(crate) fn emit(&self) {
        counter!("felt_eventlog_append_failures_total", "remedy" => self.remedy).increment(self.entries as u64);
        tracing::warn!(entries = self.entries, remedy = self.remedy, reason = self.reason, "append failed");
    }
}

pub(crate) struct RowsDamaged<'a> {
    pub(crate) partition: u32,
    pub(crate) offsets: &'a [u64],
}

impl RowsDamaged<'_> {
    pub(crate) fn emit(&self) {
        counter!("felt_eventlog_damaged_rows_total").increment(self.offsets.len() as u64);
        tracing::error!(partition = self.partition, offsets = ?self.offsets, "damaged rows of the local log skipped");
    }
}

pub(crate) struct FileDamaged<'a> {
    pub(crate) path: &'a Path,
    pub(crate) reason: &'a str,
}

impl FileDamaged<'_> {
    pub(crate) fn emit(&self) {
        counter!("felt_eventlog_damaged_files_total").increment(1);
        let path = self.path.display();
        tracing::error!(%path, reason = self.reason, "log file is damaged: set aside, saving what is readable");
    }
}

pub(crate) struct FileSaved {
    pub(crate) chunks: u64,
}

impl FileSaved {
    pub(crate) fn emit(&self) {
        tracing::warn!(chunks = self.chunks, "readable rows of the damaged log file saved");
    }
}

pub(crate) struct Fenced {
    pub(crate) partition: u32,
    pub(crate) call: &'static str,
}

impl Fenced {
    pub(crate) fn emit(&self) {
        counter!("felt_eventlog_fenced_total").increment(1);
        tracing::info!(partition = self.partition, call = self.call, "call refused: the partition has another owner");
    }
}

pub(crate) struct KafkaReported<'a> {
    pub(crate) error: &'a rdkafka::error::KafkaError,
    pub(crate) reason: &'a str,
}

impl KafkaReported<'_> {
    pub(crate) fn emit(&self) {
        counter!("felt_eventlog_kafka_errors_total").increment(1);
        tracing::warn!(error = %self.error, reason = self.reason, "kafka client reported an error");
    }
}

pub(crate) struct ClockIs {
    pub(crate) ahead_ms: i64,
}

impl ClockIs {
    pub(crate) fn emit(&self) {
        gauge!("felt_eventlog_clock_ahead_seconds").set(self.ahead_ms as f64 / 1e3);
    }
}

pub(crate) struct ClockIsOff {
    pub(crate) ahead_ms: i64,
}

impl ClockIsOff {
    pub(crate) fn emit(&self) {
        tracing::error!(
            ahead_ms = self.ahead_ms,
            "this machine's clock is far from the Kafka broker's: what arrives is dated wrongly if it is ours that is off"
        );
    }
}

pub(crate) struct ClockAgrees;

impl ClockAgrees {
    pub(crate) fn emit(&self) {
        tracing::info!("this machine's clock agrees with the Kafka broker's again");
    }
}

pub(crate) struct Rebalanced<'a> {
    pub(crate) kind: &'static str,
    pub(crate) partitions: &'a [u32],
}

impl Rebalanced<'_> {
    pub(crate) fn emit(&self) {
        counter!("felt_eventlog_rebalances_total", "kind" => self.kind).increment(1);
        tracing::info!(kind = self.kind, partitions = ?self.partitions, "partitions handed over");
    }
}

pub(crate) struct LogLost {
    pub(crate) partition: u32,
    pub(crate) committed: u64,
    pub(crate) end: u64,
}

impl LogLost {
    pub(crate) fn emit(&self) {
        counter!("felt_eventlog_log_lost_total").increment(1);
        let (partition, committed, end) = (self.partition, self.committed, self.end);
        tracing::error!(
            partition,
            committed,
            end,
            "the log ends before the committed position: it was lost, a new epoch begins"
        );
    }
}

pub(crate) struct FirstClaim {
    pub(crate) partition: u32,
    pub(crate) from: u64,
}

impl FirstClaim {
    pub(crate) fn emit(&self) {
        counter!("felt_eventlog_first_claims_total").increment(1);
        tracing::info!(
            partition = self.partition,
            from = self.from,
            "no committed position: reading from the oldest record"
        );
    }
}
