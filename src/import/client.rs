//! Sends pieces of NDJSON to `POST import`, again and again until the other end has answered.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rand::Rng;
use serde::Deserialize;

/// Tries of one piece before giving up; with the waits between them about two minutes.
const TRIES_MAX: u32 = 12;
/// The longest wait between two tries.
const WAIT_MS_MAX: u64 = 15_000;
/// Faults kept for the report.
const FAULTS_MAX: usize = 20;

/// What became of the lines.
#[derive(Debug, Default, Clone, Deserialize)]
pub struct Report {
    /// Lines read by the other end.
    pub received: u64,
    /// Lines whose snapshot is durable.
    pub accepted: u64,
    /// Lines refused, by reason.
    #[serde(default)]
    pub refused: BTreeMap<String, u64>,
    /// The first refused lines, each with how to mend it.
    #[serde(default)]
    pub faults: Vec<LineFault>,
}

/// One refused line.
#[derive(Debug, Clone, Deserialize)]
pub struct LineFault {
    /// The line's number, from 1.
    pub line: u64,
    /// The reason's name.
    pub reason: String,
    /// What is wrong and how to mend it.
    #[serde(default)]
    pub detail: String,
}

impl Report {
    /// Adds another piece's report.
    pub fn add(&mut self, other: &Self) {
        self.received += other.received;
        self.accepted += other.accepted;
        for (reason, n) in &other.refused {
            *self.refused.entry(reason.clone()).or_default() += n;
        }
        let room = FAULTS_MAX.saturating_sub(self.faults.len());
        self.faults.extend(other.faults.iter().take(room).cloned());
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} lines, {} accepted", self.received, self.accepted)?;
        for (reason, n) in &self.refused {
            write!(f, ", {n} refused ({reason})")?;
        }
        for fault in &self.faults {
            write!(f, "\n  line {}: {}: {}", fault.line, fault.reason, fault.detail)?;
        }
        Ok(())
    }
}

/// The importing end of one site.
pub struct Client {
    http: reqwest::Client,
    target: String,
    token: Option<String>,
}

impl Client {
    /// A client for a site of the Felt at `to`.
    pub fn new(to: &str, site: &str, token: Option<String>) -> Result<Self> {
        let http = reqwest::Client::builder().build().context("the HTTP client cannot be made")?;
        Ok(Self { http, target: format!("{}/api/v1/sites/{site}/import", to.trim_end_matches('/')), token })
    }

    /// The address that is imported to.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// Sends one piece; `lines_before` makes the line numbers of faults those of the file.
    ///
    /// # Errors
    /// When the other end refuses the piece as a whole, or could not be reached in `TRIES_MAX` tries.
    pub async fn send(&self, piece: Vec<u8>, lines_before: u64) -> Result<Report> {
        let piece = bytes::Bytes::from(piece);
        let mut last = anyhow::anyhow!("never tried");
        for attempt in 0..TRIES_MAX {
            if attempt > 0 {
                let cap_ms = (250u64 << attempt.min(8)).min(WAIT_MS_MAX);
                let wait_ms = rand::rng().random_range(cap_ms / 2..=cap_ms);
                tokio::time::sleep(Duration::from_millis(wait_ms)).await;
            }
            let mut request = self.http.post(&self.target).header("content-type", "application/x-ndjson");
            if let Some(token) = &self.token {
                request = request.bearer_auth(token);
            }
            match request.body(piece.clone()).send().await {
                Ok(answer) if answer.status().is_server_error() || answer.status().as_u16() == 429 => {
                    last = anyhow::anyhow!("the other end answered {}", answer.status());
                }
                Ok(answer) => return read_answer(answer, lines_before).await,
                Err(error) => last = anyhow::Error::new(error).context("the other end cannot be reached"),
            }
        }
        Err(last)
    }
}

async fn read_answer(answer: reqwest::Response, lines_before: u64) -> Result<Report> {
    let status = answer.status();
    let body = answer.bytes().await.context("the answer broke off")?;
    let Ok(mut report) = serde_json::from_slice::<Report>(&body) else {
        bail!("the other end refused: {status}: {}", String::from_utf8_lossy(&body));
    };
    for fault in &mut report.faults {
        fault.line += lines_before;
    }
    Ok(report)
}
