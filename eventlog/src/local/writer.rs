//! The writer thread: the only one that changes the file. It takes all commands that wait, applies them in order to a copy of
//! the state, commits once with an fsync, and only then publishes the state and answers.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use felt_schema::clock::SharedClock;
use rusqlite::Connection;
use tokio::sync::oneshot;

use super::chunk::{Builder, Packer};
use super::db::{self, PartitionRow};
use super::open::{self, Opened};
use super::{Shared, UNCLEAN_JUMP, View, Waiting, retention};
use crate::events::{AppendFailed, Fenced, GroupCommitted};
use crate::protocol::Cursor;
use crate::{AppendError, Entry, Health, LogError, Position, partition_of};

/// Retention and self-repair run this often.
const TICK: Duration = Duration::from_millis(500);

/// A file damaged again this soon after it was replaced means a broken disk: stop instead of a crash loop.
const DAMAGE_PAUSE: Duration = Duration::from_secs(60);

/// Sweeps in one tick at most.
const SWEEPS_MAX: usize = 16;

type Answer<T> = oneshot::Sender<Result<T, LogError>>;

pub(crate) enum Command {
    Append { entries: Vec<Entry>, bytes: usize, reply: oneshot::Sender<Result<(), AppendError>> },
    Flush { reply: oneshot::Sender<Result<(), AppendError>> },
    Claim { partition: u32, owner: u64, reply: Answer<(u64, Position)> },
    Declare { partition: u32, claim: u64, first: u64, last: u64, reply: Answer<()> },
    Advance { partition: u32, claim: u64, next: u64, reply: Answer<()> },
    StoredBytes { reply: Answer<u64> },
    Backlog { reply: Answer<u64> },
    Waiting { reply: Answer<Waiting> },
}

/// An answer held back until its group is durable.
type Held = Box<dyn FnOnce(Result<(), &rusqlite::Error>) + Send>;

pub(crate) struct Writer {
    shared: Arc<Shared>,
    clock: SharedClock,
    path: PathBuf,
    /// `None` after an I/O error: opened anew, which also heals a disk that was read-only for a while.
    connection: Option<Connection>,
    _lock: File,
    rows: Vec<PartitionRow>,
    jump: Vec<bool>,
    epoch: u32,
    builders: Vec<Builder>,
    packer: Packer,
    swept: Instant,
    replaced: Option<Instant>,
}

pub(crate) fn view(row: &PartitionRow) -> View {
    View { start: row.start, end: row.end, claim: row.claim }
}

impl Writer {
    pub(crate) fn new(shared: Arc<Shared>, opened: Opened, clock: SharedClock) -> Result<Self, LogError> {
        let packer = Packer::new().map_err(|error| LogError::Fatal(format!("no compressor: {error}")))?;
        Ok(Self {
            clock,
            path: opened.path,
            connection: Some(opened.connection),
            _lock: opened.lock,
            jump: vec![opened.unclean; opened.rows.len()],
            epoch: opened.epoch,
            builders: opened.rows.iter().map(|_| Builder::default()).collect(),
            rows: opened.rows,
            packer,
            swept: Instant::now(),
            replaced: None,
            shared,
        })
    }

    pub(crate) fn run(mut self) {
        while let Some(commands) = self.shared.queue.take(TICK) {
            let mut group = Vec::with_capacity(commands.len());
            let mut bytes = 0;
            for command in commands {
                bytes += if let Command::Append { bytes, .. } = &command { *bytes } else { 0 };
                group.push(command);
                if bytes >= self.shared.config.group_bytes_max {
                    self.commit(std::mem::take(&mut group));
                    bytes = 0;
                }
            }
            if !group.is_empty() {
                self.commit(group);
            }
            if self.swept.elapsed() >= TICK {
                self.tick();
            }
        }
        self.close();
    }

    /// Without a clean mark the next life jumps its offsets; it must, while a jump of this life is still to come.
    pub(crate) fn close(mut self) {
        if let Some(connection) = self.connection.take()
            && !self.jump.contains(&true)
        {
            let _ = db::set_meta(&connection, "clean", 1);
        }
    }

