//! What is worth counting and telling about questions: one struct or function an event, so that log and metrics never
//! drift apart.

use felt_store::StoreError;
use metrics::{counter, describe_counter, describe_histogram, histogram};
use std::time::Instant;

/// Names the metrics for `/metrics`.
pub fn describe() {
    describe_histogram!("felt_query_store_seconds", "Time that ClickHouse took for one statement, by call");
    describe_counter!("felt_query_store_errors_total", "Statements that failed in ClickHouse, by kind");
    describe_counter!(
        "felt_query_answers_total",
        "Answers, by where they came from: computed, cached, unchanged, stale"
    );
    describe_counter!("felt_query_refused_total", "Questions that were refused, by reason");
    describe_counter!("felt_query_sign_ins_total", "Attempts to sign in, by outcome: accepted, refused, throttled");
    describe_counter!("felt_query_writes_total", "Writes that were recorded, by outcome");
    describe_counter!("felt_query_writes_not_recorded_total", "Writes that could not be recorded, and were not done");
    describe_counter!("felt_query_erasures_total", "Erasures, by how far they came");
    describe_counter!("felt_query_erased_rows_total", "Rows that erasures deleted, by table");
    describe_counter!(
        "felt_query_sampled_days_total",
        "Days of arrival that were copied into the sample of page views"
    );
    describe_counter!("felt_query_slo_minutes_counted_total", "Minutes counted for promises, each promise by itself");
    describe_counter!(
        "felt_query_slo_count_failures_total",
        "Rounds of counting promises that failed; the next goes on"
    );
    describe_counter!("felt_query_alert_minutes_total", "Minutes that were judged by this process");
    describe_counter!("felt_query_alert_changes_total", "Alerts that fired or were resolved, by change");
    describe_counter!(
        "felt_query_alert_deliveries_total",
        "What was to be told of alerts, by what became of it: sent, dropped"
    );
    describe_counter!("felt_query_alert_posts_total", "Posts to receivers of alerts, by kind and result");
    describe_counter!(
        "felt_query_alert_round_failures_total",
        "Rounds of judging or telling that failed; the next goes on"
    );
}

/// A statement on its way.
pub struct StoreAsked {
    call: &'static str,
    begin: Instant,
}

impl StoreAsked {
    /// It is sent now.
    pub fn begin(call: &'static str) -> Self {
        Self { call, begin: Instant::now() }
    }

    /// It came back.
    pub fn end(self, error: Option<&StoreError>) {
        histogram!("felt_query_store_seconds", "call" => self.call).record(self.begin.elapsed().as_secs_f64());
        let Some(error) = error else { return };
        let kind = if error.is_transient() { "transient" } else { "permanent" };
        counter!("felt_query_store_errors_total", "kind" => kind).increment(1);
        tracing::warn!(
            call = self.call,
            code = error.code(),
            error = error.message(),
            "clickhouse did not answer a question"
        );
    }
}

/// An answer was given.
#[derive(Debug, Clone, Copy)]
pub enum Answered {
    /// By asking the store.
    Computed,
    /// From an earlier answer to the same question, or together with another asker.
    Cached,
    /// With "not modified".
    Unchanged,
    /// From an earlier answer, because the store is away.
    Stale,
}

impl Answered {
    /// Counts it.
    pub fn emit(self) {
        let from = match self {
            Answered::Computed => "computed",
            Answered::Cached => "cached",
            Answered::Unchanged => "unchanged",
            Answered::Stale => "stale",
        };
        counter!("felt_query_answers_total", "from" => from).increment(1);
    }
}

/// An erasure came so far: requested, retried, erased, complete, failed.
pub fn erasure(step: &'static str) {
    counter!("felt_query_erasures_total", "step" => step).increment(1);
    tracing::info!(step, "erasure");
}

