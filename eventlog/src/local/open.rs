//! Opening the folder: the lock against a second process, the first look at the file, and saving what is readable of a damaged
//! one. A start never fails over damage: it costs records at worst, counted.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use felt_schema::clock::SharedClock;
use rusqlite::Connection;

use super::db::{self, PartitionRow};
use super::scan;
use crate::events::{FileDamaged, FileSaved};
use crate::{LocalLogConfig, LogError};

/// Row ids leave 15 bits to the partition.
pub(crate) const PARTITIONS_MAX: u32 = 1 << 12;

const FILE: &str = "log.db";
const LOCK: &str = "lock";

/// Chunks copied per transaction while saving a damaged file.
const SAVE_CHUNKS: u64 = 256;

pub(crate) struct Opened {
    pub(crate) path: PathBuf,
    pub(crate) lock: File,
    pub(crate) connection: Connection,
    pub(crate) rows: Vec<PartitionRow>,
    pub(crate) epoch: u32,
    /// The last process did not close the log: see `UNCLEAN_JUMP`.
    pub(crate) unclean: bool,
}

pub(crate) fn open(config: &LocalLogConfig, clock: &SharedClock) -> Result<Opened, LogError> {
    let unwritable = |error| {
        let dir = config.dir.display();
        LogError::Fatal(format!("cannot use {dir} as log folder: {error}: check that it exists and is writable"))
    };
    fs::create_dir_all(&config.dir).map_err(unwritable)?;
    let lock = lock(&config.dir)?;
    let path = config.dir.join(FILE);
    let loaded = load(&path, config, clock);
    let (connection, state) = match loaded {
        Ok(opened) => opened,
        Err(LoadError::Damaged(reason)) => save(&path, config, clock, &reason)?,
        Err(LoadError::Other(error)) => return Err(error),
    };
    Ok(Opened { path, lock, connection, rows: state.rows, epoch: state.epoch, unclean: state.unclean })
}

fn lock(dir: &Path) -> Result<File, LogError> {
    let path = dir.join(LOCK);
    let cannot = |error| LogError::Fatal(format!("cannot make {}: {error}", path.display()));
    let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(cannot)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(LogError::Fatal(format!(
            "{} is in use by another process: stop it, or give this one a folder of its own",
            dir.display()
        ))),
        Err(TryLockError::Error(error)) => Err(cannot(error)),
    }
}

pub(crate) struct State {
    pub(crate) rows: Vec<PartitionRow>,
    pub(crate) epoch: u32,
    pub(crate) unclean: bool,
}

enum LoadError {
    Damaged(String),
    Other(LogError),
}

impl From<rusqlite::Error> for LoadError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{
            CannotOpen, DatabaseBusy, DatabaseLocked, DiskFull, OutOfMemory, PermissionDenied, SystemIoFailure,
        };
        // At start the statements and the folder are known to be good (the lock file beside it was opened for writing), so
        // whatever is not the machine's trouble is the file's: "unsupported file format", "read-only", a missing table.
        let machine = matches!(
            error.sqlite_error_code(),
            Some(
                CannotOpen
                    | DatabaseBusy
                    | DatabaseLocked
                    | DiskFull
                    | OutOfMemory
                    | PermissionDenied
                    | SystemIoFailure
            )
        );
        if db::is_damage(&error) || !machine {
            Self::Damaged(error.to_string())
        } else {
            Self::Other(LogError::Transient(format!("cannot open the log's file: {error}")))
        }
    }
}

fn load(path: &Path, config: &LocalLogConfig, clock: &SharedClock) -> Result<(Connection, State), LoadError> {
    let connection = db::open_writer(path)?;
    db::check_schema(&connection)?;
    let mut made = false;
    let epoch = match db::meta(&connection, "epoch")? {
        Some(epoch) => epoch as u32,
        None => {
            let epoch = new_epoch(clock);
            connection.execute_batch("begin immediate")?;
            db::set_meta(&connection, "epoch", i64::from(epoch))?;
            db::set_meta(&connection, "partitions", i64::from(config.partitions))?;
            // Not `clean`: a write-ahead log cut short here must not look like a log that was closed.
            db::set_meta(&connection, "clean", 0)?;
            db::found_partitions(&connection, config.partitions)?;
            connection.execute_batch("commit")?;
            made = true;
            epoch
        }
    };
    let Some(partitions) = db::meta(&connection, "partitions")? else {
        return Err(LoadError::Damaged("the number of partitions is missing".into()));
    };
    if partitions != i64::from(config.partitions) {
        return Err(LoadError::Other(LogError::Fatal(format!(
            "the log in {} has {partitions} partitions, the configuration says {}: they cannot change, set {partitions}",
            config.dir.display(),
            config.partitions
        ))));
    }
    let unclean = !made && db::meta(&connection, "clean")? != Some(1);
    let rows = (0..config.partitions).map(|id| db::partition(&connection, id)).collect::<Result<_, _>>()?;
    if !made {
        db::set_meta(&connection, "clean", 0)?;
    }
    // Into the file itself, before anything is appended: were the write-ahead log lost, the mark must not be.
    connection.query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(()))?;
    Ok((connection, State { rows, epoch, unclean }))
}

