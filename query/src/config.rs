//! Settings of the query role. Each has a default that suits one machine.

use crate::people::OidcConfig;
use felt_store::QueryLimits;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The section `[query]` of `felt.toml`, without the address, which is the binary's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QueryConfig {
    /// Longest run of one question in the store; a longer one is refused as too expensive.
    pub execution_ms_max: u64,
    /// Most rows that one question may read.
    pub rows_read_max: u64,
    /// Rows of single page views up to which a question reads all of them. Of more, it reads a sample of sessions, where there is one,
    /// and says so.
    pub exact_rows_max: u64,
    /// Most bytes that one question may read.
    pub bytes_read_max: u64,
    /// Most memory that one question may take in the store.
    pub memory_bytes_max: u64,
    /// Most rows that the store may give for one question, before paging.
    pub result_rows_max: u64,
    /// Questions of one site that run at once; further ones wait.
    pub queries_per_site_max: usize,
    /// Longest wait for a place among them; then the caller is asked to come back.
    pub queue_wait_ms_max: u64,
    /// Answers that are kept for the next one who asks the same.
    pub cache_entries_max: usize,
    /// Longest time for which an answer is kept, even when no new data has come.
    pub cache_ms: u64,
    /// Longest age of an answer that is given, marked as old, while the store does not answer.
    pub stale_ms_max: u64,
    /// Longest age of what is known about how far the data has come; one look serves everybody.
    pub watermark_ms: u64,
    /// The address of the dashboard as people type it; `https` makes cookies `Secure` and sends HSTS.
    pub public_url: Option<String>,
    /// Proxies in front whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed, counted from us outwards.
    pub trusted_proxies: usize,
    /// A session ends when it is not used for so long.
    pub session_idle_minutes: u32,
    /// A session ends after so long, used or not.
    pub session_hours_max: u32,
    /// Passwords that are hashed at the same time; each takes 19 MiB.
    pub password_hashes_max: usize,
    /// Let people sign in over plain http from other machines: for networks that are trusted as a whole.
    pub allow_plain_http: bool,
    /// The OpenID provider that people may sign in at.
    pub oidc: Option<OidcConfig>,
    /// How long after an erasure what still comes of the person is erased as well: as long as a page view's last state is
    /// kept, during which a later snapshot can replace it.
    pub erase_watch_ms: u64,
    /// Longest time between two searches meanwhile.
    pub erase_check_ms: u64,
    /// How long the event log keeps what it has received; an erasure's answer says so.
    pub log_kept_ms: u64,
    /// Receivers of alerts, as `host:port`, that may be reached although they are not on the public internet or not https: an
    /// Alertmanager in the same network.
    pub alert_targets_allowed: Vec<String>,
}

impl Default for QueryConfig {
    fn default() -> Self {
        Self {
            execution_ms_max: 5_000,
            rows_read_max: 500_000_000,
            exact_rows_max: 4_000_000,
            bytes_read_max: 50_000_000_000,
            memory_bytes_max: 1_500_000_000,
            result_rows_max: 200_000,
            queries_per_site_max: 8,
            queue_wait_ms_max: 3_000,
            cache_entries_max: 256,
            cache_ms: 10_000,
            stale_ms_max: 15 * 60 * 1000,
            watermark_ms: 500,
            public_url: None,
            trusted_proxies: 0,
            session_idle_minutes: 720,
            session_hours_max: 168,
            password_hashes_max: 2,
            allow_plain_http: false,
            oidc: None,
            erase_watch_ms: 2 * 24 * 60 * 60 * 1000,
            erase_check_ms: 10 * 60 * 1000,
            log_kept_ms: 7 * 24 * 60 * 60 * 1000,
            alert_targets_allowed: Vec::new(),
        }
    }
}

impl QueryConfig {
    /// What is wrong beyond what the types say: key below `query`, and how to mend it.
    pub fn faults(&self) -> Vec<(String, String)> {
        let mut faults = Vec::new();
        if let Some(url) = &self.public_url
            && !(url.starts_with("https://") || url.starts_with("http://"))
        {
            faults.push(("public_url".to_owned(), "this must be an address such as https://felt.example".to_owned()));
        }
        for (key, value) in [
            ("exact_rows_max", self.exact_rows_max),
            ("session_idle_minutes", u64::from(self.session_idle_minutes)),
            ("session_hours_max", u64::from(self.session_hours_max)),
            ("password_hashes_max", self.password_hashes_max as u64),
        ] {
            if value == 0 {
                faults.push((key.to_owned(), "this must be 1 at least".to_owned()));
            }
        }
        let oidc = self.oidc.iter().flat_map(|oidc| oidc.faults(self.public_url.as_deref()));
        faults.extend(oidc.map(|(key, message)| (format!("oidc.{key}"), message)));
        faults
    }

    /// What one question may cost in the store.
    pub fn limits(&self) -> QueryLimits {
        QueryLimits {
            execution: Duration::from_millis(self.execution_ms_max),
            rows_read_max: self.rows_read_max,
            bytes_read_max: self.bytes_read_max,
            memory_bytes_max: self.memory_bytes_max,
            result_rows_max: self.result_rows_max,
        }
    }
}