    pub(crate) fn commit(&mut self, group: Vec<Command>) {
        let started = Instant::now();
        let full = self.full();
        let mut rows = self.rows.clone();
        let mut held: Vec<Held> = Vec::with_capacity(group.len());
        let mut touched = vec![false; rows.len()];
        let mut entries = 0;
        for command in group {
            match command {
                Command::Append { entries: batch, reply, .. } => {
                    if let Some(error) = full.clone() {
                        AppendFailed { entries: batch.len(), remedy: "wait", reason: "full" }.emit();
                        let _ = reply.send(Err(error));
                        continue;
                    }
                    for entry in &batch {
                        self.builders[partition_of(&entry.key, rows.len() as u32) as usize].push(entry);
                    }
                    entries += batch.len();
                    held.push(Box::new(move |done| {
                        let _ = reply.send(done.map_err(|error| AppendError::Transient(error.to_string())));
                    }));
                }
                Command::Flush { reply } => held.push(Box::new(move |done| {
                    let _ = reply.send(done.map_err(|error| AppendError::Transient(error.to_string())));
                })),
                Command::Claim { partition, owner, reply } => {
                    let answer = self.claim(&mut rows, partition, owner);
                    mark(&mut touched, partition, &answer);
                    held.push(hold(reply, answer));
                }
                Command::Declare { partition, claim, first, last, reply } => {
                    let answer = self.declare(&mut rows, partition, claim, first, last);
                    mark(&mut touched, partition, &answer);
                    held.push(hold(reply, answer));
                }
                Command::Advance { partition, claim, next, reply } => {
                    let answer = self.advance(&mut rows, partition, claim, next);
                    mark(&mut touched, partition, &answer);
                    held.push(hold(reply, answer));
                }
                Command::StoredBytes { reply } => {
                    let _ = reply.send(Ok(rows.iter().map(|row| row.bytes).sum()));
                }
                Command::Backlog { reply } => {
                    let _ = reply.send(Ok(rows.iter().map(|row| row.end.saturating_sub(row.next)).sum()));
                }
                Command::Waiting { reply } => {
                    let _ = reply.send(self.waiting().map_err(|error| LogError::Transient(error.to_string())));
                }
            }
        }
        if entries == 0 && !touched.contains(&true) {
            held.into_iter().for_each(|answer| answer(Ok(())));
            return;
        }
        match self.write(&mut rows, &mut touched) {
            Ok(()) => {
                self.publish(rows);
                held.into_iter().for_each(|answer| answer(Ok(())));
                let stored_bytes = self.rows.iter().map(|row| row.bytes).sum();
                GroupCommitted { entries, took: started.elapsed(), stored_bytes }.emit();
            }
            Err(error) => {
                self.failed(&error, entries);
                held.into_iter().for_each(|answer| answer(Err(&error)));
            }
        }
    }

    /// One transaction: the builders' chunks, then the rows of all touched partitions.
    fn write(&mut self, rows: &mut [PartitionRow], touched: &mut [bool]) -> rusqlite::Result<()> {
        let now_ms = self.clock.now_ms();
        let connection = match &self.connection {
            Some(connection) => connection,
            None => self.connection.insert(db::open_writer(&self.path)?),
        };
        connection.execute_batch("begin immediate")?;
        for (id, builder) in self.builders.iter_mut().enumerate().filter(|(_, builder)| !builder.is_empty()) {
            let row = &mut rows[id];
            if self.jump[id] {
                row.end += UNCLEAN_JUMP;
            }
            touched[id] = true;
            for chunk in builder.pack(&mut self.packer, id as u32, row.end).map_err(compressor)? {
                row.end += u64::from(chunk.count);
                row.bytes += chunk.packed.len() as u64;
                db::insert_chunk(connection, &chunk, now_ms)?;
            }
        }
        for (id, _) in touched.iter().enumerate().filter(|(_, touched)| **touched) {
            db::set_partition(connection, id as u32, &rows[id])?;
        }
        connection.execute_batch("commit")
    }