/// Seconds since 1970: a log made anew after its folder was lost must not repeat the former's tokens.
fn new_epoch(clock: &SharedClock) -> u32 {
    (clock.now_ms() / 1000).clamp(1, i64::from(u32::MAX)) as u32
}

/// Sets the damaged file aside (one is kept, for whoever wants to look) and copies every readable chunk into a new one.
pub(crate) fn save(
    path: &Path,
    config: &LocalLogConfig,
    clock: &SharedClock,
    reason: &str,
) -> Result<(Connection, State), LogError> {
    FileDamaged { path, reason }.emit();
    let cannot = |error: std::io::Error| LogError::Fatal(format!("cannot set the damaged log file aside: {error}"));
    let aside = path.with_file_name("damaged.db");
    for suffix in ["", "-wal", "-shm"] {
        let (from, to) = (with_suffix(path, suffix), with_suffix(&aside, suffix));
        match fs::remove_file(&to) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(cannot(error)),
            _ => {}
        }
        if from.exists() {
            fs::rename(&from, &to).map_err(cannot)?;
        }
    }
    let (connection, mut state) = load(path, config, clock).map_err(|error| match error {
        LoadError::Damaged(reason) => {
            LogError::Fatal(format!("a new log file is damaged at once: {reason}: check the disk"))
        }
        LoadError::Other(error) => error,
    })?;
    state.unclean = true;
    let saved = copy(&aside, &connection, &mut state, config);
    let chunks =
        saved.map_err(|error| LogError::Transient(format!("cannot save the damaged log's records: {error}")))?;
    FileSaved { chunks }.emit();
    Ok((connection, state))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn copy(aside: &Path, to: &Connection, state: &mut State, config: &LocalLogConfig) -> rusqlite::Result<u64> {
    let Ok(from) = Connection::open(aside) else { return Ok(0) };
    // The epoch stays if offsets go on where they were: open ranges were declared under it.
    let known: Result<Vec<_>, _> = (0..config.partitions).map(|id| db::partition(&from, id)).collect();
    if let (Ok(Some(epoch)), Ok(_)) = (db::meta(&from, "epoch"), &known) {
        state.epoch = epoch as u32;
        db::set_meta(to, "epoch", epoch)?;
    }
    let unknown = PartitionRow::default();
    let known = known.unwrap_or_else(|_| vec![unknown; config.partitions as usize]);
    let done = |row: &PartitionRow| row.open.map_or(row.next, |open| open.first.min(row.next));
    let mut rows: Vec<_> = known.iter().map(|row| PartitionRow { bytes: 0, start: u64::MAX, ..*row }).collect();
    let mut chunks = 0;
    to.execute_batch("begin immediate")?;
    scan::intact_chunks(&from, config.partitions, |chunk| {
        let id = db::partition_of_id(chunk.id) as usize;
        let end = chunk.first + u64::from(chunk.count);
        let Some(row) = rows.get_mut(id).filter(|_| end > done(&known[id])) else { return Ok(()) };
        if db::keep_chunk(to, &chunk)? {
            row.start = row.start.min(chunk.first);
            row.end = row.end.max(end);
            row.bytes += chunk.packed.len() as u64;
            chunks += 1;
            if chunks % SAVE_CHUNKS == 0 {
                to.execute_batch("commit; begin immediate")?;
            }
        }
        Ok(())
    })?;
    for (id, row) in rows.iter_mut().enumerate() {
        row.start = row.start.min(row.end);
        db::set_partition(to, id as u32, row)?;
    }
    to.execute_batch("commit")?;
    state.rows = rows;
    Ok(chunks)
}
