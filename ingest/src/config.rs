//! Settings of the ingest role, each with its default and its reason.

use crate::spool::config::SpoolConfig;
use serde::Deserialize;
use std::path::PathBuf;

/// `[ingest]` of the configuration.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IngestConfig {
    /// Proxies in front of this process, each of which appends the address it saw to `X-Forwarded-For`. The client's address is
    /// that many entries from the right; what stands further left was written by the client and is never believed. With 0 the
    /// header is ignored.
    pub trusted_proxies: usize,
    /// A MaxMind-format database of countries (and regions, where it has them) instead of the embedded one.
    pub country_database: Option<PathBuf>,
    /// Seconds' worth of a rate that may come at once: a page that was offline sends its queue in one go.
    pub rate_burst_seconds: f64,
    /// Clients whose rate is remembered. When so many are active at once, newcomers are limited by their site's rate alone.
    pub rate_clients_max: usize,
    /// Longest time that an append to the log is waited for before the answer is 503. Below the server's answer timeout.
    pub append_timeout_ms: u64,
    /// Bytes of records that may be on their way into the log at once; more is a 503.
    pub append_bytes_max: usize,
    /// How often counts of refused snapshots are written to the log.
    pub outcomes_flush_ms: u64,
    /// Longest silence in the body of an import.
    pub import_idle_timeout_ms: u64,
    /// Snapshots that an import appends at once.
    pub import_batch_entries: usize,
    /// Appends of one import that may be on their way at once.
    pub import_appends_max: usize,
    /// Longest time that an import waits for a log that takes nothing.
    pub import_wait_ms: u64,
    /// Lets other ingest processes listen on the same address, so that one can be restarted after the other without a refused
    /// connection.
    pub reuse_port: bool,
    /// Where records wait while Kafka does not take them. `felt serve` on the embedded log needs none.
    pub spool: SpoolConfig,
}

impl Default for IngestConfig {
    fn default() -> Self {
        Self {
            trusted_proxies: 0,
            country_database: None,
            rate_burst_seconds: 4.0,
            rate_clients_max: 262_144,
            append_timeout_ms: 8_000,
            append_bytes_max: 32 << 20,
            outcomes_flush_ms: 2_000,
            import_idle_timeout_ms: 30_000,
            import_batch_entries: 1_000,
            import_appends_max: 4,
            import_wait_ms: 60_000,
            reuse_port: false,
            spool: SpoolConfig::default(),
        }
    }
}