    fn publish(&mut self, rows: Vec<PartitionRow>) {
        for (id, row) in rows.iter().enumerate() {
            if row.end > self.rows[id].end {
                self.jump[id] = false;
            }
            let new = view(row);
            self.shared.views[id].send_if_modified(|old| std::mem::replace(old, new) != new);
        }
        self.rows = rows;
        *self.shared.health.lock() = self.health();
    }

    fn health(&self) -> Health {
        let (bytes, bytes_max) = (self.rows.iter().map(|row| row.bytes).sum::<u64>(), self.shared.config.bytes_max);
        if bytes >= bytes_max {
            Health::Down(format!("local log is full at {bytes} of {bytes_max} bytes"))
        } else if bytes / 4 >= bytes_max / 5 {
            Health::Degraded(format!("local log is nearly full at {bytes} of {bytes_max} bytes"))
        } else {
            Health::Ready
        }
    }

    fn failed(&mut self, error: &rusqlite::Error, entries: usize) {
        self.builders.iter_mut().for_each(Builder::clear);
        AppendFailed { entries, remedy: "wait", reason: &error.to_string() }.emit();
        *self.shared.health.lock() = Health::Down(format!("local log cannot write: {error}"));
        if db::is_damage(error) {
            self.replace(&error.to_string());
        } else {
            // Dropping the connection also rolls back; the next group opens the file anew.
            self.connection = None;
        }
    }

    /// Replaces a damaged file by one with all that is readable.
    fn replace(&mut self, reason: &str) {
        self.connection = None;
        if self.replaced.is_some_and(|at| at.elapsed() < DAMAGE_PAUSE) {
            *self.shared.health.lock() = Health::Down("local log was damaged twice in a minute: check the disk".into());
            self.shared.queue.close();
            return;
        }
        self.replaced = Some(Instant::now());
        match open::save(&self.path, &self.shared.config, &self.clock, reason) {
            Ok((connection, state)) => {
                self.connection = Some(connection);
                self.epoch = state.epoch;
                // What was published stays true where the file forgot it: claims and ends only grow.
                let mut rows = state.rows;
                for (row, known) in rows.iter_mut().zip(&self.rows) {
                    row.claim = row.claim.max(known.claim);
                    row.end = row.end.max(known.end);
                    row.next = row.next.max(known.next);
                    row.open = known.open;
                }
                self.jump.fill(true);
                self.shared.file.fetch_add(1, Ordering::SeqCst);
                self.publish(rows);
                self.jump.fill(true);
            }
            Err(error) => *self.shared.health.lock() = Health::Down(error.to_string()),
        }
    }

