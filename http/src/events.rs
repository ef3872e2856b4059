//! What the server stack tells the outside: each event is one struct (or function) that logs and counts, so that a log line and a
//! metric never drift apart.

use http::{Method, StatusCode};
use metrics::{
    Counter, Gauge, Histogram, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};
use std::time::Duration;

/// Says what each metric of this crate means.
pub(crate) fn describe() {
    describe_counter!("felt_http_requests_total", "Requests answered, by method and class of status");
    describe_histogram!("felt_http_request_duration_seconds", "Time from a request's head to its answer's head");
    describe_gauge!("felt_http_connections", "Connections open now");
    describe_counter!(
        "felt_http_accept_errors_total",
        "Failures to accept a connection, such as no file descriptor left"
    );
    describe_counter!("felt_http_connection_errors_total", "Connections ended by bad HTTP, a timeout or a reset");
    describe_counter!("felt_http_panics_total", "Requests whose handler panicked; each was answered with 500");
    describe_counter!(
        "felt_http_timeouts_total",
        "Requests whose handler had no answer in time; each was answered with 503"
    );
    describe_counter!(
        "felt_http_refused_draining_total",
        "Requests refused with 503 because the process is shutting down"
    );
    describe_counter!(
        "felt_http_refused_memory_total",
        "Requests refused with 503, or given up on their way, because memory is short"
    );
    describe_counter!(
        "felt_http_refused_connections_total",
        "Connections closed at once because their address has as many as it may"
    );
    describe_counter!(
        "felt_http_refused_ambiguous_total",
        "Requests refused with 400 because they state both a length and chunks"
    );
    describe_counter!("felt_http_write_timeouts_total", "Connections closed because an answer was not taken in time");
    describe_gauge!("felt_http_memory_bytes", "Memory of the process that is in RAM, where there is a ceiling for it");
    describe_gauge!("felt_http_memory_ceiling_bytes", "Memory that the process may hold");
}

/// Handles to the metrics of the hot path, looked up once per listener.
pub(crate) struct ServerMetrics {
    /// By method (GET, POST, other) and class of status (1xx to 5xx).
    requests: [[Counter; 5]; 3],
    duration: Histogram,
    pub(crate) connections: Gauge,
    pub(crate) connection_errors: Counter,
}

const METHODS: [&str; 3] = ["GET", "POST", "other"];
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

impl ServerMetrics {
    pub(crate) fn new() -> Self {
        let requests = METHODS.map(|method| {
            CLASSES.map(|status| counter!("felt_http_requests_total", "method" => method, "status" => status))
        });
        Self {
            requests,
            duration: histogram!("felt_http_request_duration_seconds"),
            connections: gauge!("felt_http_connections"),
            connection_errors: counter!("felt_http_connection_errors_total"),
        }
    }

    /// One request has its answer.
    pub(crate) fn answered(&self, method: &Method, path: &str, status: StatusCode, took: Duration, request_id: &str) {
        let method_index = if method == Method::GET {
            0
        } else if method == Method::POST {
            1
        } else {
            2
        };
        let class = usize::from(status.as_u16() / 100).clamp(1, 5) - 1;
        self.requests[method_index][class].increment(1);
        self.duration.record(took.as_secs_f64());
        let (status, took_us) = (status.as_u16(), took.as_micros() as u64);
        if status >= 500 && status != 503 {
            tracing::error!(%method, path, status, took_us, request_id, "answered");
        } else {
            tracing::debug!(%method, path, status, took_us, request_id, "answered");
        }
    }
}

pub(crate) fn accept_failed(error: &std::io::Error, wait: Duration) {
    counter!("felt_http_accept_errors_total").increment(1);
    tracing::warn!(%error, wait_ms = wait.as_millis() as u64, "cannot accept a connection, waiting");
}

pub(crate) fn panicked(request_id: &str, path: &str, message: &str) {
    counter!("felt_http_panics_total").increment(1);
    tracing::error!(request_id, path, message, "a handler panicked");
}

pub(crate) fn timed_out(request_id: &str, path: &str) {
    counter!("felt_http_timeouts_total").increment(1);
    tracing::warn!(request_id, path, "a handler had no answer in time");
}

pub(crate) fn refused_draining() {
    counter!("felt_http_refused_draining_total").increment(1);
}

pub(crate) fn refused_memory() {
    counter!("felt_http_refused_memory_total").increment(1);
}

pub(crate) fn refused_connection(peer: &std::net::SocketAddr) {
    counter!("felt_http_refused_connections_total").increment(1);
    tracing::debug!(%peer, "this address has as many connections as it may");
}

pub(crate) fn refused_ambiguous(request_id: &str) {
    counter!("felt_http_refused_ambiguous_total").increment(1);
    tracing::info!(request_id, "refused a request with both a length and chunks, look at what is in front");
}

pub(crate) fn write_timed_out() {
    counter!("felt_http_write_timeouts_total").increment(1);
}

pub(crate) fn memory_ceiling(bytes: u64) {
    gauge!("felt_http_memory_ceiling_bytes").set(bytes as f64);
    tracing::info!(bytes, "requests are refused before the process holds this much memory");
}

pub(crate) fn memory(bytes: u64) {
    gauge!("felt_http_memory_bytes").set(bytes as f64);
}

pub(crate) fn drain_started() {
    tracing::info!("shutting down: refusing new requests, answering the accepted ones");
}

pub(crate) fn drain_finished(cut: usize) {
    if cut > 0 {
        tracing::warn!(connections_cut = cut, "drained, but not in time for every connection");
    } else {
        tracing::info!("drained");
    }
}

pub(crate) fn handover_incomplete(error: &std::io::Error) {
    tracing::warn!(%error, "new connections cannot be left to the other process, one that comes while we close may be reset");
}
