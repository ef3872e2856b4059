//! What may be removed, and when: only chunks wholly advanced past, by age, by size, and at once when the log is full.

use rusqlite::Connection;

use super::db::{self, PartitionRow};
use crate::LocalLogConfig;

/// Chunks looked at per partition and sweep, so that a sweep never holds appends up for long.
const SWEEP_CHUNKS: u32 = 256;

/// Free pages that are given back to the file system once the log is empty (16 MiB at 4 KiB).
const VACUUM_PAGES: i64 = 4096;

/// Removes what may go; says how many chunks went. `rows` is changed only along with the file.
pub(crate) fn sweep(
    connection: &Connection,
    config: &LocalLogConfig,
    rows: &mut [PartitionRow],
    now_ms: i64,
) -> rusqlite::Result<usize> {
    let stored: u64 = rows.iter().map(|row| row.bytes).sum();
    let mut surplus = stored.saturating_sub(config.done_keep_bytes.min(config.bytes_max / 2));
    let mut swept = rows.to_vec();
    let mut ranges = Vec::new();
    let mut removed = 0;
    for (id, row) in swept.iter_mut().enumerate() {
        let done = row.open.map_or(row.next, |open| open.first.min(row.next));
        if row.bytes == 0 || row.start >= done {
            continue;
        }
        let mut range: Option<(i64, i64)> = None;
        for head in db::oldest_chunks(connection, id as u32, SWEEP_CHUNKS)? {
            let end = db::first_of(head.id) + u64::from(head.count);
            let old = now_ms.saturating_sub(head.at_ms) >= config.done_keep_ms;
            if end > done || !(old || surplus > 0) {
                break;
            }
            surplus = surplus.saturating_sub(head.bytes);
            row.bytes = row.bytes.saturating_sub(head.bytes);
            row.start = end;
            range = Some((range.map_or(head.id, |(first, _)| first), head.id));
            removed += 1;
        }
        if let Some((first, last)) = range {
            ranges.push((id as u32, first, last));
        }
    }
    if removed == 0 {
        return Ok(0);
    }
    // Rolls back by itself when anything below fails.
    let transaction = connection.unchecked_transaction()?;
    for (id, first, last) in ranges {
        db::delete_chunks(&transaction, first, last)?;
        db::set_partition(&transaction, id, &swept[id as usize])?;
    }
    transaction.commit()?;
    rows.copy_from_slice(&swept);
    Ok(removed)
}

/// Gives the space of an emptied log back; with nothing stored it costs a few pages.
pub(crate) fn shrink(connection: &Connection, rows: &[PartitionRow]) -> rusqlite::Result<()> {
    if rows.iter().any(|row| row.bytes > 0) {
        return Ok(());
    }
    let free: i64 = connection.query_row("pragma freelist_count", [], |row| row.get(0))?;
    if free >= VACUUM_PAGES {
        connection.execute_batch("vacuum; pragma wal_checkpoint(truncate);")?;
    }
    Ok(())
}
