//! The reading half of the local log: reads on connections of its own, declares and advances through the writer.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use rusqlite::Connection;
use tokio::sync::watch;
use tokio::time::Instant;

use super::scan::{self, Bounds, Scan};
use super::writer::Command;
use super::{Handle, Shared, ask, db};
use crate::events::{Fenced, RowsDamaged};
use crate::{Assignment, DeclaredRange, LogConsumer, LogError, LogRecord, Position};

/// One owner of all partitions. A newer one fences it.
pub struct LocalConsumer {
    handle: Arc<Handle>,
    owner: u64,
    assigned: watch::Receiver<Assignment>,
    /// By partition; 0 = not claimed.
    claims: Vec<Mutex<u64>>,
    readers: Arc<Readers>,
}

/// Read connections at rest, all of one file.
#[derive(Default)]
pub(crate) struct Readers {
    idle: Mutex<(u64, Vec<Connection>)>,
}

impl LocalConsumer {
    pub(crate) fn new(handle: Arc<Handle>) -> Self {
        let (owner, assigned) = handle.shared.take_over();
        let claims = (0..handle.shared.config.partitions).map(|_| Mutex::new(0)).collect();
        Self { handle, owner, assigned, claims, readers: Arc::default() }
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.handle.shared
    }

    /// The number that proves ownership, if it still does.
    fn claimed(&self, partition: u32, call: &'static str) -> Result<u64, LogError> {
        let claim = self.claims.get(partition as usize).map_or(0, |claim| *claim.lock());
        let current = self.shared().views.get(partition as usize).map_or(0, |view| view.borrow().claim);
        if claim == 0 || claim != current {
            Fenced { partition, call }.emit();
            return Err(LogError::Fenced { partition });
        }
        Ok(claim)
    }

    async fn scan(&self, partition: u32, bounds: Bounds) -> Result<Scan, LogError> {
        let (shared, readers) = (self.shared().clone(), self.readers.clone());
        let scanned = tokio::task::spawn_blocking(move || readers.scan(&shared, partition, bounds));
        scanned.await.map_err(|error| LogError::Fatal(format!("reader ended: {error}")))?
    }
}

impl Readers {
    /// Records within the bounds. Of damage that is not a row's own the writer learns, who replaces the file.
    pub(crate) fn scan(&self, shared: &Shared, partition: u32, bounds: Bounds) -> Result<Scan, LogError> {
        let file = shared.file.load(Ordering::SeqCst);
        let mut found = match self.with(shared, |connection| scan::records(connection, partition, bounds)) {
            Err(error) if db::is_damage(&error) => Scan { structural: true, ..Scan::default() },
            other => other.map_err(|error| LogError::Transient(error.to_string()))?,
        };
        found.structural |= found.inconsistent && file == 0;
        if !found.damaged.is_empty() {
            RowsDamaged { partition, offsets: &found.damaged }.emit();
        }
        if found.structural {
            shared.suspect.fetch_max(file + 1, Ordering::SeqCst);
        }
        Ok(found)
    }

    fn with<T>(&self, shared: &Shared, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> rusqlite::Result<T> {
        let file = shared.file.load(Ordering::SeqCst);
        let rested = {
            let mut idle = self.idle.lock();
            if idle.0 != file {
                *idle = (file, Vec::new());
            }
            idle.1.pop()
        };
        let connection = match rested {
            Some(connection) => connection,
            None => db::open_reader(&shared.config.dir.join("log.db"))?,
        };
        let done = work(&connection)?;
        let mut idle = self.idle.lock();
        if idle.0 == file {
            idle.1.push(connection);
        }
        Ok(done)
    }
}

#[async_trait]
impl LogConsumer for LocalConsumer {
    fn assigned(&self) -> watch::Receiver<Assignment> {
        self.assigned.clone()
    }

    async fn claim(&self, partition: u32) -> Result<Position, LogError> {
        let owner = self.owner;
        let (claim, position) = ask(self.shared(), |reply| Command::Claim { partition, owner, reply }).await?;
        *self.claims[partition as usize].lock() = claim;
        Ok(position)
    }

    async fn read(
        &self,
        partition: u32,
        from: u64,
        records_max: usize,
        bytes_max: usize,
        wait: Duration,
    ) -> Result<Vec<LogRecord>, LogError> {
        let deadline = Instant::now() + wait;
        self.claimed(partition, "read")?;
        let mut views = self.shared().views[partition as usize].subscribe();
        loop {
            let view = *views.borrow_and_update();
            if from < view.start {
                return Err(LogError::RangeLost { partition, wanted: from, available: view.start });
            }
            if from < view.end {
                let bounds = Bounds { from, end: view.end, records_max: records_max.max(1), bytes_max };
                let found = self.scan(partition, bounds).await?;
                if !found.records.is_empty() {
                    return Ok(found.records);
                }
            }
            // Nothing, or nothing undamaged: wait for news rather than spin.
            match tokio::time::timeout_at(deadline, views.changed()).await {
                Ok(Ok(())) => self.claimed(partition, "read")?,
                Ok(Err(_)) => return Err(LogError::Fatal("the local log is closed".into())),
                Err(_) => return Ok(Vec::new()),
            };
        }
    }

    async fn read_range(&self, partition: u32, range: DeclaredRange) -> Result<Vec<LogRecord>, LogError> {
        self.claimed(partition, "read_range")?;
        let view = *self.shared().views[partition as usize].borrow();
        if range.first < view.start {
            return Err(LogError::RangeLost { partition, wanted: range.first, available: view.start });
        }
        let bounds = Bounds { from: range.first, end: range.last + 1, records_max: usize::MAX, bytes_max: usize::MAX };
        let found = self.scan(partition, bounds).await?;
        if found.structural {
            // The file is about to be replaced by all that is readable, and the range may hold more then.
            return Err(LogError::Transient("the log's file is damaged and being replaced".into()));
        }
        Ok(found.records)
    }

    async fn declare(&self, partition: u32, first: u64, last: u64) -> Result<(), LogError> {
        let claim = self.claimed(partition, "declare")?;
        ask(self.shared(), |reply| Command::Declare { partition, claim, first, last, reply }).await
    }

    async fn advance(&self, partition: u32, next: u64) -> Result<(), LogError> {
        let claim = self.claimed(partition, "advance")?;
        ask(self.shared(), |reply| Command::Advance { partition, claim, next, reply }).await
    }

    async fn end_offset(&self, partition: u32) -> Result<u64, LogError> {
        let view = self.shared().views.get(partition as usize);
        view.map(|view| view.borrow().end).ok_or(LogError::Fenced { partition })
    }

    fn topic(&self) -> &str {
        &self.shared().config.name
    }

    async fn close(&self) -> Result<(), LogError> {
        // Advances are durable already. Only the claims go.
        self.claims.iter().for_each(|claim| *claim.lock() = 0);
        self.shared().give_up(self.owner);
        Ok(())
    }
}
