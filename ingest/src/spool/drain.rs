//! The drain: what waits in the spool goes to Kafka, in order, behind the live traffic. While Kafka is away, it is what goes on
//! trying, and what finds out that Kafka is back.
//!
//! Counts of refusals among the records go back to the ledger, which writes them so that none counts twice; page views may be sent
//! again after a crash or a lost acknowledgement, and the processor counts each once.

use super::pace::{Pace, SAMPLES_MIN, WATCHED};
use super::{Opened, Spool};
use crate::durable::Durable;
use crate::events;
use crate::outcomes::Ledger;
use bytes::Bytes;
use felt_eventlog::{AppendError, Entry, LogConsumer, LogError, LogRecord};
use felt_schema::record::Record;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// The only partition.
const PARTITION: u32 = 0;

/// One batch, while Kafka answers …
const BATCH_RECORDS_MAX: usize = 500;
const BATCH_BYTES_MAX: usize = 512 << 10;

/// … and while it is asked whether it does.
const PROBE_RECORDS: usize = 16;

/// How long an empty spool is waited for.
const IDLE_WAIT: Duration = Duration::from_millis(500);

/// After Kafka or the disk refused something.
const RETRY_PAUSE: Duration = Duration::from_millis(500);

/// Damage is read again this often before it is passed: a damaged file is being replaced by what is readable of it.
const DAMAGE_RETRIES: u32 = 4;

/// Folders that dead processes left are looked for this often.
const ADOPT_INTERVAL: Duration = Duration::from_secs(10);

/// Before the first drain, the live traffic is watched this long: what is not known cannot be kept.
const WATCH_TIME: Duration = Duration::from_secs(1);

/// When told to stop, what is under way to a Kafka that answers is waited for this long, so that it need not be sent again.
const LAST_WAIT: Duration = Duration::from_secs(1);

pub(crate) struct Drain {
    pub(crate) durable: Arc<Durable>,
    pub(crate) spool: Arc<Spool>,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) stop: CancellationToken,
}

/// Told to stop, or the file must be opened anew.
enum Interrupted {
    Stopped,
    Broken(String),
}

impl From<LogError> for Interrupted {
    fn from(error: LogError) -> Self {
        Self::Broken(error.to_string())
    }
}

impl Drain {
    /// Runs until told to stop.
    pub(crate) async fn run(self) {
        while !self.stop.is_cancelled() {
            let Ok(opened) = self.spool.reopen().await else {
                let _ = self.sleep(RETRY_PAUSE).await;
                continue;
            };
            match self.follow(&opened).await {
                Interrupted::Stopped => return,
                Interrupted::Broken(why) => {
                    events::spool_broken(&why);
                    let _ = self.sleep(RETRY_PAUSE).await;
                    self.spool.give_up(&opened, &why);
                    // The last handle joins the writer's thread.
                    let _ = tokio::task::spawn_blocking(move || drop(opened)).await;
                }
            }
        }
    }

    /// Drains the process's own spool for as long as it lives, and what others left in between.
    async fn follow(&self, own: &Opened) -> Interrupted {
        let mut source = match Source::claim(own).await {
            Ok(source) => source,
            Err(error) => return error.into(),
        };
        let mut adopted = None;
        loop {
            match self.step(&mut source, IDLE_WAIT).await {
                Ok(Step::Drained) => {}
                Ok(Step::Empty) => {
                    let end = source.end();
                    events::spool_dropped(self.spool.settle(|| end == source.end() && end <= source.next));
                    self.durable.doubts.forget_settled();
                    let is_due = adopted.is_none_or(|at: Instant| at.elapsed() >= ADOPT_INTERVAL);
                    if is_due && !self.durable.circuit.is_open() {
                        adopted = Some(Instant::now());
                        if let Err(interrupted) = self.adopt(own).await {
                            return interrupted;
                        }
                    }
                }
                Err(interrupted) => return interrupted,
            }
        }
    }

    /// Drains one folder that a dead process left, if there is any.
    async fn adopt(&self, own: &Opened) -> Result<(), Interrupted> {
        let Some(left) = self.spool.adopt(own).await else { return Ok(()) };
        let drained = async {
            let mut source = Source::claim(&left).await?;
            source.is_own = false;
            while matches!(self.step(&mut source, Duration::ZERO).await?, Step::Drained) {}
            Ok::<_, Interrupted>(source.passed)
        };
        match drained.await {
            Ok(passed) => {
                events::spool_dropped(left.records.saturating_sub(passed));
                let _ = felt_eventlog::EventLog::close(&left.log).await;
                left.slot.remove_log();
                Ok(())
            }
            Err(Interrupted::Broken(why)) => {
                // Its trouble is not ours; the next round tries again.
                events::spool_broken(&why);
                Ok(())
            }
            Err(stopped) => Err(stopped),
        }
    }