    pub(crate) fn tick(&mut self) {
        self.swept = Instant::now();
        let suspect = self.shared.suspect.load(Ordering::SeqCst);
        if suspect == self.shared.file.load(Ordering::SeqCst) + 1 {
            self.replace("a reader met a damaged page");
        }
        for _ in 0..SWEEPS_MAX {
            match self.sweep() {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) => return self.failed(&error, 0),
            }
        }
        if matches!(*self.shared.health.lock(), Health::Down(_)) {
            self.probe();
        }
    }

    fn sweep(&mut self) -> rusqlite::Result<usize> {
        let Some(connection) = &self.connection else { return Ok(0) };
        let mut rows = self.rows.clone();
        let removed = retention::sweep(connection, &self.shared.config, &mut rows, self.clock.now_ms())?;
        if removed > 0 {
            retention::shrink(connection, &rows)?;
            self.publish(rows);
        }
        Ok(removed)
    }

    /// A log that refused its last append gets no more of them from a balancer that asks for readiness: try by ourselves.
    fn probe(&mut self) {
        let probed = (|| {
            let connection = match &self.connection {
                Some(connection) => connection,
                None => self.connection.insert(db::open_writer(&self.path)?),
            };
            db::set_meta(connection, "probe", self.clock.now_ms())
        })();
        match probed {
            Ok(()) => *self.shared.health.lock() = self.health(),
            Err(_) => self.connection = None,
        }
    }

    fn full(&mut self) -> Option<AppendError> {
        let bytes_max = self.shared.config.bytes_max;
        let stored = |rows: &[PartitionRow]| rows.iter().map(|row| row.bytes).sum::<u64>();
        if stored(&self.rows) < bytes_max {
            return None;
        }
        while matches!(self.sweep(), Ok(removed) if removed > 0) && stored(&self.rows) >= bytes_max {}
        let bytes = stored(&self.rows);
        (bytes >= bytes_max).then_some(AppendError::Full { bytes, bytes_max })
    }

    /// As of the last commit.
    fn waiting(&mut self) -> rusqlite::Result<Waiting> {
        let connection = match &self.connection {
            Some(connection) => connection,
            None => self.connection.insert(db::open_writer(&self.path)?),
        };
        let mut waiting = Waiting::default();
        for (id, row) in self.rows.iter().enumerate() {
            let found = db::waiting(connection, id as u32, row.next)?;
            waiting.bytes += found.bytes;
            waiting.records += found.records;
            waiting.oldest_at_ms = [waiting.oldest_at_ms, found.oldest_at_ms].into_iter().flatten().min();
        }
        Ok(waiting)
    }

    fn claim(&self, rows: &mut [PartitionRow], partition: u32, owner: u64) -> Result<(u64, Position), LogError> {
        let row = rows.get_mut(partition as usize).ok_or_else(|| fenced(partition, "claim"))?;
        if owner != self.shared.owner.load(Ordering::SeqCst) {
            return Err(fenced(partition, "claim"));
        }
        row.claim += 1;
        Ok((row.claim, Position { next: row.next, open: row.open, epoch: self.epoch }))
    }

    fn declare(
        &self,
        rows: &mut [PartitionRow],
        partition: u32,
        claim: u64,
        first: u64,
        last: u64,
    ) -> Result<(), LogError> {
        let row = owned(rows, partition, claim, "declare")?;
        if last >= row.end {
            return Err(LogError::Invalid(format!("offset {last} is not in the log, which ends before {}", row.end)));
        }
        let mut cursor = Cursor::at(Position { next: row.next, open: row.open, epoch: self.epoch });
        row.open = Some(cursor.declare(first, last).map_err(LogError::Invalid)?);
        row.next = first;
        Ok(())
    }

    fn advance(&self, rows: &mut [PartitionRow], partition: u32, claim: u64, next: u64) -> Result<(), LogError> {
        let row = owned(rows, partition, claim, "advance")?;
        let mut cursor = Cursor::at(Position { next: row.next, open: row.open, epoch: self.epoch });
        cursor.advance(next).map_err(LogError::Invalid)?;
        row.next = next;
        row.open = None;
        Ok(())
    }
}

fn fenced(partition: u32, call: &'static str) -> LogError {
    Fenced { partition, call }.emit();
    LogError::Fenced { partition }
}

fn owned<'a>(
    rows: &'a mut [PartitionRow],
    partition: u32,
    claim: u64,
    call: &'static str,
) -> Result<&'a mut PartitionRow, LogError> {
    match rows.get_mut(partition as usize) {
        Some(row) if row.claim == claim => Ok(row),
        _ => Err(fenced(partition, call)),
    }
}

fn mark<T>(touched: &mut [bool], partition: u32, answer: &Result<T, LogError>) {
    if answer.is_ok() {
        touched[partition as usize] = true;
    }
}

fn hold<T: Send + 'static>(reply: Answer<T>, answer: Result<T, LogError>) -> Held {
    Box::new(move |done| {
        let _ = reply.send(match done {
            Ok(()) => answer,
            Err(error) => Err(LogError::Transient(error.to_string())),
        });
    })
}

fn compressor(error: std::io::Error) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(Box::new(error))
}
