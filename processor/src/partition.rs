//! One partition, strictly serial: claim, replay what is open, then collect, prepare, declare, write, advance, for ever.
//!
//! Ranges leave no gap between them: each begins where the one before ended, also where the log itself skips offsets. So
//! whoever compares the log's position with the store's ([`crate::position`]) knows that a difference is a loss.
//!
//! Rows are prepared before their range is declared, so that a range that would make too many rows can be cut while nobody
//! knows of it. Declaring fences: whoever lost the partition learns it there and drops the batch.

use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use felt_eventlog::{DeclaredRange, LogError, LogRecord};
use tokio_util::sync::CancellationToken;

use crate::batch::Source;
use crate::collect::Collector;
use crate::events::{BatchDone, Bisected, Claimed, Lag, LogRetried, RangeLost};
use crate::known;
use crate::pipeline::{ProcessorError, Shared};
use crate::position::{self, PositionRow};
use crate::prepare::{Job, Memory, PrepareError, Prepared, is_unwritten, prepare};
use crate::prior::recent::Recent;
use crate::route::Router;
use crate::user_agent::UserAgents;
use crate::validity::Validity;
use crate::write::{Backoff, Refused, WriteError, Writer};

/// Why a partition's loop ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// It was told to.
    Cancelled,
    /// Somebody else owns the partition.
    Fenced,
    /// The whole processor must stop.
    Stop(ProcessorError),
}

impl From<LogError> for Ended {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Fenced { .. } => Self::Fenced,
            other => Self::Stop(other.into()),
        }
    }
}

pub(crate) struct Partition {
    shared: Arc<Shared>,
    partition: u32,
    stop: CancellationToken,
    memory: Option<Box<Memory>>,
    validity: Validity,
    epoch: u32,
    /// Where the next range begins.
    next: u64,
    /// Where the log's oldest record is, when those from `next` on are gone.
    oldest: u64,
    /// Shrinks when ranges make too many rows, and grows again.
    records_max: usize,
    /// Latest arrival so far.
    arrival_ms: i64,
}

impl Partition {
    pub fn new(shared: Arc<Shared>, partition: u32, stop: CancellationToken) -> Self {
        let now_ms = shared.clock.now_ms();
        let memory = Memory {
            recent: Recent::new(shared.config.recent(), now_ms),
            agents: UserAgents::default(),
            router: Router::default(),
        };
        Self {
            partition,
            stop,
            memory: Some(Box::new(memory)),
            validity: Validity::new(&shared.config),
            epoch: 0,
            next: 0,
            oldest: 0,
            records_max: shared.config.batch_records_max.max(1),
            arrival_ms: now_ms,
            shared,
        }
    }

    /// Works until something ends it.
    pub async fn run(mut self) -> Ended {
        match self.work().await {
            Ok(never) => match never {},
            Err(ended) => {
                self.shared.health.well(self.partition);
                ended
            }
        }
    }

    async fn work(&mut self) -> Result<std::convert::Infallible, Ended> {
        let position = self.log(|shared, partition| shared.consumer.claim(partition)).await?;
        let open = position.open.map(|open| (open.first, open.last));
        Claimed { partition: self.partition, next: position.next, open }.emit();
        (self.epoch, self.next) = (position.epoch, position.next);
        position::check(&self.shared, self.partition, &position, &self.stop).await?;
        known::load(&self.shared, self.partition, &self.stop).await?;
        if let Some(open) = position.open {
            self.replay(open).await?;
        }
        let mut collector = Collector::new(self.partition);
        loop {
            let from = self.next.max(self.oldest);
            let records = match collector.collect(&self.shared, from, self.records_max, &self.stop).await {
                Err(Ended::Stop(ProcessorError::Log(error))) => {
                    self.survive(error).await?;
                    continue;
                }
                other => other?,
            };
            if records.is_empty() {
                self.idle().await?;
            } else {
                self.work_off(records, None).await?;
            }
        }
    }

    /// Repeats the range that was found open.
    async fn replay(&mut self, open: DeclaredRange) -> Result<(), Ended> {
        let mut left = open;
        let records = loop {
            match self.log(|shared, partition| shared.consumer.read_range(partition, left)).await {
                Ok(records) => break records,
                // The log has dropped a part of the range, or all of it: what is left is worked off.
                Err(Ended::Stop(ProcessorError::Log(LogError::RangeLost { partition, wanted, available }))) => {
                    RangeLost { partition, wanted, available }.emit();
                    left.first = available.max(left.first + 1);
                    if left.first > open.last {
                        break Vec::new();
                    }
                }
                Err(ended) => return Err(ended),
            }
        };
        // The range's own ends go into the token, whatever of it the log still has.
        self.work_off(records, Some(open)).await
    }

