//! One partition, strictly serial: claim, replay what is open, then collect, prepare, declare, write, advance, for ever.
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
use crate::prepare::{Job, Memory, PrepareError, Prepared, prepare};
use crate::prior::lookup;
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
    next: u64,
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
        known::load(&self.shared, self.partition, &self.stop).await?;
        if let Some(open) = position.open {
            self.replay(open).await?;
        }
        let mut collector = Collector::new(self.partition);
        loop {
            let records = match collector.collect(&self.shared, self.next, self.records_max, &self.stop).await {
                Err(Ended::Stop(ProcessorError::Log(error))) => {
                    self.survive(error).await?;
                    continue;
                }
                other => other?,
            };
            if records.is_empty() {
                self.idle().await?;
            } else {
                self.work_off(records, false).await?;
            }
        }
    }

    /// Repeats the range that was found open.
    async fn replay(&mut self, open: DeclaredRange) -> Result<(), Ended> {
        let records = loop {
            match self.log(|shared, partition| shared.consumer.read_range(partition, open)).await {
                Ok(records) => break records,
                Err(Ended::Stop(ProcessorError::Log(error))) => self.survive(error).await?,
                Err(ended) => return Err(ended),
            }
        };
        if records.is_empty() {
            return self.advance(open.last + 1).await;
        }
        // The range's own ends go into the token, whatever of it the log still has.
        self.work_off_as(records, true, Some(open)).await
    }

    /// Goes on after records that are gone; any other error of the log ends the processor.
    async fn survive(&mut self, error: LogError) -> Result<(), Ended> {
        let LogError::RangeLost { partition, wanted, available } = error else { return Err(error.into()) };
        RangeLost { partition, wanted, available }.emit();
        self.next = self.next.max(available);
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

    async fn work_off(&mut self, records: Vec<LogRecord>, replay: bool) -> Result<(), Ended> {
        self.work_off_as(records, replay, None).await
    }

    /// Works records off in one range, or in several where one will not do.
    async fn work_off_as(
        &mut self,
        records: Vec<LogRecord>,
        replay: bool,
        declared: Option<DeclaredRange>,
    ) -> Result<(), Ended> {
        let permit = self.shared.clone();
        let _permit = self.shared.until_stopped(&self.stop, permit.permits.acquire()).await?;
        let source = Source {
            topic: self.shared.consumer.topic().to_owned(),
            partition: self.partition,
            arrival_ms: self.arrival_ms,
        };
        let whole = 0..records.len();
        let job = Job { records: Arc::new(records), part: whole.clone(), source, replay, condemned: None };
        let mut todo = vec![(whole.clone(), None)];
        while let Some((part, condemned)) = todo.pop() {
            let job = Job { part: part.clone(), condemned, ..job.clone() };
            let range = declared.filter(|_| part == whole).unwrap_or_else(|| range_of(job.records()));
            match self.range(job.clone(), range).await {
                Ok(()) => {}
                Err(Failed::Ended(ended)) => return Err(ended),
                Err(Failed::Split(reason)) => self.split(&job, range, &reason, &mut todo).await?,
            }
        }
        self.records_max = (self.records_max * 2).min(self.shared.config.batch_records_max.max(1));
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
            Err(PrepareError::TooWide(error)) => return Err(Failed::Split(error.to_string())),
            Err(PrepareError::Ended(ended)) => return Err(ended.into()),
        };
        self.validity.add(job.records().len(), invalid)?;

        self.shared.reached("declare:before")?;
        let DeclaredRange { first, last } = range;
        retried(&self.shared, self.partition, &self.stop, || self.shared.consumer.declare(self.partition, first, last))
            .await?;
        self.shared.reached("declare:after")?;
        let token = format!("{}/{}/{}/{first}-{last}", self.epoch, job.source.topic, self.partition);
        let writer = Writer { shared: &self.shared, partition: self.partition, stop: &self.stop };
        match writer.write(&rows, &token).await {
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

    /// Cuts a range in two, or condemns its only record. Only while nothing of it is written: its rows would come again
    /// under another token.
    async fn split(
        &mut self,
        job: &Job,
        range: DeclaredRange,
        reason: &str,
        todo: &mut Vec<(Range<usize>, Option<String>)>,
    ) -> Result<(), Ended> {
        let DeclaredRange { first, last } = range;
        if job.replay {
            let written = lookup::written(&self.shared.store, self.partition, first, last);
            let written = self.shared.until_stopped(&self.stop, written).await?;
            if !written.is_ok_and(|rows| rows.is_empty()) {
                let message = format!("{reason}, and a part of the range is written already");
                let error = felt_store::StoreError::Permanent { code: None, message };
                return Err(Ended::Stop(ProcessorError::Refused { table: crate::write::PAGE_VIEWS, error }));
            }
        }
        Bisected { partition: self.partition, first, last, reason }.emit();
        let Range { start, end } = job.part.clone();
        if end - start == 1 {
            self.validity.condemned()?;
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
    Split(String),
}

impl From<Ended> for Failed {
    fn from(ended: Ended) -> Self {
        Self::Ended(ended)
    }
}

impl From<Refused> for Failed {
    fn from(refused: Refused) -> Self {
        if refused.is_bisectable() {
            return Self::Split(refused.error.to_string());
        }
        let Refused { table, error } = refused;
        Self::Ended(Ended::Stop(ProcessorError::Refused { table, error }))
    }
}

fn range_of(records: &[LogRecord]) -> DeclaredRange {
    let offset = |record: Option<&LogRecord>| record.map_or(0, |record| record.offset);
    DeclaredRange { first: offset(records.first()), last: offset(records.last()) }
}

async fn retried<T, F>(
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
