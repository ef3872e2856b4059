//! A log in memory with one partition: the product's protocol and nothing else, with faults that a real one cannot be given
//! at will. Rules are broken here that are the log's to keep.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use felt_eventlog::protocol::Cursor;
use felt_eventlog::{Assignment, DeclaredRange, LogConsumer, LogError, LogRecord, Position};
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::Rule;

/// The log itself.
#[derive(Clone)]
pub struct MemoryLog(Arc<Mutex<State>>, Rule);

struct State {
    values: Vec<String>,
    /// Committed with its metadata.
    position: Position,
    /// Of the newest owner.
    generation: u64,
    appended: u64,
    declares: u64,
}

impl MemoryLog {
    pub fn new(rule: Rule, records: u64) -> Self {
        let position = Position { next: 0, open: None, epoch: 1 };
        let state = State { values: Vec::new(), position, generation: 0, appended: 0, declares: 0 };
        let log = Self(Arc::new(Mutex::new(state)), rule);
        log.append(records);
        log
    }

    fn append(&self, records: u64) {
        let mut state = self.0.lock();
        for _ in 0..records {
            let value = state.appended.to_string();
            state.values.push(value);
            state.appended += 1;
        }
    }

    /// What is in it.
    pub fn values(&self) -> Vec<String> {
        self.0.lock().values.clone()
    }

    /// Records and positions are gone, offsets begin anew. Whoever owned it is out.
    pub fn lose(&self, records: u64) {
        let mut state = self.0.lock();
        state.values.clear();
        let epoch = state.position.epoch + u32::from(self.1 != Rule::TokenWithoutEpoch);
        state.position = Position { next: 0, open: None, epoch };
        state.generation += 1;
        drop(state);
        self.append(records);
    }

    /// A new owner; it takes the partition over when it claims.
    pub fn heir(&self) -> Arc<dyn LogConsumer> {
        Arc::new(Member { log: self.clone(), held: Mutex::new((u64::MAX, None)) })
    }
}

/// One owner's side.
struct Member {
    log: MemoryLog,
    /// The generation that it claimed under, and where it is by its own account.
    held: Mutex<(u64, Option<Cursor>)>,
}

impl Member {
    fn commit(&self, change: impl Fn(&mut Cursor) -> Result<(), String>, durable: bool) -> Result<(), LogError> {
        let mut state = self.log.0.lock();
        let (generation, cursor) = *self.held.lock();
        let Some(mut cursor) = cursor else { return Err(LogError::Fenced { partition: 0 }) };
        if generation != state.generation && self.log.1 != Rule::NoFence {
            return Err(LogError::Fenced { partition: 0 });
        }
        change(&mut cursor).map_err(LogError::Invalid)?;
        if durable {
            state.position = cursor.position();
        }
        self.held.lock().1 = Some(cursor);
        Ok(())
    }
}

#[async_trait]
impl LogConsumer for Member {
    fn assigned(&self) -> watch::Receiver<Assignment> {
        watch::channel(Assignment::default()).1
    }

    async fn claim(&self, _partition: u32) -> Result<Position, LogError> {
        let mut state = self.log.0.lock();
        state.generation += 1;
        let mut position = state.position;
        if self.log.1 == Rule::NoIntent {
            position.open = None;
        }
        *self.held.lock() = (state.generation, Some(Cursor::at(position)));
        Ok(position)
    }

    async fn read(
        &self,
        _partition: u32,
        from: u64,
        records_max: usize,
        _bytes_max: usize,
        _wait: Duration,
    ) -> Result<Vec<LogRecord>, LogError> {
        let state = self.log.0.lock();
        let records = state.values.iter().zip(0u64..).skip(from as usize).take(records_max);
        let record =
            |(value, offset): (&String, u64)| LogRecord { offset, key: "k".into(), value: value.clone().into() };
        Ok(records.map(record).collect())
    }

    async fn read_range(&self, partition: u32, range: DeclaredRange) -> Result<Vec<LogRecord>, LogError> {
        let count = (range.last - range.first + 1) as usize;
        self.read(partition, range.first, count, usize::MAX, Duration::ZERO).await
    }

    /// One in five declares has an unknown outcome; half of those were made.
    async fn declare(&self, _partition: u32, first: u64, last: u64) -> Result<(), LogError> {
        let number = {
            let mut state = self.log.0.lock();
            state.declares += 1;
            state.declares * 7 % 10
        };
        let unknown = || Err(LogError::Transient("the broker does not answer".into()));
        if number == 3 {
            return unknown();
        }
        self.commit(|cursor| cursor.declare(first, last).map(|_| ()), true)?;
        if number == 6 { unknown() } else { Ok(()) }
    }

    /// As on Kafka: durable with the next declare only.
    async fn advance(&self, _partition: u32, next: u64) -> Result<(), LogError> {
        self.commit(|cursor| cursor.advance(next), false)
    }

    async fn end_offset(&self, _partition: u32) -> Result<u64, LogError> {
        Ok(self.log.0.lock().values.len() as u64)
    }

    fn topic(&self) -> &str {
        "memory"
    }

    async fn close(&self) -> Result<(), LogError> {
        Ok(())
    }
}
