//! The one door to the log: what comes back from here as `Ok` survives a crash, and only that is answered with 204.
//!
//! It bounds how much may wait for the log, and how long. A spool for a log that is slow or away belongs behind this door.

use felt_eventlog::{AppendError, Entry, EventLog, Health, Remedy};
use felt_http::health::{Check, Readiness};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

use crate::events;

/// Permits are counted in these, since a semaphore's number is small.
const PERMIT_BYTES: usize = 1024;

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
}

/// Appends to the log within bounds.
pub(crate) struct Durable {
    log: Arc<dyn EventLog>,
    room: Semaphore,
    permits_max: usize,
    timeout: Duration,
}

impl Durable {
    pub(crate) fn new(log: Arc<dyn EventLog>, bytes_max: usize, timeout: Duration) -> Self {
        let permits_max = (bytes_max / PERMIT_BYTES).clamp(1, Semaphore::MAX_PERMITS);
        Self { log, room: Semaphore::new(permits_max), permits_max, timeout }
    }

    /// Appends, and returns when it is durable or known to be in doubt. Never waits for room: a beacon that cannot go on now is
    /// better repeated by its sender than held here.
    pub(crate) async fn append(&self, entries: Vec<Entry>) -> Result<(), NotDurable> {
        let permits = self.permits(&entries);
        let Ok(_room) = self.room.try_acquire_many(permits) else {
            events::append_failed(&NotDurable::Busy);
            return Err(NotDurable::Busy);
        };
        self.append_now(entries).await
    }

    /// As [`append`](Self::append), but waits for room, and repeats for up to `patience` while the log says that waiting helps.
    pub(crate) async fn append_patiently(&self, entries: Vec<Entry>, patience: Duration) -> Result<(), NotDurable> {
        let _room = self.room.acquire_many(self.permits(&entries)).await.map_err(|_| NotDurable::Busy)?;
        let (begin, mut pause) = (Instant::now(), Duration::from_millis(50));
        loop {
            // Repeated entries may already be in the log; the processor counts each view once.
            match self.append_now(entries.clone()).await {
                Err(NotDurable::Log(error)) if error.remedy() == Remedy::Wait && begin.elapsed() < patience => {}
                Err(NotDurable::TimedOut) if begin.elapsed() < patience => {}
                result => return result,
            }
            tokio::time::sleep(pause.mul_f64(0.5 + rand::random::<f64>())).await;
            pause = (pause * 2).min(Duration::from_secs(2));
        }
    }

    async fn append_now(&self, entries: Vec<Entry>) -> Result<(), NotDurable> {
        let result = match tokio::time::timeout(self.timeout, self.log.append(entries)).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(AppendError::TooLarge { .. })) => NotDurable::TooLarge,
            Ok(Err(error)) => NotDurable::Log(error),
            Err(_) => NotDurable::TimedOut,
        };
        events::append_failed(&result);
        Err(result)
    }

    /// Waits for everything that was appended.
    pub(crate) async fn flush(&self) -> Result<(), NotDurable> {
        self.log.flush().await.map_err(NotDurable::Log)
    }

    fn permits(&self, entries: &[Entry]) -> u32 {
        let bytes: usize = entries.iter().map(|entry| entry.key.len() + entry.value.len()).sum();
        bytes.div_ceil(PERMIT_BYTES).clamp(1, self.permits_max) as u32
    }
}

#[async_trait::async_trait]
impl Check for Durable {
    fn name(&self) -> &'static str {
        "log"
    }

    async fn check(&self) -> Readiness {
        match self.log.healthy().await {
            Health::Ready => Readiness::Ready,
            Health::Degraded(reason) => Readiness::Degraded(reason),
            Health::Down(reason) => Readiness::NotReady(reason),
        }
    }
}
