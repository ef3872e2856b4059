//! What ingest would never let in, put onto the log directly: bytes that are no records, which must end as dead letters, each once;
//! and page views of so many days that ClickHouse takes no single block of them, so that the processor must cut the range.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Bytes;
use felt_eventlog::{Entry, EventLog, KafkaConfig, KafkaLog, LocalLog, LocalLogConfig};
use felt_schema::clock::{Clock, SystemClock};
use felt_schema::record::{Record, ViewRecord, key};
use felt_schema::snapshot::Snapshot;

use super::oracle::Oracle;

/// The site of the page views of many days.
pub const BAIT_SITE: &str = "bait";

/// Days of one bait: ClickHouse takes at most 100 in a block.
const BAIT_DAYS: i64 = 104;

/// Broken records at once: far from the share at which the processor rightly stops.
const POISON: u64 = 3;

const DAY_MS: i64 = 86_400_000;

/// One plant: poison and bait, as entries.
pub struct Plant {
    poison: Vec<String>,
    bait: u64,
    entries: Vec<Entry>,
}

impl Plant {
    /// The `round`th of a run, with bait or without: it makes some hundred parts of each table, so a run needs few.
    pub fn new(seed: u64, round: u64, bait: bool) -> Self {
        let poison: Vec<String> = (0..POISON).map(|n| format!("poison {seed:x} {round} {n}")).collect();
        let now_ms = SystemClock.now_ms();
        let session = format!("bait-{seed:x}-{round}");
        let day = |days: i64| {
            let mut snapshot = Snapshot::new(format!("bait-{seed:x}-{round}-{days}"));
            snapshot.session = session.clone().into();
            let record = Record::View(ViewRecord {
                received_at_ms: now_ms - days * DAY_MS,
                started_at_ms: None,
                site: BAIT_SITE.into(),
                country: "".into(),
                region: "".into(),
                ua: crate::beacons::USER_AGENT.into(),
                drops: Vec::new(),
                snapshot,
            });
            Entry { key: Bytes::from(key(BAIT_SITE, &session)), value: Bytes::from(record.encode()) }
        };
        let broken = poison.iter().map(|text| Entry { key: text.clone().into(), value: text.clone().into() });
        let days = if bait { BAIT_DAYS } else { 0 };
        Self { entries: broken.chain((1..=days).map(day)).collect(), bait: days.unsigned_abs(), poison }
    }

    /// Onto the log of a `felt serve` that is down.
    ///
    /// # Errors
    /// When the log does not open or takes nothing.
    pub async fn local(self, dir: &Path, oracle: &Oracle) -> Result<()> {
        let config = LocalLogConfig { dir: dir.join("data/log"), ..LocalLogConfig::default() };
        let log = LocalLog::open(config, Arc::new(SystemClock)).context("the log of a killed process must open")?;
        log.append(self.entries).await.context("the log of a killed process must take entries")?;
        self.poison.iter().for_each(|value| oracle.poison(value, true));
        oracle.bait(self.bait, true);
        log.close().await.context("the log must close")
    }

    /// Onto the topic. A broker that does not answer leaves open what it has.
    pub async fn kafka(self, config: KafkaConfig, oracle: &Oracle) {
        self.poison.iter().for_each(|value| oracle.poison(value, false));
        let log = KafkaLog::lazy(config);
        let appended = tokio::time::timeout(Duration::from_secs(20), log.append(self.entries)).await;
        let durable = matches!(appended, Ok(Ok(())));
        oracle.bait(self.bait, durable);
        if durable {
            self.poison.iter().for_each(|value| oracle.poison(value, true));
        }
        let _ = tokio::time::timeout(Duration::from_secs(20), log.close()).await;
    }
}
