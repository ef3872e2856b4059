//! What ingest tells the outside: each event logs and counts in one place.

use crate::durable::NotDurable;
use felt_schema::outcome::RefuseReason;
use metrics::{Counter, Histogram, counter, describe_counter, describe_histogram, histogram};

/// Says what each metric of this crate means.
pub(crate) fn describe() {
    describe_counter!(
        "felt_ingest_received_total",
        "Snapshots received; equals durable + refused + abandoned once all are answered"
    );
    describe_counter!("felt_ingest_durable_total", "Snapshots that are durable in the log");
    describe_counter!("felt_ingest_refused_total", "Snapshots refused, by reason");
    describe_counter!(
        "felt_ingest_abandoned_total",
        "Snapshots whose sender went away before the answer; the log may have them"
    );
    describe_counter!("felt_ingest_field_drops_total", "Fields dropped from snapshots that were kept");
    describe_histogram!("felt_ingest_body_bytes", "Size of a beacon's body, unpacked");
    describe_histogram!("felt_ingest_append_duration_seconds", "Time until the log said that a beacon is durable");
    describe_counter!("felt_ingest_append_failures_total", "Appends that are not known to be durable, by cause");
    describe_counter!(
        "felt_ingest_outcomes_flush_failures_total",
        "Times that counts of refusals could not be written; they are kept"
    );
    describe_counter!("felt_ingest_import_lines_total", "Lines of imports, by what became of them");
}

/// Handles to the metrics of the hot path, looked up once.
pub(crate) struct IngestMetrics {
    pub(crate) received: Counter,
    pub(crate) durable: Counter,
    pub(crate) abandoned: Counter,
    pub(crate) field_drops: Counter,
    pub(crate) body_bytes: Histogram,
    pub(crate) append_duration: Histogram,
    pub(crate) import_accepted: Counter,
    pub(crate) import_refused: Counter,
    /// In the order of [`RefuseReason::ALL`], which is the order of its numbers.
    refused: Vec<Counter>,
}

impl IngestMetrics {
    pub(crate) fn new() -> Self {
        let reasons = RefuseReason::ALL.iter();
        Self {
            received: counter!("felt_ingest_received_total"),
            durable: counter!("felt_ingest_durable_total"),
            abandoned: counter!("felt_ingest_abandoned_total"),
            field_drops: counter!("felt_ingest_field_drops_total"),
            body_bytes: histogram!("felt_ingest_body_bytes"),
            append_duration: histogram!("felt_ingest_append_duration_seconds"),
            import_accepted: counter!("felt_ingest_import_lines_total", "outcome" => "accepted"),
            import_refused: counter!("felt_ingest_import_lines_total", "outcome" => "refused"),
            refused: reasons.map(|reason| counter!("felt_ingest_refused_total", "reason" => reason.name())).collect(),
        }
    }

    pub(crate) fn refused(&self, reason: RefuseReason, count: u64) {
        tracing::debug!(reason = reason.name(), count, "refused");
        if let Some(counter) = self.refused.get(reason as usize) {
            counter.increment(count);
        }
    }
}

pub(crate) fn append_failed(error: &NotDurable) {
    let cause = match error {
        NotDurable::TooLarge => "too_large",
        NotDurable::Busy => "busy",
        NotDurable::TimedOut => "timed_out",
        NotDurable::Log(_) => "log",
    };
    counter!("felt_ingest_append_failures_total", "cause" => cause).increment(1);
    // An outage fails every beacon: the metric has the number, the log line the text, at a level that does not flood.
    tracing::debug!(cause, %error, "cannot make a beacon durable");
}

pub(crate) fn outcomes_not_flushed(error: &NotDurable) {
    counter!("felt_ingest_outcomes_flush_failures_total").increment(1);
    tracing::warn!(%error, "cannot write the counts of refused snapshots now, keeping them");
}

pub(crate) fn import_finished(site: &str, received: u64, accepted: u64, took_ms: u64) {
    tracing::info!(site, received, accepted, took_ms, "an import is complete");
}
