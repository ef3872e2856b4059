//! One engine to a data directory: a lock that only a living process holds, and `engine.json` that says where it
//! listens.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{EngineError, Running};

const LOCK: &str = "engine.lock";
const STATE: &str = "engine.json";
const LOCK_TRIES: u32 = 20;
const LOCK_PAUSE: Duration = Duration::from_millis(10);

/// The right to use a data directory, held as long as this lives and lost with the process.
pub(super) struct Instance {
    data_dir: PathBuf,
    _lock: File,
}

pub(super) fn io<'a>(what: impl Into<String> + 'a) -> impl FnOnce(std::io::Error) -> EngineError + 'a {
    move |source| EngineError::Io { what: what.into(), source }
}

impl Instance {
    /// Takes the directory, making it when it is missing.
    pub fn take(data_dir: &Path) -> Result<Self, EngineError> {
        // Visits are nobody else's business.
        let made = DirBuilder::new().recursive(true).mode(0o700).create(data_dir);
        made.map_err(io(format!("make {}", data_dir.display())))?;
        let path = data_dir.join(LOCK);
        let lock = File::options().create(true).truncate(false).write(true).open(&path);
        let lock = lock.map_err(io(format!("open {}", path.display())))?;
        for _ in 0..LOCK_TRIES {
            match lock.try_lock() {
                Ok(()) => return Ok(Self { data_dir: data_dir.to_owned(), _lock: lock }),
                // An engine holds it for long, a `find` only for a moment.
                Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_PAUSE),
                Err(TryLockError::Error(error)) => return Err(io(format!("lock {}", path.display()))(error)),
            }
        }
        Err(EngineError::Locked { data_dir: data_dir.display().to_string() })
    }

    /// Tells others where this engine listens. A reader sees the old file or the new one, never half of it.
    pub fn publish(&self, running: &Running) -> Result<(), EngineError> {
        let path = self.data_dir.join(STATE);
        let draft = self.data_dir.join(format!("{STATE}.new"));
        let write = || -> std::io::Result<()> {
            let mut file = File::create(&draft)?;
            file.write_all(&serde_json::to_vec(running)?)?;
            fs::rename(&draft, &path)
        };
        write().map_err(io(format!("write {}", path.display())))
    }

    /// Takes the notice down.
    pub fn withdraw(&self) {
        // A stale notice is harmless: the lock tells whether anyone is there.
        let _ = fs::remove_file(self.data_dir.join(STATE));
    }
}

/// The engine that runs over `data_dir`, if one does: its notice counts only while its lock is held.
pub fn find(data_dir: &Path) -> Option<Running> {
    let running = serde_json::from_slice(&fs::read(data_dir.join(STATE)).ok()?).ok()?;
    let lock = File::options().write(true).open(data_dir.join(LOCK)).ok()?;
    matches!(lock.try_lock(), Err(TryLockError::WouldBlock)).then_some(running)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_engine_is_refused_and_a_dead_ones_notice_does_not_count() {
        let scratch = tempfile::tempdir().expect("scratch");
        let first = Instance::take(scratch.path()).expect("free");
        let running = Running { pid: 7, url: "http://127.0.0.1:1".into() };
        first.publish(&running).expect("published");
        assert_eq!(find(scratch.path()), Some(running));
        assert!(matches!(Instance::take(scratch.path()), Err(EngineError::Locked { .. })));
        drop(first);
        assert_eq!(find(scratch.path()), None);
        Instance::take(scratch.path()).expect("free again");
    }
}
