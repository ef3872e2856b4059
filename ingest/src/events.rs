//! What ingest tells the outside: each event logs and counts in one place.

use crate::durable::NotDurable;
use crate::spool::{NotSpooled, SpoolError};
use felt_eventlog::AppendError;
use felt_schema::outcome::RefuseReason;
use felt_schema::snapshot::OwnCost;
use metrics::{Counter, Histogram, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use std::path::Path;
use std::time::Duration;

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
    describe_histogram!(
        "felt_ingest_beacon_cost_seconds",
        "What beacons took of their page's main thread until they sent a snapshot, by their own word"
    );
    describe_histogram!(
        "felt_ingest_beacon_longest_task_seconds",
        "The longest that beacons held their page's main thread without a break, by their own word"
    );
    describe_histogram!("felt_ingest_body_bytes", "Size of a beacon's body, unpacked");
    describe_histogram!("felt_ingest_append_duration_seconds", "Time until the log said that a beacon is durable");
    describe_counter!("felt_ingest_append_failures_total", "Appends that are not known to be durable, by cause");
    describe_counter!(
        "felt_ingest_outcomes_flush_failures_total",
        "Times that counts of refusals could not be written; they are kept"
    );
    describe_counter!(
        "felt_ingest_outcomes_in_doubt_total",
        "Refused snapshots whose counts the log may or may not have; they are not written again"
    );
    describe_counter!("felt_ingest_import_lines_total", "Lines of imports, by what became of them");
    describe_gauge!("felt_ingest_append_bound_seconds", "Time after which Kafka's acknowledgement is late now");
    describe_gauge!("felt_ingest_log_away", "1 while Kafka is not waited for and records go to the spool at once");
    describe_gauge!("felt_ingest_spool_bytes", "Bytes stored in the spool, compressed");
    describe_gauge!("felt_ingest_spool_records", "Records that wait in the spool");
    describe_gauge!("felt_ingest_spool_oldest_age_seconds", "How long the oldest record of the spool has waited");
    describe_counter!(
        "felt_ingest_spool_spilled_total",
        "Records that went to the spool, by reason: Kafka was late, failed, or is away"
    );
    describe_counter!("felt_ingest_spool_drained_total", "Records of the spool that were sent to Kafka");
    describe_counter!(
        "felt_ingest_spool_known_total",
        "Records of the spool that Kafka had acknowledged late and that were not sent again"
    );
    describe_counter!("felt_ingest_spool_drain_failures_total", "Batches of the spool that Kafka did not take");
    describe_counter!(
        "felt_ingest_spool_dropped_total",
        "Records of the spool that were damaged, or are too large for Kafka"
    );
    describe_counter!("felt_ingest_spool_full_total", "Appends that the spool refused because it is full");
    describe_counter!("felt_ingest_spool_failures_total", "Appends that the spool could not take for any other reason");
}

/// Handles to the metrics of the hot path, looked up once.
pub(crate) struct IngestMetrics {
    pub(crate) received: Counter,
    pub(crate) durable: Counter,
    pub(crate) abandoned: Counter,
    pub(crate) field_drops: Counter,
    beacon_cost: Histogram,
    beacon_longest_task: Histogram,
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
            beacon_cost: histogram!("felt_ingest_beacon_cost_seconds"),
            beacon_longest_task: histogram!("felt_ingest_beacon_longest_task_seconds"),
            body_bytes: histogram!("felt_ingest_body_bytes"),
            append_duration: histogram!("felt_ingest_append_duration_seconds"),
            import_accepted: counter!("felt_ingest_import_lines_total", "outcome" => "accepted"),
            import_refused: counter!("felt_ingest_import_lines_total", "outcome" => "refused"),
            refused: reasons.map(|reason| counter!("felt_ingest_refused_total", "reason" => reason.name())).collect(),
        }
    }

    /// What a snapshot says that the beacon cost its page.
    pub(crate) fn beacon_cost(&self, cost: OwnCost) {
        for (histogram, ms) in [(&self.beacon_cost, cost.total), (&self.beacon_longest_task, cost.longest)] {
            if let Some(ms) = ms {
                histogram.record(ms / 1_000.0);
            }
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
        NotDurable::Spool(_) => "spool",
    };
    counter!("felt_ingest_append_failures_total", "cause" => cause).increment(1);
    // An outage fails every beacon: the metric has the number, the log line the text, at a level that does not flood.
    tracing::debug!(cause, %error, "cannot make a beacon durable");
}

