//! What this crate logs and counts: one struct an event, so that a log line and a metric never drift apart.

use std::time::Duration;

use metrics::{counter, describe_counter, describe_histogram, histogram};

use crate::StoreError;

/// Describes this crate's metrics to the recorder of the process.
pub fn describe() {
    describe_counter!("felt_store_inserts_total", "Inserts by table and result");
    describe_counter!("felt_store_inserted_rows_total", "Rows in acknowledged inserts by table");
    describe_histogram!("felt_store_insert_seconds", "Time from an insert's first byte to its acknowledgement");
    describe_counter!("felt_store_queries_total", "Questions by result");
    describe_histogram!("felt_store_query_seconds", "Time of a question");
    describe_counter!("felt_store_engine_deaths_total", "Ends of the engine's process that nobody ordered");
}

fn result(error: Option<&StoreError>) -> &'static str {
    match error {
        None => "ok",
        Some(error) if error.is_transient() => "transient",
        Some(_) => "permanent",
    }
}

/// An insert ended.
pub(crate) struct Inserted<'a> {
    pub table: &'a str,
    pub rows: usize,
    pub took: Duration,
    pub error: Option<&'a StoreError>,
}

impl Inserted<'_> {
    pub fn emit(self) {
        let Self { table, rows, took, error } = self;
        counter!("felt_store_inserts_total", "table" => table.to_owned(), "result" => result(error)).increment(1);
        histogram!("felt_store_insert_seconds").record(took.as_secs_f64());
        match error {
            None => {
                counter!("felt_store_inserted_rows_total", "table" => table.to_owned()).increment(rows as u64);
                tracing::debug!(table, rows, took_ms = took.as_millis() as u64, "inserted");
            }
            Some(error) => tracing::warn!(table, rows, %error, "insert failed"),
        }
    }
}

/// A question ended.
pub(crate) struct Asked<'a> {
    pub took: Duration,
    pub error: Option<&'a StoreError>,
}

impl Asked<'_> {
    pub fn emit(self) {
        let Self { took, error } = self;
        counter!("felt_store_queries_total", "result" => result(error)).increment(1);
        histogram!("felt_store_query_seconds").record(took.as_secs_f64());
        if let Some(error) = error {
            tracing::warn!(%error, "question failed");
        }
    }
}

/// The engine's process ended by itself.
pub(crate) struct EngineDied<'a> {
    pub reason: &'a str,
    pub retry_ms: u64,
}

impl EngineDied<'_> {
    pub fn emit(self) {
        let Self { reason, retry_ms } = self;
        counter!("felt_store_engine_deaths_total").increment(1);
        tracing::error!(reason, retry_ms, "the engine is started again");
    }
}