    /// Goes on after records that are gone; any other error of the log ends the processor.
    async fn survive(&mut self, error: LogError) -> Result<(), Ended> {
        let LogError::RangeLost { partition, wanted, available } = error else { return Err(error.into()) };
        RangeLost { partition, wanted, available }.emit();
        self.oldest = self.oldest.max(available);
        Ok(())
    }

    async fn idle(&mut self) -> Result<(), Ended> {
        let now_ms = self.shared.clock.now_ms();
        let end = self.log(|shared, partition| shared.consumer.end_offset(partition)).await?;
        Lag { partition: self.partition, records: end.saturating_sub(self.next) }.emit();
        if end <= self.next {
            self.shared.progress.note(self.partition, now_ms, self.next, false);
        }
        Ok(())
    }

    /// Works records off in one range, or in several where one will not do. `declared` is the range that was found open; its
    /// records may all be gone.
    async fn work_off(&mut self, records: Vec<LogRecord>, declared: Option<DeclaredRange>) -> Result<(), Ended> {
        let permit = self.shared.clone();
        let _permit = self.shared.until_stopped(&self.stop, permit.permits.acquire()).await?;
        let source = Source {
            topic: self.shared.consumer.topic().to_owned(),
            partition: self.partition,
            arrival_ms: self.arrival_ms,
        };
        let whole = 0..records.len();
        let replay = declared.is_some();
        let job = Job { records: Arc::new(records), part: whole.clone(), source, replay, condemned: None };
        let mut todo = vec![(whole.clone(), None)];
        while let Some((part, condemned)) = todo.pop() {
            let job = Job { part: part.clone(), condemned, ..job.clone() };
            let last = job.records().last().map_or(self.next, |record| record.offset);
            let last = declared.filter(|_| part.end == whole.end).map_or(last, |declared| declared.last);
            let range = DeclaredRange { first: self.next, last };
            match self.range(job.clone(), range).await {
                Ok(()) => {}
                Err(Failed::Ended(ended)) => return Err(ended),
                Err(Failed::TooWide(reason)) => {
                    // Of a range that was never declared nothing can be written.
                    if job.replay {
                        self.must_be_unwritten(&job, &reason).await?;
                    }
                    self.split(&job, range, &reason, &mut todo)?;
                }
                Err(Failed::Refused(reason)) => {
                    self.must_be_unwritten(&job, &reason).await?;
                    self.split(&job, range, &reason, &mut todo)?;
                }
            }
        }
        // Slowly: a range that has to be cut again has been worked out for nothing.
        let more = self.records_max + self.records_max / 8 + 1;
        self.records_max = more.min(self.shared.config.batch_records_max.max(1));
        Ok(())
    }

    /// One range: prepare, declare, write, advance.
    async fn range(&mut self, job: Job, range: DeclaredRange) -> Result<(), Failed> {
        let started = Instant::now();
        let memory = self.memory.take().unwrap_or_else(|| unreachable!("one range at a time has the memory"));
        let (memory, prepared) = prepare(self.shared.clone(), memory, job.clone(), self.stop.clone()).await?;
        let memory = self.memory.insert(memory);
        let Prepared { rows, latest_ms, invalid } = match prepared {
            Ok(prepared) => prepared,
            Err(PrepareError::TooWide(error)) => return Err(Failed::TooWide(error.to_string())),
            Err(PrepareError::Ended(ended)) => return Err(ended.into()),
        };
        self.validity.add(job.records().iter().map(|record| record.offset), &invalid)?;

        self.shared.reached("declare:before")?;
        let DeclaredRange { first, last } = range;
        retried(&self.shared, self.partition, &self.stop, || self.shared.consumer.declare(self.partition, first, last))
            .await?;
        self.shared.reached("declare:after")?;
        let token = format!("{}/{}/{}/{first}-{last}", self.epoch, job.source.topic, self.partition);
        let position = PositionRow {
            topic: job.source.topic.clone(),
            partition: self.partition,
            epoch: self.epoch,
            next_offset: last + 1,
        };
        let (partition, declared_at) = (self.partition, Instant::now());
        let mut writer = Writer { shared: &self.shared, partition, stop: &self.stop, range, declared_at };
        match writer.write(&rows, position, &token).await {
            Ok(()) if job.condemned.is_none() => self.validity.taken(),
            Ok(()) => {}
            Err(WriteError::Ended(ended)) => return Err(ended.into()),
            Err(WriteError::Refused(refused)) => return Err(refused.into()),
        }
        let done = BatchDone {
            partition: self.partition,
            records: job.records().len(),
            rows: rows.len(),
            dead_letters: rows.dead_letters.len(),
            took: started.elapsed(),
        };
        self.arrival_ms = latest_ms.unwrap_or(self.arrival_ms).max(self.arrival_ms);
        memory.recent.take(rows.view_states, self.arrival_ms);
        self.shared.reached("advance:before")?;
        self.advance(last + 1).await?;
        self.shared.reached("advance:after")?;
        if let Some(latest_ms) = latest_ms {
            self.shared.progress.note(self.partition, latest_ms, self.next, true);
        }
        done.emit();
        Ok(())
    }

