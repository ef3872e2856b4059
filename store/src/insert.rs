//! Inserts: one call, one block, one token.

use std::time::{Duration, Instant};

use clickhouse::{RowOwned, RowWrite};

use crate::events::Inserted;
use crate::{Store, StoreError};

/// Most rows in one insert. A batch is bounded far below this; beyond it ClickHouse would cut a second block, and a
/// repeat that is cut elsewhere is not recognised.
pub const INSERT_ROWS_MAX: usize = 1_000_000;

/// Longest wait for room to send, and for the acknowledgement after the last row.
const SEND_TIMEOUT: Duration = Duration::from_secs(30);
const ACK_TIMEOUT: Duration = Duration::from_secs(120);

/// Every setting that "counted once" rests on, named because a version's or an operator's default may differ; the last one only saves work.
const SETTINGS: [(&str, &str); 11] = [
    // The token is looked at.
    ("insert_deduplicate", "1"),
    // The default since 26.x: rows would be merged with others' rows into blocks of unknown shape.
    ("async_insert", "0"),
    // An answer means that the rows are there.
    ("wait_end_of_query", "1"),
    // All rows in one block: cut by none of these …
    ("max_insert_block_size", "1048449"),
    ("min_insert_block_size_rows", "1048449"),
    ("min_insert_block_size_bytes", "0"),
    ("max_insert_threads", "1"),
    ("input_format_parallel_parsing", "0"),
    // … and refused rather than cut when it belongs to too many days (code 252).
    ("max_partitions_per_insert_block", "100"),
    ("throw_on_max_partitions_per_insert_block", "1"),
    // Rows of one batch are summed before they come here: to sum them again finds nothing.
    ("optimize_on_insert", "0"),
];

impl Store {
    /// Writes `rows` into `table` as one block and waits until ClickHouse has them.
    ///
    /// With a `token`, a repeat of the same token into the same table changes nothing. No rows, no request.
    ///
    /// # Errors
    /// Transient or permanent by ClickHouse's code. After a transient error the rows may or may not be there: send
    /// the same rows with the same token again.
    pub async fn insert_rows<T>(&self, table: &str, rows: &[T], token: Option<&str>) -> Result<(), StoreError>
    where
        T: RowOwned + RowWrite,
    {
        if rows.is_empty() {
            return Ok(());
        }
        let started = Instant::now();
        let result = self.insert_block(table, rows, token).await;
        Inserted { table, rows: rows.len(), took: started.elapsed(), error: result.as_ref().err() }.emit();
        result
    }

    async fn insert_block<T>(&self, table: &str, rows: &[T], token: Option<&str>) -> Result<(), StoreError>
    where
        T: RowOwned + RowWrite,
    {
        if rows.len() > INSERT_ROWS_MAX {
            let message = format!("{} rows do not fit into one block of {INSERT_ROWS_MAX}: send fewer", rows.len());
            return Err(StoreError::Permanent { code: None, message });
        }
        let mut insert = self.client().insert::<T>(table).await?;
        for (name, value) in SETTINGS {
            insert = insert.with_setting(name, value);
        }
        if let Some(token) = token {
            insert = insert.with_setting("insert_deduplication_token", token);
        }
        let mut insert = insert.with_timeouts(Some(SEND_TIMEOUT), Some(ACK_TIMEOUT));
        for row in rows {
            insert.write(row).await?;
        }
        insert.end().await?;
        Ok(())
    }
}
