//! How far the data has come: what the processors say about each partition of the log.
//!
//! One look serves all askers for a moment. Where ClickHouse does not answer, the last thing known still stands, so
//! that a browser that has the newest answer already is told so.

use crate::events::StoreAsked;
use crate::planner::scope::{ServiceTable, Statement};
use felt_store::{QueryLimits, Store, StoreError};
use parking_lot::Mutex;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, Instant};

/// Longest wait for an answer: it is a table of a few rows.
const LOOK_MS_MAX: u64 = 1_000;
/// Partitions that nobody has written about for so long beside others are of an earlier layout of the log.
const PARTITION_GONE_DAYS: u32 = 7;

/// How far the data has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mark {
    /// Everything received before this is visible; `None` before any processor has run. Unix milliseconds.
    pub fresh_to_ms: Option<i64>,
    /// Changes whenever anything new became visible.
    pub version: u64,
}

/// Looks after the mark.
pub struct Watermark {
    age_max: Duration,
    known: Mutex<Option<(Mark, Instant)>>,
    looking: tokio::sync::Mutex<()>,
}

impl Watermark {
    /// A watermark that is looked at again when it is older than `age_max`.
    pub fn new(age_max: Duration) -> Self {
        Self { age_max, known: Mutex::new(None), looking: tokio::sync::Mutex::new(()) }
    }

    /// The current mark.
    ///
    /// # Errors
    /// When ClickHouse does not answer and never did.
    pub async fn current(&self, store: &Store) -> Result<Mark, StoreError> {
        if let Some(mark) = self.recent() {
            return Ok(mark);
        }
        let _one_looks = self.looking.lock().await;
        if let Some(mark) = self.recent() {
            return Ok(mark);
        }
        let seen = look(store).await;
        let mut known = self.known.lock();
        let mark = match (seen, *known) {
            (Ok(mark), _) => mark,
            // Not again for a moment: the store has enough to do.
            (Err(_), Some((mark, _))) => mark,
            (Err(error), None) => return Err(error),
        };
        *known = Some((mark, Instant::now()));
        Ok(mark)
    }

    fn recent(&self) -> Option<Mark> {
        self.known.lock().filter(|(_, looked)| looked.elapsed() < self.age_max).map(|(mark, _)| mark)
    }
}

async fn look(store: &Store) -> Result<Mark, StoreError> {
    let select = "topic, partition, argMax(next_offset, updated_at), \
                  toUnixTimestamp64Milli(argMax(caught_up_to, updated_at))";
    let rest = format!(
        "WHERE updated_at > (SELECT max(updated_at) FROM progress) - INTERVAL {PARTITION_GONE_DAYS} DAY \
         GROUP BY topic, partition ORDER BY topic, partition"
    );
    let statement = Statement::service(ServiceTable::Progress, select, &rest);
    let asked = StoreAsked::begin("watermark");
    let limits = QueryLimits { execution: Duration::from_millis(LOOK_MS_MAX), ..QueryLimits::default() };
    let look = store.query_json(statement.sql(), &[], limits);
    let rows = match tokio::time::timeout(Duration::from_millis(LOOK_MS_MAX), look).await {
        Ok(rows) => rows,
        Err(_) => Err(StoreError::Transient { code: None, message: "no answer in time".into() }),
    };
    asked.end(rows.as_ref().err());
    let rows = rows?;
    let mut hasher = DefaultHasher::new();
    let mut fresh_to_ms = None;
    for row in &rows {
        let [topic, partition, next_offset, caught_up_to] = row.as_slice() else { continue };
        (topic.as_str(), partition.to_string(), next_offset.to_string()).hash(&mut hasher);
        let ms = caught_up_to.as_i64().or_else(|| caught_up_to.as_str()?.parse().ok());
        fresh_to_ms = match (fresh_to_ms, ms) {
            // The slowest partition decides.
            (Some(known), Some(ms)) => Some(i64::min(known, ms)),
            (known, ms) => known.or(ms),
        };
    }
    Ok(Mark { fresh_to_ms, version: hasher.finish() })
}