pub(crate) fn outcomes_not_flushed(error: &AppendError) {
    counter!("felt_ingest_outcomes_flush_failures_total").increment(1);
    tracing::warn!(%error, "cannot write the counts of refused snapshots now, keeping them");
}

pub(crate) fn outcomes_in_doubt(error: &AppendError, count: u64) {
    counter!("felt_ingest_outcomes_in_doubt_total").increment(count);
    tracing::warn!(%error, count, "the log may or may not have these counts of refused snapshots, not writing them again");
}

pub(crate) fn outcomes_lost(error: &NotSpooled, count: u64) {
    counter!("felt_ingest_outcomes_in_doubt_total").increment(count);
    tracing::warn!(%error, count, "neither the log nor the spool took the last counts of refused snapshots");
}

pub(crate) fn log_given_up(late: u32) {
    tracing::warn!(
        late,
        "acknowledgements were late or failed in a row: beacons go to the spool until Kafka answers again"
    );
}

pub(crate) fn log_is_back() {
    tracing::info!("Kafka is tried again");
}

pub(crate) fn spilled(reason: &'static str, records: usize) {
    counter!("felt_ingest_spool_spilled_total", "reason" => reason).increment(records as u64);
}

pub(crate) fn drained(records: u64) {
    counter!("felt_ingest_spool_drained_total").increment(records);
}

pub(crate) fn not_sent_again(records: u64) {
    counter!("felt_ingest_spool_known_total").increment(records);
}

pub(crate) fn not_drained(error: &AppendError) {
    counter!("felt_ingest_spool_drain_failures_total").increment(1);
    tracing::debug!(%error, "Kafka did not take a batch of the spool, trying again");
}

pub(crate) fn spool_dropped(records: u64) {
    if records > 0 {
        counter!("felt_ingest_spool_dropped_total").increment(records);
        tracing::error!(records, "records of the spool were damaged or too large and are lost");
    }
}

pub(crate) fn not_spooled(error: &NotSpooled) {
    match error {
        NotSpooled::TooLarge => {}
        NotSpooled::Full => counter!("felt_ingest_spool_full_total").increment(1),
        NotSpooled::Unusable(_) => counter!("felt_ingest_spool_failures_total").increment(1),
    }
    tracing::debug!(%error, "the spool did not take a record");
}

pub(crate) fn spool_found(dir: &Path, records: u64) {
    tracing::info!(dir = %dir.display(), records, "an earlier process left a spool, draining it");
}

pub(crate) fn spool_unusable(error: &SpoolError) {
    counter!("felt_ingest_spool_failures_total").increment(1);
    tracing::error!(%error, "trying again; until then an outage of Kafka refuses beacons");
}

pub(crate) fn spool_broken(why: &str) {
    counter!("felt_ingest_spool_failures_total").increment(1);
    tracing::warn!(why, "the spool's disk gives trouble, trying again");
}

pub(crate) fn spool_is(bytes: Option<u64>, records: u64, oldest_seconds: f64) {
    if let Some(bytes) = bytes {
        gauge!("felt_ingest_spool_bytes").set(bytes as f64);
    }
    gauge!("felt_ingest_spool_records").set(records as f64);
    gauge!("felt_ingest_spool_oldest_age_seconds").set(oldest_seconds);
}

pub(crate) fn bound_is(bound: Duration, is_away: bool) {
    gauge!("felt_ingest_append_bound_seconds").set(bound.as_secs_f64());
    gauge!("felt_ingest_log_away").set(f64::from(u8::from(is_away)));
}

pub(crate) fn import_finished(site: &str, received: u64, accepted: u64, took_ms: u64) {
    tracing::info!(site, received, accepted, took_ms, "an import is complete");
}
