//! Writes a batch: table by table in a fixed order, each one insert under the same token, passing failures tried again for as
//! long as it takes. The table in which earlier snapshots are looked up comes last: whoever finds a state there may rely
//! on all that goes with it being written.
//!
//! A process may be held up for hours between two inserts. Before an insert that comes late the range is declared once more,
//! which is refused when the partition has another owner: nobody writes after the store has forgotten the range's token.

use std::time::{Duration, Instant};

use clickhouse::{RowOwned, RowWrite};
use felt_eventlog::DeclaredRange;
use felt_store::StoreError;
use rand::Rng;
use tokio_util::sync::CancellationToken;

use crate::batch::BatchRows;
use crate::events::{InsertRetried, TableWritten};
use crate::pace::TOO_MANY_PARTS;
use crate::partition::{Ended, retried};
use crate::pipeline::Shared;
use crate::position::PositionRow;

/// First wait between two tries; it doubles up to the configured most.
const RETRY_WAIT_MS_MIN: u64 = 100;

/// A declare is believed for this long.
const DECLARED_FOR_MAX: Duration = Duration::from_secs(10);

/// Waits that double, with full jitter, so that processors that failed together do not return together.
pub(crate) struct Backoff {
    ceiling_ms: u64,
    most_ms: u64,
}

impl Backoff {
    pub fn new(most_ms: u64) -> Self {
        Self { ceiling_ms: RETRY_WAIT_MS_MIN, most_ms }
    }

    /// The longest that the next wait can be.
    pub fn ceiling(&self) -> Duration {
        Duration::from_millis(self.ceiling_ms)
    }

    pub fn next(&mut self) -> Duration {
        let wait = rand::rng().random_range(self.ceiling_ms / 4..=self.ceiling_ms);
        self.ceiling_ms = (self.ceiling_ms * 2).min(self.most_ms.max(RETRY_WAIT_MS_MIN));
        Duration::from_millis(wait)
    }
}

/// An insert that will never succeed.
#[derive(Debug)]
pub(crate) struct Refused {
    pub table: &'static str,
    pub error: StoreError,
}

impl Refused {
    /// Whether nothing of the batch is written and other rows might be taken: what is wrong is a value, not a table.
    pub fn is_bisectable(&self) -> bool {
        self.table == PAGE_VIEWS && self.error.code().is_some_and(|code| VALUE_CODES.contains(&code))
    }
}

/// Cannot parse, type mismatch, incorrect data, argument out of bounds, too many partitions in a block, value out of range,
/// NULL, violated constraint. <https://github.com/ClickHouse/ClickHouse/blob/master/src/Common/ErrorCodes.cpp>
const VALUE_CODES: [i32; 14] = [6, 26, 27, 38, 41, 53, 69, 72, 117, 131, 252, 321, 349, 469];

/// The first table.
pub(crate) const PAGE_VIEWS: &str = "page_views";

pub(crate) enum WriteError {
    Refused(Refused),
    Ended(Ended),
}

impl From<Ended> for WriteError {
    fn from(ended: Ended) -> Self {
        Self::Ended(ended)
    }
}

/// One partition's way of writing.
pub(crate) struct Writer<'a> {
    pub shared: &'a Shared,
    pub partition: u32,
    pub stop: &'a CancellationToken,
    /// The declared range, and when it was last declared.
    pub range: DeclaredRange,
    pub declared_at: Instant,
}

impl Writer<'_> {
    /// Writes all tables. Empty ones are left out, on a replay as well.
    pub async fn write(&mut self, rows: &BatchRows, position: PositionRow, token: &str) -> Result<(), WriteError> {
        self.table(PAGE_VIEWS, ("page_views:before", "page_views:after"), &rows.page_views, token).await?;
        self.table("events", ("events:before", "events:after"), &rows.events, token).await?;
        let points = ("rollup_minute:before", "rollup_minute:after");
        self.table("rollup_minute", points, &rows.rollup_minute, token).await?;
        self.table("rollup_hour", ("rollup_hour:before", "rollup_hour:after"), &rows.rollup_hour, token).await?;
        // After the hours: whoever reads a day that lacks a range sees that it does, because the hours have it.
        self.table("rollup_day", ("rollup_day:before", "rollup_day:after"), &rows.rollup_day, token).await?;
        self.table("outcomes", ("outcomes:before", "outcomes:after"), &rows.outcomes, token).await?;
        let points = ("dead_letters:before", "dead_letters:after");
        self.table("dead_letters", points, &rows.dead_letters, token).await?;
        self.table("positions", ("positions:before", "positions:after"), &[position], token).await?;
        self.table("view_states", ("view_states:before", "view_states:after"), &rows.view_states, token).await
    }

    async fn table<T: RowOwned + RowWrite>(
        &mut self,
        table: &'static str,
        (before, after): (&'static str, &'static str),
        rows: &[T],
        token: &str,
    ) -> Result<(), WriteError> {
        if rows.is_empty() {
            return Ok(());
        }
        self.shared.reached(before)?;
        let mut backoff = Backoff::new(self.shared.config.retry_wait_ms_max);
        loop {
            self.still_ours().await?;
            let insert = self.shared.store.insert_rows(table, rows, Some(token));
            match self.shared.until_stopped(self.stop, insert).await? {
                Ok(()) => break,
                Err(error) if error.is_transient() => {
                    let wait = backoff.next();
                    InsertRetried { table, error: error.message(), wait }.emit();
                    if error.code() == Some(TOO_MANY_PARTS) {
                        self.shared.pace.slow_down(self.shared.config.batch_age(), Instant::now());
                    }
                    self.shared.health.trouble(self.partition, &error.to_string());
                    self.shared.until_stopped(self.stop, tokio::time::sleep(wait)).await?;
                }
                Err(error) => return Err(WriteError::Refused(Refused { table, error })),
            }
        }
        self.shared.health.well(self.partition);
        TableWritten { table, rows: rows.len() }.emit();
        self.shared.reached(after)?;
        Ok(())
    }

    /// Asks the log again when the last declare is long ago.
    async fn still_ours(&mut self) -> Result<(), Ended> {
        if self.declared_at.elapsed() < DECLARED_FOR_MAX {
            return Ok(());
        }
        let DeclaredRange { first, last } = self.range;
        let declare = || self.shared.consumer.declare(self.partition, first, last);
        retried(self.shared, self.partition, self.stop, declare).await?;
        self.declared_at = Instant::now();
        Ok(())
    }
}
