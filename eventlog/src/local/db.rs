//! The SQLite file: its schema, the few statements, and what its error codes mean. No threads and no promises here.

use std::path::Path;

use rusqlite::types::Type;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, params};

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::Waiting;
use super::chunk::Stored;
use crate::DeclaredRange;

/// Row ids put all rows of a partition side by side, in order: partition above, first offset below.
const OFFSET_BITS: u32 = 48;

/// The largest offset that a row id can carry.
pub(crate) const OFFSET_MAX: u64 = (1 << OFFSET_BITS) - 1;

/// Pages of 4 KiB until the write-ahead log is folded back: 16 MiB of it, so that recovery reads little.
const CHECKPOINT_PAGES: u32 = 4096;

/// In one transaction: a new file is made with one fsync, and never with a part of its tables.
const SCHEMA: &str = "
begin;
create table if not exists meta (name text primary key, value integer not null, checksum integer not null) without rowid;
create table if not exists partition (
    id integer primary key, start integer not null, end integer not null, next integer not null,
    open_first integer, open_last integer, claim integer not null, bytes integer not null, checksum integer not null);
create table if not exists chunk (
    id integer primary key, count integer not null, raw_bytes integer not null, at_ms integer not null,
    checksum integer not null, packed blob not null);
commit;
";

/// One partition as stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PartitionRow {
    /// Oldest offset kept.
    pub(crate) start: u64,
    /// Next append's offset.
    pub(crate) end: u64,
    pub(crate) next: u64,
    pub(crate) open: Option<DeclaredRange>,
    /// Number of the last claim: whoever holds a smaller one is fenced.
    pub(crate) claim: u64,
    /// Stored bytes of its chunks.
    pub(crate) bytes: u64,
}

/// What retention looks at.
pub(crate) struct ChunkHead {
    pub(crate) id: i64,
    pub(crate) count: u32,
    pub(crate) at_ms: i64,
    pub(crate) bytes: u64,
}

pub(crate) fn chunk_id(partition: u32, first: u64) -> i64 {
    (i64::from(partition) << OFFSET_BITS) | first as i64
}

pub(crate) fn partition_of_id(id: i64) -> u32 {
    (id >> OFFSET_BITS) as u32
}

pub(crate) fn first_of(id: i64) -> u64 {
    id as u64 & OFFSET_MAX
}

pub(crate) fn open_writer(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    // FULL in WAL mode: every commit is fsynced before it returns. It is the promise of `append`.
    connection.execute_batch(&format!(
        "pragma journal_mode = wal; pragma synchronous = full; pragma wal_autocheckpoint = {CHECKPOINT_PAGES};
         pragma cell_size_check = on; pragma cache_size = -8000; pragma temp_store = memory;"
    ))?;
    connection.execute_batch(SCHEMA)?;
    Ok(connection)
}

pub(crate) fn open_reader(path: &Path) -> rusqlite::Result<Connection> {
    let connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.execute_batch("pragma cell_size_check = on; pragma cache_size = -2000;")?;
    Ok(connection)
}

pub(crate) fn meta(connection: &Connection, name: &str) -> rusqlite::Result<Option<i64>> {
    let mut statement = connection.prepare_cached("select value, checksum from meta where name = ?")?;
    let found: Option<(i64, i64)> = statement.query_row([name], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    match found {
        Some((value, sum)) if sum == meta_checksum(name, value) => Ok(Some(value)),
        Some(_) => Err(mismatch()),
        None => Ok(None),
    }
}

pub(crate) fn set_meta(connection: &Connection, name: &str, value: i64) -> rusqlite::Result<()> {
    connection.prepare_cached("insert or replace into meta values (?, ?, ?)")?.execute(params![
        name,
        value,
        meta_checksum(name, value)
    ])?;
    Ok(())
}

fn meta_checksum(name: &str, value: i64) -> i64 {
    xxh3_64_with_seed(name.as_bytes(), value as u64) as i64
}

/// SQLite's pages carry no checksums; a flipped bit in an offset would quietly give offsets out twice.
fn mismatch() -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, Type::Integer, "the row's checksum does not match".into())
}

