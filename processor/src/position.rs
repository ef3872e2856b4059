//! What the store knows of how far it got, and whether that agrees with the log.
//!
//! The log says which ranges are done, and it is right as long as the store keeps what it acknowledged. A store that was
//! restored from a backup, or emptied, does not: it ends before the position in the log. So each range also writes where it
//! ends into `positions`, and whoever claims a partition compares the two. The store may be ahead by the open range, and by
//! no more: else it is the log that forgot. A log that was lost begins a new epoch, which the store has never heard of.

use clickhouse::Row;
use felt_eventlog::Position;
use felt_store::StoreError;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::config::StoreGap;
use crate::events::{InsertRetried, LogBegunAnew, StoreAhead, StoreGapFound};
use crate::known::may_pass;
use crate::partition::Ended;
use crate::pipeline::{ProcessorError, Shared};
use crate::write::Backoff;

/// Where the next range of a partition begins. A row of `positions`; of several the highest counts, so a late writer does
/// no harm.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, Deserialize)]
pub(crate) struct PositionRow {
    pub topic: String,
    pub partition: u32,
    pub epoch: u32,
    pub next_offset: u64,
}

/// Looks before a gap is believed: a replica may lag behind the one that acknowledged.
const LOOKS: usize = 4;

#[derive(Row, Deserialize)]
struct Known {
    /// Highest in this epoch; 0 when there is none.
    next: u64,
    /// Rows of this epoch, and of others.
    rows: u64,
    others: u64,
    /// Whether the store has heard of the partition at all.
    heard: u8,
}

impl Known {
    /// Up to where the store has this partition, if it can tell.
    fn end(&self) -> Option<u64> {
        match (self.rows, self.heard) {
            (0, 0) => Some(0),
            // Another epoch's, or of a version that kept no positions.
            (0, _) => None,
            _ => Some(self.next),
        }
    }
}

/// Compares a claimed position with the store's.
///
/// # Errors
/// [`ProcessorError::StoreGap`] when records are done that the store does not have, and the configuration says to stop.
pub(crate) async fn check(
    shared: &Shared,
    partition: u32,
    position: &Position,
    stop: &CancellationToken,
) -> Result<(), Ended> {
    let end = position.open.map_or(position.next, |open| open.last + 1);
    let mut backoff = Backoff::new(shared.config.retry_wait_ms_max);
    let (mut looks, mut broken_off) = (0, 0);
    loop {
        match shared.until_stopped(stop, known(shared, partition, position.epoch)).await? {
            Ok(known) => match known.end().filter(|end| *end < position.next) {
                None => {
                    if known.next > end {
                        StoreAhead { partition, stored: known.next, done: end }.emit();
                    }
                    if known.rows == 0 && known.others > 0 {
                        LogBegunAnew { partition, epoch: position.epoch }.emit();
                    }
                    return Ok(());
                }
                Some(_) if looks < LOOKS => looks += 1,
                Some(end) => return gap(shared, partition, end, position.next),
            },
            Err(error) if may_pass(&error, &mut broken_off) => {
                InsertRetried { table: "positions", error: error.message(), wait: backoff.ceiling() }.emit();
                shared.health.trouble(partition, &error.to_string());
            }
            Err(error) => return Err(Ended::Stop(ProcessorError::Lookup(error))),
        }
        shared.until_stopped(stop, tokio::time::sleep(backoff.next())).await?;
    }
}

fn gap(shared: &Shared, partition: u32, stored: u64, done: u64) -> Result<(), Ended> {
    StoreGapFound { partition, stored, done }.emit();
    match shared.config.store_gap {
        StoreGap::GoOn => Ok(()),
        StoreGap::Stop => Err(Ended::Stop(ProcessorError::StoreGap { partition, stored, done })),
    }
}

async fn known(shared: &Shared, partition: u32, epoch: u32) -> Result<Known, StoreError> {
    let query = shared.store.client().query(
        "SELECT maxIf(next_offset, epoch = {epoch:UInt32}) AS next, countIf(epoch = {epoch:UInt32}) AS rows, \
         countIf(epoch != {epoch:UInt32}) AS others, \
         toUInt8(ifNull((SELECT count() FROM progress WHERE topic = {topic:String} AND partition = {partition:UInt32}), 0) \
         > 0) AS heard \
         FROM positions WHERE topic = {topic:String} AND partition = {partition:UInt32}",
    );
    let query = query.param("topic", shared.consumer.topic()).param("partition", partition).param("epoch", epoch);
    Ok(query.fetch_one().await?)
}