    /// One batch from reading to having passed it, and the pause that it owes.
    async fn step(&self, source: &mut Source<'_>, wait: Duration) -> Result<Step, Interrupted> {
        // A Kafka that answers, but late, gets a whole batch between two probes: the live traffic is not there to be slowed down.
        source.is_probe = self.durable.circuit.is_open() && !source.is_late;
        source.is_late = false;
        let records_max = if source.is_probe { PROBE_RECORDS } else { BATCH_RECORDS_MAX };
        let batch = tokio::select! {
            batch = source.read(records_max, wait) => batch?,
            () = self.stop.cancelled() => return Err(Interrupted::Stopped),
        };
        let Some(last) = batch.last().map(|record| record.offset) else { return Ok(Step::Empty) };
        self.durable.note_oldest(oldest_ms(&batch));
        let records = batch.len() as u64;
        let Delivered { took, counts } = self.deliver(batch, source).await?;
        source.pass(last + 1, records).await?;
        // After they are passed: a crash between loses counts of refusals, and never doubles them.
        for value in &counts {
            if let Ok(Record::Outcomes(counts)) = Record::decode(value) {
                self.ledger.take_back(&counts);
            }
        }
        if source.is_own {
            self.spool.passed(records);
        }
        if !self.durable.circuit.is_open() {
            let (live, normal) = (&self.durable.latencies, self.durable.normal());
            let share_max = self.spool.config().drain_share_max;
            let pace = source.pace.get_or_insert_with(|| Pace::new(share_max, live));
            let pause = pace.pause_after(took, live, normal);
            self.sleep(pause).await?;
        }
        Ok(Step::Drained)
    }

    /// Sends what is to be sent until it is acknowledged.
    async fn deliver(&self, batch: Vec<LogRecord>, source: &mut Source<'_>) -> Result<Delivered, Interrupted> {
        let mut entries = Vec::with_capacity(batch.len());
        let mut counts = Vec::new();
        let deadline = self.durable.doubts.deadline();
        for record in batch {
            if holds_counts(&record.value) {
                counts.push(record.value);
                continue;
            }
            let was_delivered = tokio::select! {
                was = self.durable.doubts.was_delivered(&record.value, deadline) => was,
                () = self.stop.cancelled() => return Err(Interrupted::Stopped),
            };
            if was_delivered {
                events::not_sent_again(1);
            } else {
                entries.push(Entry { key: record.key, value: record.value });
            }
        }
        if entries.is_empty() {
            return Ok(Delivered { took: Duration::ZERO, counts });
        }
        if self.durable.normal().is_none() && !self.durable.circuit.is_open() && !source.has_watched {
            source.has_watched = true;
            self.watch().await?;
        }
        loop {
            let begin = Instant::now();
            match self.send(&entries).await? {
                Ok(()) => {
                    let took = begin.elapsed();
                    events::drained(entries.len() as u64);
                    source.is_late = !self.durable.drained_in(took, source.is_probe) && source.is_probe;
                    return Ok(Delivered { took, counts });
                }
                Err(AppendError::TooLarge { .. }) => {
                    self.one_by_one(&entries).await?;
                    return Ok(Delivered { took: begin.elapsed(), counts });
                }
                Err(error) => {
                    events::not_drained(&error);
                    self.durable.circuit.late();
                    self.sleep(RETRY_PAUSE).await?;
                }
            }
        }
    }

    /// Sends the entries of a batch of which one is too large for Kafka, and gives that one up.
    async fn one_by_one(&self, entries: &[Entry]) -> Result<(), Interrupted> {
        for entry in entries {
            loop {
                match self.send(std::slice::from_ref(entry)).await? {
                    Ok(()) => events::drained(1),
                    Err(AppendError::TooLarge { .. }) => events::spool_dropped(1),
                    Err(error) => {
                        events::not_drained(&error);
                        self.sleep(RETRY_PAUSE).await?;
                        continue;
                    }
                }
                break;
            }
        }
        Ok(())
    }

    /// Waits for Kafka's own word, however long it takes: giving up early would send it twice.
    async fn send(&self, entries: &[Entry]) -> Result<Result<(), AppendError>, Interrupted> {
        let _trying = self.durable.trying();
        let told = async {
            self.stop.cancelled().await;
            if !self.durable.circuit.is_open() {
                tokio::time::sleep(LAST_WAIT).await;
            }
        };
        tokio::select! {
            sent = self.durable.log.append(entries.to_vec()) => Ok(sent),
            () = told => Err(Interrupted::Stopped),
        }
    }