/// An erasure deleted these rows.
pub fn erased_rows(rows: crate::erase::Counts) {
    for (table, count) in [
        ("page_views", rows.page_views),
        ("page_view_sample", rows.page_view_sample),
        ("events", rows.events),
        ("view_states", rows.view_states),
        ("dead_letters", rows.dead_letters),
    ] {
        counter!("felt_query_erased_rows_total", "table" => table).increment(count);
    }
}

/// Days of arrival were copied into the sample of page views.
pub fn sampled(days: &[String]) {
    counter!("felt_query_sampled_days_total").increment(days.len() as u64);
    tracing::info!(days = days.join(" "), "the sample of page views has these days now");
}

/// A question was refused.
pub fn refused(reason: &'static str) {
    counter!("felt_query_refused_total", "reason" => reason).increment(1);
}

/// Somebody tried to sign in.
#[derive(Debug, Clone, Copy)]
pub enum SignIn {
    /// And was let in.
    Accepted,
    /// And was not.
    Refused,
    /// And has to wait after too many failures.
    Throttled,
}

impl SignIn {
    /// Counts it. Who it was is in the record of writes, not in the log.
    pub fn emit(self) {
        let outcome = match self {
            SignIn::Accepted => "accepted",
            SignIn::Refused => "refused",
            SignIn::Throttled => "throttled",
        };
        counter!("felt_query_sign_ins_total", "outcome" => outcome).increment(1);
    }
}

/// A write goes into the record.
pub struct Written<'a> {
    /// What was done.
    pub action: &'a str,
    /// What became of it.
    pub outcome: &'a str,
    /// What kind of somebody did it.
    pub actor_kind: &'a str,
}

impl Written<'_> {
    /// Counts it and tells it.
    pub fn emit(&self) {
        counter!("felt_query_writes_total", "outcome" => self.outcome.to_owned()).increment(1);
        tracing::info!(action = self.action, outcome = self.outcome, by = self.actor_kind, "write recorded");
    }
}

/// A write could not be recorded.
pub fn not_recorded(error: &StoreError) {
    counter!("felt_query_writes_not_recorded_total").increment(1);
    tracing::error!(code = error.code(), error = error.message(), "a write could not be recorded");
}

/// Minutes were counted for promises.
pub fn slo_minutes_counted(count: usize) {
    counter!("felt_query_slo_minutes_counted_total").increment(count as u64);
}

/// A round of counting promises failed.
pub fn slo_count_failed(error: &StoreError) {
    counter!("felt_query_slo_count_failures_total").increment(1);
    tracing::warn!(code = error.code(), error = error.message(), "promises could not be counted, it is tried again");
}

/// Minutes were judged.
pub fn minutes_judged(count: i64) {
    counter!("felt_query_alert_minutes_total").increment(u64::try_from(count).unwrap_or_default());
}

/// An alert fired, or is over.
pub fn alert_changed(change: &'static str, site: &str, slo: &str, rule: &str) {
    counter!("felt_query_alert_changes_total", "change" => change).increment(1);
    tracing::warn!(change, site, slo, rule, "alert");
}

/// What was to be told of an alert was, or is not any more.
pub fn alert_told(how: &'static str) {
    counter!("felt_query_alert_deliveries_total", "state" => how).increment(1);
}

/// A receiver was told, or could not be.
pub fn alert_posted(kind: &'static str, route: &str, error: Option<&impl std::fmt::Display>) {
    let result = if error.is_none() { "taken" } else { "failed" };
    counter!("felt_query_alert_posts_total", "kind" => kind, "result" => result).increment(1);
    if let Some(error) = error {
        tracing::warn!(kind, route, %error, "an alert could not be told, it is tried again");
    }
}

/// A round of judging or telling failed.
pub fn alert_round_failed(error: &StoreError) {
    counter!("felt_query_alert_round_failures_total").increment(1);
    tracing::warn!(code = error.code(), error = error.message(), "alerts could not be looked after, it is tried again");
}