/// A partition as it was written last.
///
/// # Errors
/// When it is not there too: [`found_partitions`] wrote it when the log was made, so a page is not the one it was.
pub(crate) fn partition(connection: &Connection, id: u32) -> rusqlite::Result<PartitionRow> {
    let sql = "select start, end, next, open_first, open_last, claim, bytes, checksum from partition where id = ?";
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement
        .query_row([id], |row| {
            let offset = |at: usize| row.get::<_, i64>(at).map(|value| value as u64);
            let open: (Option<i64>, Option<i64>) = (row.get(3)?, row.get(4)?);
            let open = match open {
                (Some(first), Some(last)) => Some(DeclaredRange { first: first as u64, last: last as u64 }),
                _ => None,
            };
            let found = PartitionRow {
                start: offset(0)?,
                end: offset(1)?,
                next: offset(2)?,
                open,
                claim: offset(5)?,
                bytes: offset(6)?,
            };
            Ok((found, row.get::<_, i64>(7)?))
        })
        .optional()?;
    match found {
        Some((row, sum)) if sum == row.checksum(id) => Ok(row),
        Some(_) | None => Err(mismatch()),
    }
}

/// Writes the rows of partitions that have none yet, once in a log's life, as a part of a transaction. A row that is missing later
/// is damage: taken for a partition that nobody has written to, it would give offsets out twice.
pub(crate) fn found_partitions(connection: &Connection, partitions: u32) -> rusqlite::Result<()> {
    for id in 0..partitions {
        let known = connection.prepare_cached("select 1 from partition where id = ?")?.exists([id])?;
        if !known {
            set_partition(connection, id, &PartitionRow::default())?;
        }
    }
    Ok(())
}

pub(crate) fn set_partition(connection: &Connection, id: u32, row: &PartitionRow) -> rusqlite::Result<()> {
    connection.prepare_cached("insert or replace into partition values (?, ?, ?, ?, ?, ?, ?, ?, ?)")?.execute(
        params![
            id,
            row.start as i64,
            row.end as i64,
            row.next as i64,
            row.open.map(|open| open.first as i64),
            row.open.map(|open| open.last as i64),
            row.claim as i64,
            row.bytes as i64,
            row.checksum(id),
        ],
    )?;
    Ok(())
}

impl PartitionRow {
    fn checksum(&self, id: u32) -> i64 {
        let open = self.open.map_or([u64::MAX; 2], |open| [open.first, open.last]);
        let fields = [self.start, self.end, self.next, open[0], open[1], self.claim, self.bytes];
        let bytes: Vec<u8> = fields.iter().flat_map(|field| field.to_le_bytes()).collect();
        xxh3_64_with_seed(&bytes, u64::from(id)) as i64
    }
}

pub(crate) fn insert_chunk(connection: &Connection, chunk: &Stored, at_ms: i64) -> rusqlite::Result<()> {
    connection.prepare_cached(CHUNK_INSERT)?.execute(params![
        chunk.id,
        chunk.count,
        chunk.raw_bytes,
        at_ms,
        chunk.checksum,
        chunk.packed
    ])?;
    Ok(())
}

const CHUNK_BEFORE: &str =
    "select id, count, raw_bytes, checksum, packed from chunk where id <= ? and id >= ? order by id desc limit 1";
const CHUNK_AFTER: &str =
    "select id, count, raw_bytes, checksum, packed from chunk where id > ? and id < ? order by id limit 1";
const CHUNK_INSERT: &str = "insert into chunk values (?, ?, ?, ?, ?, ?)";
const CHUNK_HEADS: &str =
    "select id, count, at_ms, length(packed) from chunk where id >= ? and id < ? order by id limit ?";

/// Fails when the schema is not the one we made; better known at start than at the first append.
pub(crate) fn check_schema(connection: &Connection) -> rusqlite::Result<()> {
    for sql in [CHUNK_BEFORE, CHUNK_AFTER, CHUNK_INSERT, CHUNK_HEADS] {
        connection.prepare_cached(sql)?;
    }
    Ok(())
}

/// Inserts unless it is there; true when it was not.
pub(crate) fn keep_chunk(connection: &Connection, chunk: &Stored) -> rusqlite::Result<bool> {
    let (id, known) = (chunk.id, "select 1 from chunk where id = ?");
    if connection.prepare_cached(known)?.exists([id])? {
        return Ok(false);
    }
    insert_chunk(connection, chunk, 0)?;
    Ok(true)
}

