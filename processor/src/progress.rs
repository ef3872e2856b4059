//! Tells the store how far each partition is, so that every reader knows how fresh its answer is. One writer for all
//! partitions of the process: a report an insert and partition would drown ClickHouse in small parts.

use std::collections::BTreeMap;
use std::time::Duration;

use felt_schema::clock::Clock;
use felt_schema::rows::ProgressRow;
use felt_store::Store;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::events::ProgressFailed;

/// Reports of batches that end close together go out as one.
const GATHER: Duration = Duration::from_millis(50);

/// The latest word of each partition.
pub(crate) struct Progress {
    topic: String,
    owner: String,
    rows: Mutex<BTreeMap<u32, (i64, u64)>>,
    changed: Notify,
}

impl Progress {
    pub fn new(topic: &str, owner: &str) -> Self {
        Self { topic: topic.into(), owner: owner.into(), rows: Mutex::default(), changed: Notify::new() }
    }

    /// All records of the partition received before `caught_up_to_ms` are visible. Written soon if `now`, else with the next
    /// regular report.
    pub fn note(&self, partition: u32, caught_up_to_ms: i64, next: u64, now: bool) {
        let mut rows = self.rows.lock();
        let held = rows.entry(partition).or_insert((caught_up_to_ms, next));
        *held = (held.0.max(caught_up_to_ms), next);
        drop(rows);
        if now {
            self.changed.notify_one();
        }
    }

    /// The partition belongs to somebody else.
    pub fn forget(&self, partition: u32) {
        self.rows.lock().remove(&partition);
    }

    /// Writes reports until `stop`, and a last one then.
    pub async fn run(&self, store: &Store, clock: &dyn Clock, every: Duration, stop: CancellationToken) {
        while !stop.is_cancelled() {
            tokio::select! {
                () = self.changed.notified() => tokio::time::sleep(GATHER).await,
                () = tokio::time::sleep(every) => {}
                () = stop.cancelled() => {}
            }
            let rows = self.rows_now(clock.now_ms());
            if let Err(error) = store.insert_rows("progress", &rows, None).await {
                ProgressFailed { error: &error.to_string() }.emit();
            }
        }
    }

    fn rows_now(&self, now_ms: i64) -> Vec<ProgressRow> {
        let rows = self.rows.lock();
        let row = |(&partition, &(caught_up_to, next_offset)): (&u32, &(i64, u64))| ProgressRow {
            topic: self.topic.clone(),
            partition,
            owner: self.owner.clone(),
            caught_up_to,
            next_offset,
            updated_at: now_ms,
        };
        rows.iter().map(row).collect()
    }
}
