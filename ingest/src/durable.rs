//! The one door to the log: what comes back from here as `Ok` survives a crash, and only that is answered with 204.
//!
//! It bounds how much may wait for the log, and how long. With a [`Spool`] behind it, a log that acknowledges late, or not at
//! all, costs no beacon: the record goes to the spool, and from there to the log when that answers again.

use crate::IngestConfig;
use crate::events;
use crate::spool::circuit::Circuit;
use crate::spool::doubt::{Doubts, InDoubt};
use crate::spool::latency::Latencies;
use crate::spool::{NotSpooled, Spool};
use felt_eventlog::{AppendError, Entry, EventLog, Health, Remedy};
use felt_http::health::{Check, Readiness};
use futures::future::BoxFuture;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// Permits are counted in these, since a semaphore's number is small.
const PERMIT_BYTES: usize = 1024;

/// Below the time that a readiness check is given as a whole.
const HEALTH_TIMEOUT: Duration = Duration::from_secs(1);

/// An append under way, which nothing but its own end ends.
type Append = BoxFuture<'static, Result<(), AppendError>>;

/// Why nothing is known to be durable.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum NotDurable {
    /// One record is larger than the log takes.
    #[error("a snapshot is larger than the log takes")]
    TooLarge,
    /// As much is waiting for the log as may.
    #[error("too much is waiting for the log")]
    Busy,
    /// The log did not answer in time.
    #[error("the log did not answer in time")]
    TimedOut,
    /// The log says no.
    #[error("{0}")]
    Log(AppendError),
    /// The log does not answer, and the spool says no.
    #[error("the log does not answer, and {0}")]
    Spool(NotSpooled),
}

/// Appends to the log within bounds.
pub(crate) struct Durable {
    pub(crate) log: Arc<dyn EventLog>,
    pub(crate) spool: Option<Arc<Spool>>,
    pub(crate) circuit: Circuit,
    pub(crate) doubts: Doubts,
    /// Of the live traffic's acknowledgements.
    pub(crate) latencies: Latencies,
    room: Semaphore,
    permits_max: usize,
    timeout: Duration,
    /// Microseconds after which an acknowledgement is late.
    bound_us: AtomicU64,
    bound_max: Duration,
    /// Microseconds of the watched part of the acknowledgements without a drain; 0 = not known.
    normal_us: AtomicU64,
    /// The drain waits for Kafka's answer.
    is_trying: AtomicBool,
    /// Arrival of the record that the drain has in hand.
    oldest_ms: AtomicI64,
}

impl Durable {
    pub(crate) fn new(log: Arc<dyn EventLog>, spool: Option<Arc<Spool>>, config: &IngestConfig) -> Self {
        let permits_max = (config.append_bytes_max / PERMIT_BYTES).clamp(1, Semaphore::MAX_PERMITS);
        let bound_max = Duration::from_millis(config.spool.bound_max_ms);
        Self {
            log,
            spool,
            circuit: Circuit::new(config.spool.late_in_a_row_max),
            doubts: Doubts::default(),
            latencies: Latencies::new(),
            room: Semaphore::new(permits_max),
            permits_max,
            timeout: Duration::from_millis(config.append_timeout_ms),
            bound_us: AtomicU64::new(bound_max.as_micros() as u64),
            bound_max,
            normal_us: AtomicU64::new(0),
            is_trying: AtomicBool::new(false),
            oldest_ms: AtomicI64::new(0),
        }
    }

    /// Appends, and returns when it is durable or known to be in doubt. Never waits for room: a beacon that cannot go on now is
    /// better repeated by its sender than held here.
    pub(crate) async fn append(self: &Arc<Self>, entries: Vec<Entry>) -> Result<(), NotDurable> {
        let permits = self.permits(&entries);
        let Ok(_room) = self.room.try_acquire_many(permits) else {
            events::append_failed(&NotDurable::Busy);
            return Err(NotDurable::Busy);
        };
        let result = match &self.spool {
            None => self.append_within(entries, self.timeout).await,
            Some(spool) if self.circuit.is_open() => self.spill_at_once(spool, entries).await,
            Some(spool) => self.append_or_spill(spool, entries).await,
        };
        if let Err(error) = &result {
            events::append_failed(error);
        }
        result
    }