    /// Watches the live traffic while nothing is drained, so that it is known how fast it is then.
    async fn watch(&self) -> Result<(), Interrupted> {
        let begin = self.durable.latencies.mark();
        self.sleep(WATCH_TIME).await?;
        if let Some(normal) = self.durable.latencies.quantile(&begin, WATCHED, SAMPLES_MIN) {
            self.durable.set_normal(normal);
        }
        Ok(())
    }

    async fn sleep(&self, time: Duration) -> Result<(), Interrupted> {
        tokio::select! {
            () = tokio::time::sleep(time) => Ok(()),
            () = self.stop.cancelled() => Err(Interrupted::Stopped),
        }
    }
}

enum Step {
    Drained,
    Empty,
}

/// A batch that is in Kafka.
struct Delivered {
    /// How long its acknowledgement took.
    took: Duration,
    /// Its records of counts, which are not sent from here.
    counts: Vec<Bytes>,
}

/// Where one local log is read.
struct Source<'a> {
    opened: &'a Opened,
    next: u64,
    passed: u64,
    damage_met: u32,
    is_own: bool,
    /// The batch under way asks whether Kafka is back.
    is_probe: bool,
    /// The last one that asked was answered late.
    is_late: bool,
    /// The live traffic was watched once; if there was too little of it, there is nobody to give way to.
    has_watched: bool,
    pace: Option<Pace>,
}

impl<'a> Source<'a> {
    async fn claim(opened: &'a Opened) -> Result<Self, LogError> {
        let next = opened.consumer.claim(PARTITION).await?.next;
        Ok(Self {
            opened,
            next,
            passed: 0,
            damage_met: 0,
            is_own: true,
            is_probe: false,
            is_late: false,
            has_watched: false,
            pace: None,
        })
    }

    fn end(&self) -> u64 {
        // Partition 0 always exists.
        futures::FutureExt::now_or_never(self.opened.consumer.end_offset(PARTITION)).and_then(Result::ok).unwrap_or(0)
    }

    /// The next records; none when there are none, or none that can be read.
    async fn read(&mut self, records_max: usize, wait: Duration) -> Result<Vec<LogRecord>, Interrupted> {
        // Before the look: what is appended during it is not damaged.
        let end = self.end();
        let wait = if self.next < end { Duration::ZERO } else { wait };
        match self.opened.consumer.read(PARTITION, self.next, records_max, BATCH_BYTES_MAX, wait).await {
            Ok(records) if !records.is_empty() => {
                self.damage_met = 0;
                Ok(records)
            }
            Ok(_) if self.next >= end => Ok(Vec::new()),
            Ok(_) => {
                self.damage_met += 1;
                tokio::time::sleep(RETRY_PAUSE).await;
                if self.damage_met > DAMAGE_RETRIES {
                    self.damage_met = 0;
                    self.pass(end, 0).await?;
                }
                Ok(Vec::new())
            }
            Err(LogError::RangeLost { available, .. }) => {
                self.next = available;
                Ok(Vec::new())
            }
            Err(LogError::Transient(why)) => {
                events::spool_broken(&why);
                tokio::time::sleep(RETRY_PAUSE).await;
                Ok(Vec::new())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Notes how far it is. A disk that is full does not hold the drain up: a later note covers this one.
    async fn pass(&mut self, next: u64, records: u64) -> Result<(), Interrupted> {
        (self.next, self.passed) = (next, self.passed + records);
        match self.opened.consumer.advance(PARTITION, next).await {
            Ok(()) => Ok(()),
            Err(LogError::Transient(why)) => {
                events::spool_broken(&why);
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Whether a record is counts of refusals, told by its head: decoding each record would cost more than sending it.
fn holds_counts(value: &[u8]) -> bool {
    const KIND: &[u8] = b"\"outcomes\"";
    value[..value.len().min(40)].windows(KIND.len()).any(|window| window == KIND)
}

/// When the first record arrived. They are in the order of arrival, nearly.
fn oldest_ms(batch: &[LogRecord]) -> Option<i64> {
    Record::decode(&batch.first()?.value).ok().map(|record| record.received_at_ms())
}

#[cfg(test)]
mod tests {
    use super::*;
    use felt_schema::record::OutcomesRecord;

    #[test]
    fn a_record_of_counts_is_told_by_its_head() {
        let counts = OutcomesRecord { site: "shop".into(), minute_ms: 60_000, counts: Vec::new() };
        assert!(holds_counts(&Record::Outcomes(counts).encode()));
        assert!(!holds_counts(br#"{"v":1,"record":{"view":{"received_at_ms":1,"site":"\"outcomes\""}}}"#));
        assert!(!holds_counts(b""));
    }
}
