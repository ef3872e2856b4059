//! Gathers the records of the next range: enough to make an insert worth its while, soon enough to be fresh.
//!
//! After a pause the first record waits only a moment for company; under steady traffic a range is closed a second after the
//! one before; whoever lags takes full ranges at once.

use std::time::Instant;

use felt_eventlog::LogRecord;
use tokio_util::sync::CancellationToken;

use crate::partition::{Ended, retried};
use crate::pipeline::Shared;

/// Gathers for one partition.
pub(crate) struct Collector {
    partition: u32,
    /// When the range before was closed.
    closed_at: Option<Instant>,
}

/// Records gathered so far.
#[derive(Default)]
struct Gathered {
    records: Vec<LogRecord>,
    bytes: usize,
}

impl Collector {
    pub fn new(partition: u32) -> Self {
        Self { partition, closed_at: None }
    }

    /// Records from `next` on, at most `records_max`; none when none came within the idle time.
    pub async fn collect(
        &mut self,
        shared: &Shared,
        next: u64,
        records_max: usize,
        stop: &CancellationToken,
    ) -> Result<Vec<LogRecord>, Ended> {
        let mut gathered = Gathered::default();
        let room = Room { records: records_max, bytes: shared.config.batch_bytes_max };
        self.read(shared, next, room, shared.config.idle_poll(), &mut gathered, stop).await?;
        if gathered.records.is_empty() {
            return Ok(gathered.records);
        }
        shared.reached("collect:before")?;
        if !room.is_full(&gathered) {
            let since = self.closed_at.map(|closed_at| closed_at.elapsed());
            let age = shared.pace.age(shared.config.batch_age(), Instant::now());
            let rest = since.and_then(|since| age.checked_sub(since)).unwrap_or_default();
            shared.until_stopped(stop, tokio::time::sleep(rest.max(shared.config.idle_flush()))).await?;
            while let Some(last) = gathered.records.last().map(|last| last.offset).filter(|_| !room.is_full(&gathered))
            {
                let before = gathered.records.len();
                self.read(shared, last + 1, room, std::time::Duration::ZERO, &mut gathered, stop).await?;
                if gathered.records.len() == before {
                    break;
                }
            }
        }
        self.closed_at = Some(Instant::now());
        shared.reached("collect:after")?;
        Ok(gathered.records)
    }

    async fn read(
        &self,
        shared: &Shared,
        from: u64,
        room: Room,
        wait: std::time::Duration,
        gathered: &mut Gathered,
        stop: &CancellationToken,
    ) -> Result<(), Ended> {
        let left = Room {
            records: room.records.saturating_sub(gathered.records.len()).max(1),
            bytes: room.bytes.saturating_sub(gathered.bytes).max(1),
        };
        let read = || shared.consumer.read(self.partition, from, left.records, left.bytes, wait);
        let records = retried(shared, self.partition, stop, read).await?;
        gathered.bytes += records.iter().map(|record| record.value.len()).sum::<usize>();
        gathered.records.extend(records);
        Ok(())
    }
}

#[derive(Clone, Copy)]
struct Room {
    records: usize,
    bytes: usize,
}

impl Room {
    fn is_full(self, gathered: &Gathered) -> bool {
        gathered.records.len() >= self.records || gathered.bytes >= self.bytes
    }
}
