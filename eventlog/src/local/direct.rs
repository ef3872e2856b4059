//! The log's file without threads, so that a fuzzer opens thousands of them and finds the same with the same bytes. Opening,
//! commits, scans and replacing are [`super::LocalLog`]'s own; what is left out is waiting.

use std::sync::Arc;

use felt_schema::clock::SharedClock;
use tokio::sync::oneshot;

use super::consumer::Readers;
use super::scan::Bounds;
use super::writer::{Command, Writer};
use super::{Shared, prepare};
use crate::{AppendError, Entry, LocalLogConfig, LogError, LogRecord, Position};

/// A local log that does what it is told before it returns, and belongs to one caller.
pub struct DirectLog {
    shared: Arc<Shared>,
    writer: Writer,
    readers: Readers,
    owner: u64,
}

impl DirectLog {
    /// As [`super::LocalLog::open`], with the same errors.
    pub fn open(config: LocalLogConfig, clock: SharedClock) -> Result<Self, LogError> {
        let (shared, writer) = prepare(config, clock)?;
        let (owner, _) = shared.take_over();
        Ok(Self { shared, writer, readers: Readers::default(), owner })
    }

    /// Where work on the partition goes on.
    pub fn claim(&mut self, partition: u32) -> Result<Position, LogError> {
        let owner = self.owner;
        let (_, position) = self.tell(|reply| Command::Claim { partition, owner, reply })?;
        Ok(position)
    }

    /// Appends, with the fsync of it.
    pub fn append(&mut self, entries: Vec<Entry>) -> Result<(), AppendError> {
        let bytes = entries.iter().map(|entry| entry.key.len() + entry.value.len()).sum();
        self.tell(|reply| Command::Append { entries, bytes, reply })
    }

    /// Up to `records_max` records from offset `from` on and below `end`, or below the log's end.
    pub fn read(
        &self,
        partition: u32,
        from: u64,
        end: Option<u64>,
        records_max: usize,
    ) -> Result<Vec<LogRecord>, LogError> {
        let view = *self.shared.views[partition as usize].borrow();
        if from < view.start {
            return Err(LogError::RangeLost { partition, wanted: from, available: view.start });
        }
        let bounds = Bounds { from, end: end.unwrap_or(view.end), records_max, bytes_max: usize::MAX };
        Ok(self.readers.scan(&self.shared, partition, bounds)?.records)
    }

    /// The offset of the next record.
    pub fn end_offset(&self, partition: u32) -> u64 {
        self.shared.views[partition as usize].borrow().end
    }

    /// What the writer does twice a second: replaces a file that a reader found damaged, and lets go of old rows.
    pub fn tick(&mut self) {
        self.writer.tick();
    }

    /// Marks the log as closed in good order.
    pub fn close(self) {
        self.writer.close();
    }

    fn tell<T>(&mut self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> T {
        let (reply, mut answer) = oneshot::channel();
        self.writer.commit(vec![command(reply)]);
        answer.try_recv().expect("a group is answered when its commit is over")
    }
}
