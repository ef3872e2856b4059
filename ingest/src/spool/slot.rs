//! The folders below the spool's: one for each process, locked while it lives. One that a dead process left is adopted by a
//! living one, so that nothing waits for a restart on the same folder.

use super::SpoolError;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

/// Processes that may share a spool's folder.
const SLOTS_MAX: u32 = 64;

const LOCK: &str = "process";
const LOG: &str = "log.db";

/// A folder that no other process uses while this lives.
pub(crate) struct Slot {
    pub(crate) dir: PathBuf,
    number: u32,
    _lock: File,
}

impl Slot {
    /// The first free one, made when there is none.
    pub(crate) fn take(base: &Path) -> Result<Self, SpoolError> {
        for number in 0..SLOTS_MAX {
            if let Some(slot) = Self::lock(base, number)? {
                return Ok(slot);
            }
        }
        Err(SpoolError::InUse { dir: base.to_owned(), processes: SLOTS_MAX })
    }

    /// Another one with records in it that no process uses.
    pub(crate) fn left_behind(&self) -> Option<Self> {
        let base = self.dir.parent()?;
        let others = (0..SLOTS_MAX).filter(|number| *number != self.number);
        let mut with_records = others.filter(|number| base.join(number.to_string()).join(LOG).exists());
        with_records.find_map(|number| Self::lock(base, number).ok().flatten())
    }

    /// Removes the log of a slot whose records are all elsewhere. A damaged file that was set aside stays.
    pub(crate) fn remove_log(&self) {
        for name in [LOG, "log.db-wal", "log.db-shm"] {
            let _ = fs::remove_file(self.dir.join(name));
        }
    }

    fn lock(base: &Path, number: u32) -> Result<Option<Self>, SpoolError> {
        let dir = base.join(number.to_string());
        let unusable = |error| SpoolError::Unusable { dir: dir.clone(), why: format!("{error}") };
        fs::create_dir_all(&dir).map_err(unusable)?;
        let path = dir.join(LOCK);
        let lock = File::options().create(true).truncate(false).write(true).open(path).map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(Self { dir, number, _lock: lock })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(unusable(error)),
        }
    }
}