    /// Kafka is expected to answer: it is waited for as long as it usually takes, and then some.
    async fn append_or_spill(self: &Arc<Self>, spool: &Spool, entries: Vec<Entry>) -> Result<(), NotDurable> {
        let begin = Instant::now();
        let mut append = self.begin(entries.clone());
        match tokio::time::timeout(self.bound(), &mut append).await {
            Ok(Ok(())) => {
                self.latencies.record(begin.elapsed());
                self.circuit.in_time();
                Ok(())
            }
            Ok(Err(AppendError::TooLarge { .. })) => Err(NotDurable::TooLarge),
            Ok(Err(error)) => {
                self.circuit.late();
                let records = entries.len();
                match spool.append(entries).await {
                    Ok(()) => {
                        events::spilled("failed", records);
                        Ok(())
                    }
                    Err(_) => Err(NotDurable::Log(error)),
                }
            }
            Err(_) => {
                self.circuit.late();
                let (doubt, records) = (self.doubts.begin(&entries), entries.len());
                // On its own: the sender may go away at any await, and a doubt that nobody settles holds the drain up.
                let watched = tokio::spawn(self.clone().watch(append, begin, doubt));
                match spool.append(entries).await {
                    Ok(()) => {
                        events::spilled("late", records);
                        Ok(())
                    }
                    // Then it is worth waiting longer. Nothing is lost that could be kept.
                    Err(error) => {
                        let left = self.timeout.saturating_sub(begin.elapsed());
                        match tokio::time::timeout(left, watched).await {
                            Ok(Ok(true)) => Ok(()),
                            _ => Err(NotDurable::Spool(error)),
                        }
                    }
                }
            }
        }
    }

    /// Kafka is not expected to answer.
    async fn spill_at_once(&self, spool: &Spool, entries: Vec<Entry>) -> Result<(), NotDurable> {
        let records = entries.len();
        // Only a Kafka that was heard of lately is worth waiting for when the spool says no.
        let is_slow = self.circuit.heard_within(self.timeout);
        let kept = if is_slow { entries.clone() } else { Vec::new() };
        match spool.append(entries).await {
            Ok(()) => {
                events::spilled("away", records);
                Ok(())
            }
            Err(NotSpooled::TooLarge) => Err(NotDurable::TooLarge),
            Err(_) if is_slow => self.append_within(kept, self.timeout).await,
            Err(error) => Err(NotDurable::Spool(error)),
        }
    }

    /// Follows an append whose records go to the spool as well, until the log says whether it has them.
    async fn watch(self: Arc<Self>, append: Append, begin: Instant, doubt: InDoubt) -> bool {
        let delivered = append.await.is_ok();
        if delivered {
            self.latencies.record(begin.elapsed());
            self.circuit.heard();
        }
        self.doubts.settle(doubt, delivered);
        delivered
    }

    /// As [`append`](Self::append), but waits for room and for the log, and repeats for up to `patience` while the log says that
    /// waiting helps. For imports: they are never spooled, because their sender waits and repeats.
    pub(crate) async fn append_patiently(&self, entries: Vec<Entry>, patience: Duration) -> Result<(), NotDurable> {
        let _room = self.room.acquire_many(self.permits(&entries)).await.map_err(|_| NotDurable::Busy)?;
        let (begin, mut pause) = (Instant::now(), Duration::from_millis(50));
        loop {
            // Repeated entries may already be in the log; the processor counts each view once.
            let left = patience.saturating_sub(begin.elapsed()).max(self.timeout);
            match self.append_within(entries.clone(), left).await {
                Err(NotDurable::Log(error)) if error.remedy() == Remedy::Wait && begin.elapsed() < patience => {}
                Err(NotDurable::TimedOut) if begin.elapsed() < patience => {}
                result => {
                    if let Err(error) = &result {
                        events::append_failed(error);
                    }
                    return result;
                }
            }
            tokio::time::sleep(pause.mul_f64(0.5 + rand::random::<f64>())).await;
            pause = (pause * 2).min(Duration::from_secs(2));
        }
    }

