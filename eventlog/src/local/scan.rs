//! Reading chunks in order past whatever is damaged: a bad row costs itself, a bad page the rows on it, and no reader is ever
//! stuck.

use rusqlite::{Connection, OptionalExtension, params};

use super::UNCLEAN_JUMP;
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
    /// Rows are missing or out of place. A file that was replaced already has such gaps for good.
    pub(crate) inconsistent: bool,
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
        // Rows follow one another without gaps, but for the jumps of unclean stops: else an id lies, and a search may miss more.
        let gap = chunk.first.saturating_sub(at);
        found.inconsistent |= gap % UNCLEAN_JUMP != 0;
        let Some(records) = chunk.unpack() else {
            found.damaged.push(chunk.first);
            found.inconsistent |= gap != 0;
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

/// Every undamaged chunk that can be found in a damaged file, maybe more than once: along the tree from both ends, which needs no
/// order of ids, and by search, which gets past a bad page.
pub(crate) fn intact_chunks(
    connection: &Connection,
    partitions: u32,
    mut keep: impl FnMut(Stored) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    for order in ["", "order by id desc"] {
        let sql = format!("select id, count, raw_bytes, checksum, packed from chunk {order}");
        let Ok(mut statement) = connection.prepare(&sql) else { continue };
        let Ok(mut rows) = statement.query([]) else { continue };
        // An unreadable value is that row's; an error of the step ends this walk.
        while let Ok(Some(row)) = rows.next() {
            if let Some(chunk) = db::stored(row).ok().filter(|chunk| chunk.unpack().is_some()) {
                keep(chunk)?;
            }
        }
    }
    for partition in 0..partitions {
        let mut at = 0;
        loop {
            let found = db::chunk_at(connection, partition, at).map(|found| found.map(|chunk| (chunk.unpack(), chunk)));
            let next = match found {
                Ok(None) => break,
                Ok(Some((Some(_), chunk))) => {
                    let next = chunk.first + u64::from(chunk.count);
                    keep(chunk)?;
                    Some(next)
                }
                _ => after_damage(connection, partition, at),
            };
            match next {
                Some(next) => at = next,
                None => break,
            }
        }
    }
    Ok(())
}

/// The next chunk's offset beyond `at`. Where even the tree is damaged: the nearest place from which it can be walked again,
/// found by growing strides and then by halving, so that good rows behind a bad page are not passed over.
fn after_damage(connection: &Connection, partition: u32, at: u64) -> Option<u64> {
    // A damaged tree may also lead backwards, or into another partition; whoever follows it would walk in circles.
    let here = |id: &i64| db::partition_of_id(*id) == partition;
    let forward = |found: Option<i64>| found.filter(here).map(first_of).filter(|next| *next > at);
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