/// The chunk that holds `from` or else the next one of the partition.
pub(crate) fn chunk_at(connection: &Connection, partition: u32, from: u64) -> rusqlite::Result<Option<Stored>> {
    let before = connection
        .prepare_cached(CHUNK_BEFORE)?
        .query_row(params![chunk_id(partition, from), chunk_id(partition, 0)], stored)
        .optional()?;
    // Of a range's two ends the tree's order is trusted for one: a damaged tree may lead anywhere, into another partition too.
    if before.as_ref().is_some_and(|chunk| partition_of_id(chunk.id) != partition || chunk.first > from) {
        return Err(mismatch());
    }
    if let Some(chunk) = before.filter(|chunk| chunk.first + u64::from(chunk.count) > from) {
        return Ok(Some(chunk));
    }
    let after = connection
        .prepare_cached(CHUNK_AFTER)?
        .query_row(params![chunk_id(partition, from), chunk_id(partition + 1, 0)], stored)
        .optional()?;
    match after {
        Some(chunk) if partition_of_id(chunk.id) != partition || chunk.first <= from => Err(mismatch()),
        after => Ok(after),
    }
}

pub(crate) fn stored(row: &rusqlite::Row<'_>) -> rusqlite::Result<Stored> {
    let id: i64 = row.get(0)?;
    Ok(Stored {
        id,
        first: first_of(id),
        count: row.get(1)?,
        raw_bytes: row.get(2)?,
        checksum: row.get(3)?,
        packed: row.get(4)?,
    })
}

/// The oldest chunks of a partition, without their bytes.
pub(crate) fn oldest_chunks(connection: &Connection, partition: u32, limit: u32) -> rusqlite::Result<Vec<ChunkHead>> {
    let mut statement = connection.prepare_cached(CHUNK_HEADS)?;
    let rows = statement.query_map(params![chunk_id(partition, 0), chunk_id(partition + 1, 0), limit], |row| {
        Ok(ChunkHead { id: row.get(0)?, count: row.get(1)?, at_ms: row.get(2)?, bytes: row.get::<_, i64>(3)? as u64 })
    })?;
    rows.collect()
}

/// What a partition holds from `next` on. A chunk that is passed in part counts with the rest of its records, and all its bytes.
pub(crate) fn waiting(connection: &Connection, partition: u32, next: u64) -> rusqlite::Result<Waiting> {
    let sql =
        "select coalesce(sum(length(packed)), 0), coalesce(sum(min(count, id + count - ?1)), 0), min(at_ms) from chunk
               where id >= ?2 and id < ?3 and id + count > ?1";
    let bounds = params![chunk_id(partition, next), chunk_id(partition, 0), chunk_id(partition + 1, 0)];
    connection.prepare_cached(sql)?.query_row(bounds, |row| {
        Ok(Waiting {
            bytes: row.get::<_, i64>(0)? as u64,
            records: row.get::<_, i64>(1)? as u64,
            oldest_at_ms: row.get(2)?,
        })
    })
}

pub(crate) fn delete_chunks(connection: &Connection, first_id: i64, last_id: i64) -> rusqlite::Result<()> {
    connection.prepare_cached("delete from chunk where id between ? and ?")?.execute([first_id, last_id])?;
    Ok(())
}

/// The file itself is not what SQLite wrote: no repetition helps.
pub(crate) fn is_damage(error: &rusqlite::Error) -> bool {
    match error {
        // Our statements are constants: when one does not fit, the schema is not the one we made.
        rusqlite::Error::SqlInputError { .. } => true,
        rusqlite::Error::SqliteFailure(_, Some(message)) if message.starts_with("no such") => true,
        rusqlite::Error::SqliteFailure(failure, _) => {
            // A constraint: a row that cannot be there is, so an index or an offset lies.
            matches!(
                failure.code,
                ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::ConstraintViolation
            ) || failure.extended_code == rusqlite::ffi::SQLITE_IOERR_SHORT_READ
        }
        // A damaged cell can also come back as a value of another type, or a number that fits no count.
        rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::FromSqlConversionFailure(..) => true,
        _ => false,
    }
}