    async fn append_within(&self, entries: Vec<Entry>, time: Duration) -> Result<(), NotDurable> {
        match tokio::time::timeout(time, self.log.append(entries)).await {
            Ok(Ok(())) => {
                self.circuit.heard();
                Ok(())
            }
            Ok(Err(AppendError::TooLarge { .. })) => Err(NotDurable::TooLarge),
            Ok(Err(error)) => Err(NotDurable::Log(error)),
            Err(_) => Err(NotDurable::TimedOut),
        }
    }

    /// Begins an append that goes on for as long as the log takes to say what became of it.
    pub(crate) fn begin(&self, entries: Vec<Entry>) -> Append {
        let log = self.log.clone();
        Box::pin(async move { log.append(entries).await })
    }

    /// Waits for everything that was appended.
    pub(crate) async fn flush(&self) -> Result<(), NotDurable> {
        self.log.flush().await.map_err(NotDurable::Log)
    }

    /// How long an acknowledgement may take.
    pub(crate) fn bound(&self) -> Duration {
        Duration::from_micros(self.bound_us.load(Ordering::Relaxed))
    }

    pub(crate) fn set_bound(&self, bound: Duration) {
        self.bound_us.store(bound.as_micros() as u64, Ordering::Relaxed);
    }

    /// How long the watched part of the live acknowledgements takes without a drain.
    pub(crate) fn normal(&self) -> Option<Duration> {
        let normal_us = self.normal_us.load(Ordering::Relaxed);
        (normal_us > 0).then(|| Duration::from_micros(normal_us))
    }

    pub(crate) fn set_normal(&self, normal: Duration) {
        self.normal_us.store(normal.as_micros() as u64, Ordering::Relaxed);
    }

    /// The drain's batch was acknowledged; says whether in time. Only a probe, which is small, is judged.
    pub(crate) fn drained_in(&self, took: Duration, is_probe: bool) -> bool {
        let is_in_time = took <= self.bound_max;
        match is_probe && is_in_time {
            true => self.circuit.drained_in_time(),
            false => self.circuit.heard(),
        }
        is_in_time
    }