    async fn advance(&mut self, next: u64) -> Result<(), Ended> {
        self.log(|shared, partition| shared.consumer.advance(partition, next)).await?;
        self.next = next;
        Ok(())
    }

    /// A range of which something is written must not be cut: its rows would come again under another token.
    async fn must_be_unwritten(&self, job: &Job, reason: &str) -> Result<(), Ended> {
        if is_unwritten(self.shared.clone(), job.clone(), self.stop.clone()).await? {
            return Ok(());
        }
        let message = format!("{reason}, and a part of the range is written already");
        let error = felt_store::StoreError::Permanent { code: None, message };
        Err(Ended::Stop(ProcessorError::Refused { table: crate::write::PAGE_VIEWS, error }))
    }

    /// Cuts a range in two, or condemns its only record.
    fn split(
        &mut self,
        job: &Job,
        range: DeclaredRange,
        reason: &str,
        todo: &mut Vec<(Range<usize>, Option<String>)>,
    ) -> Result<(), Ended> {
        let DeclaredRange { first, last } = range;
        Bisected { partition: self.partition, first, last, reason }.emit();
        let Range { start, end } = job.part.clone();
        if end - start == 1 {
            self.validity.refused()?;
            todo.push((start..end, Some(reason.to_owned())));
        } else {
            let middle = start + (end - start) / 2;
            self.records_max = (end - start).div_ceil(2);
            todo.push((middle..end, None));
            todo.push((start..middle, None));
        }
        Ok(())
    }

    /// A call to the log, tried again while its failure may pass.
    async fn log<'a, T, F>(&'a self, call: impl Fn(&'a Shared, u32) -> F) -> Result<T, Ended>
    where
        F: Future<Output = Result<T, LogError>> + 'a,
    {
        retried(&self.shared, self.partition, &self.stop, || call(&self.shared, self.partition)).await
    }
}

/// Why a range was not worked off.
enum Failed {
    Ended(Ended),
    /// It makes more rows than one insert may have.
    TooWide(String),
    /// The store refuses some of its rows for good.
    Refused(String),
}

impl From<Ended> for Failed {
    fn from(ended: Ended) -> Self {
        Self::Ended(ended)
    }
}

impl From<Refused> for Failed {
    fn from(refused: Refused) -> Self {
        if refused.is_bisectable() {
            return Self::Refused(refused.error.to_string());
        }
        let Refused { table, error } = refused;
        Self::Ended(Ended::Stop(ProcessorError::Refused { table, error }))
    }
}

/// A call to the log, tried again while its failure may pass.
pub(crate) async fn retried<T, F>(
    shared: &Shared,
    partition: u32,
    stop: &CancellationToken,
    call: impl Fn() -> F,
) -> Result<T, Ended>
where
    F: Future<Output = Result<T, LogError>>,
{
    let mut backoff = Backoff::new(shared.config.retry_wait_ms_max);
    loop {
        match shared.until_stopped(stop, call()).await? {
            Err(LogError::Transient(error)) => {
                let wait = backoff.next();
                LogRetried { partition, error: &error, wait }.emit();
                shared.health.trouble(partition, &error);
                shared.until_stopped(stop, tokio::time::sleep(wait)).await?;
            }
            other => return Ok(other?),
        }
    }
}
