//! Reading chunks in order past whatever is damaged: a bad row costs itself, a bad page the rows on it, and no reader is ever
//! stuck.

use rusqlite::{Connection, OptionalExtension, params};

use super::chunk::Stored;
use super::db::{self, OFFSET_MAX, chunk_id, first_of};
use crate::LogRecord;

/// What a scan found.
#[derive(Default)]
pub(crate) struct Scan {
    pub(crate) records: Vec<LogRecord>,
    /// Offsets at which a row or page could not be used.
    pub(crate) damaged: Vec<u64>,
    /// Not a row's own damage: the file's structure.
    pub(crate) structural: bool,
}

/// Bounds of a scan.
#[derive(Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) from: u64,
    /// Exclusive.
    pub(crate) end: u64,
    pub(crate) records_max: usize,
    pub(crate) bytes_max: usize,
}

/// Records within the bounds. Damage is skipped; other errors (disk, lock) are the caller's.
pub(crate) fn records(connection: &Connection, partition: u32, bounds: Bounds) -> rusqlite::Result<Scan> {
    let mut found = Scan::default();
    let (mut at, mut bytes) = (bounds.from, 0);
    while at < bounds.end {
        let chunk = match db::chunk_at(connection, partition, at) {
            Ok(Some(chunk)) => chunk,
            Ok(None) => break,
            Err(error) if db::is_damage(&error) => {
                found.damaged.push(at);
                found.structural = true;
                match after_damage(connection, partition, at) {
                    Some(next) => at = next,
                    None => break,
                }
                continue;
            }
            Err(error) => return Err(error),
        };
        let Some(records) = chunk.unpack() else {
            found.damaged.push(chunk.first);
            match after_damage(connection, partition, chunk.first.max(at)) {
                Some(next) => at = next,
                None => break,
            }
            continue;
        };
        at = chunk.first + u64::from(chunk.count);
        for record in records.into_iter().filter(|record| record.offset >= bounds.from) {
            let size = record.key.len() + record.value.len();
            let full = found.records.len() >= bounds.records_max || bytes + size > bounds.bytes_max;
            if record.offset >= bounds.end || (full && !found.records.is_empty()) {
                return Ok(found);
            }
            bytes += size;
            found.records.push(record);
        }
    }
    Ok(found)
}

/// Up to `limit` undamaged chunks from `at` on, and where to go on; `None` at the end. For saving a damaged file.
pub(crate) fn intact_chunks(
    connection: &Connection,
    partition: u32,
    mut at: u64,
    limit: usize,
) -> (Vec<Stored>, Option<u64>) {
    let mut chunks = Vec::new();
    while chunks.len() < limit {
        match db::chunk_at(connection, partition, at) {
            Ok(Some(chunk)) if chunk.unpack().is_some() => {
                at = chunk.first + u64::from(chunk.count);
                chunks.push(chunk);
            }
            Ok(None) => return (chunks, None),
            _ => match after_damage(connection, partition, at) {
                Some(next) => at = next,
                None => return (chunks, None),
            },
        }
    }
    (chunks, Some(at))
}

/// The next chunk's offset beyond `at`. Where even the tree is damaged: the nearest place from which it can be walked again,
/// found by growing strides and then by halving, so that good rows behind a bad page are not passed over.
fn after_damage(connection: &Connection, partition: u32, at: u64) -> Option<u64> {
    // A damaged tree may also lead backwards; whoever follows it would walk in circles.
    let forward = |found: Option<i64>| found.map(first_of).filter(|next| *next > at);
    if let Ok(found) = next_id(connection, partition, at) {
        return forward(found);
    }
    let (mut bad, mut good) = (at, None);
    let mut stride = 1;
    while let Some(beyond) = at.checked_add(stride).filter(|beyond| *beyond < OFFSET_MAX) {
        if let Ok(found) = next_id(connection, partition, beyond) {
            good = Some((beyond, found));
            break;
        }
        (bad, stride) = (beyond, stride * 2);
    }
    let (mut good, mut found) = good?;
    while good - bad > 1 {
        let middle = bad + (good - bad) / 2;
        match next_id(connection, partition, middle) {
            Ok(nearer) => (good, found) = (middle, nearer),
            Err(_) => bad = middle,
        }
    }
    forward(found)
}

fn next_id(connection: &Connection, partition: u32, beyond: u64) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached("select id from chunk where id > ? and id < ? order by id limit 1")?
        .query_row(params![chunk_id(partition, beyond), chunk_id(partition + 1, 0)], |row| row.get(0))
        .optional()
}