    /// While the guard lives, the drain waits for Kafka's answer.
    pub(crate) fn trying(&self) -> impl Drop + '_ {
        struct Trying<'a>(&'a AtomicBool);
        impl Drop for Trying<'_> {
            fn drop(&mut self) {
                self.0.store(false, Ordering::Relaxed);
            }
        }
        self.is_trying.store(true, Ordering::Relaxed);
        Trying(&self.is_trying)
    }

    pub(crate) fn is_trying(&self) -> bool {
        self.is_trying.load(Ordering::Relaxed)
    }

    pub(crate) fn note_oldest(&self, at_ms: Option<i64>) {
        self.oldest_ms.store(at_ms.unwrap_or(0), Ordering::Relaxed);
    }

    /// How long the oldest record has waited, in seconds; 0 when none does.
    pub(crate) fn oldest_age_seconds(&self, spool: &Spool) -> f64 {
        match (spool.records(), self.oldest_ms.load(Ordering::Relaxed)) {
            (0, _) | (_, 0) => 0.0,
            (_, at_ms) => (spool.now_ms() - at_ms).max(0) as f64 / 1e3,
        }
    }

    fn permits(&self, entries: &[Entry]) -> u32 {
        let bytes: usize = entries.iter().map(|entry| entry.key.len() + entry.value.len()).sum();
        bytes.div_ceil(PERMIT_BYTES).clamp(1, self.permits_max) as u32
    }

    /// The log's own word, in time for a probe.
    pub(crate) async fn log_health(&self) -> Health {
        let unanswered = || Health::Down("the log's health is not known within a second".into());
        tokio::time::timeout(HEALTH_TIMEOUT, self.log.healthy()).await.unwrap_or_else(|_| unanswered())
    }

    async fn readiness(&self, spool: &Spool) -> Readiness {
        let fault = spool.fault().await;
        let waiting = match (spool.records(), self.oldest_age_seconds(spool)) {
            (0, _) => "nothing waits in the spool".to_owned(),
            (records, age) => format!("{records} records wait in the spool, the oldest for {age:.0} s"),
        };
        if self.circuit.is_open() {
            return match fault {
                None => {
                    Readiness::Degraded(format!("Kafka does not answer in time, beacons go to the spool: {waiting}"))
                }
                Some(fault) if self.circuit.heard_within(self.timeout) => {
                    Readiness::Degraded(format!("Kafka answers late, and the spool cannot be used: {fault}"))
                }
                Some(fault) => {
                    Readiness::NotReady(format!("Kafka does not answer, and the spool cannot be used: {fault}"))
                }
            };
        }
        match (self.log_health().await, fault) {
            (Health::Down(log), Some(fault)) => {
                Readiness::NotReady(format!("{log}, and the spool cannot be used: {fault}"))
            }
            (Health::Down(log), None) => Readiness::Degraded(format!("{log}; beacons go to the spool: {waiting}")),
            (Health::Degraded(log), _) => Readiness::Degraded(log),
            (Health::Ready, Some(fault)) => Readiness::Degraded(format!("the spool cannot be used: {fault}")),
            (Health::Ready, None) if spool.records() > 0 => Readiness::Degraded(waiting),
            (Health::Ready, None) => Readiness::Ready,
        }
    }
}

#[async_trait::async_trait]
impl Check for Durable {
    fn name(&self) -> &'static str {
        "log"
    }

    async fn check(&self) -> Readiness {
        if let Some(spool) = &self.spool {
            return self.readiness(spool).await;
        }
        match self.log.healthy().await {
            Health::Ready => Readiness::Ready,
            Health::Degraded(reason) => Readiness::Degraded(reason),
            Health::Down(reason) => Readiness::NotReady(reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spool::config::SpoolConfig;
    use bytes::Bytes;
    use felt_schema::clock::SystemClock;
    use tokio::sync::Notify;

    /// A log that acknowledges when it is told to.
    #[derive(Default)]
    struct Gate(Notify);

    #[async_trait::async_trait]
    impl EventLog for Gate {
        async fn append(&self, _: Vec<Entry>) -> Result<(), AppendError> {
            self.0.notified().await;
            Ok(())
        }

        fn partitions(&self) -> u32 {
            1
        }

        async fn healthy(&self) -> Health {
            Health::Ready
        }

        async fn flush(&self) -> Result<(), AppendError> {
            Ok(())
        }

        async fn close(&self) -> Result<(), AppendError> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_sender_that_leaves_while_its_record_goes_to_the_spool_leaves_no_doubt_behind() {
        let dir = tempfile::tempdir().unwrap();
        let spool = SpoolConfig { dir: dir.path().into(), bound_max_ms: 1, ..SpoolConfig::default() };
        let config = IngestConfig { spool: spool.clone(), ..IngestConfig::default() };
        let spool = Arc::new(Spool::open(spool, 1 << 20, Arc::new(SystemClock)).await.unwrap());
        let gate = Arc::new(Gate::default());
        let durable = Arc::new(Durable::new(gate.clone(), Some(spool.clone()), &config));
        let record = Bytes::from_static(b"a record");
        let mut append = Box::pin(durable.append(vec![Entry { key: Bytes::new(), value: record.clone() }]));
        while durable.doubts.is_empty() {
            assert!(futures::poll!(&mut append).is_pending(), "it waits for the log, then for the spool");
            tokio::task::yield_now().await;
        }
        drop(append);
        gate.0.notify_one();
        assert!(durable.doubts.was_delivered(&record, durable.doubts.deadline()).await, "the log has it by now");
        spool.close().await;
    }
}
