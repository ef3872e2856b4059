//! A way to the log that can be broken: before a declare, after it and before anybody hears of it, or while it is read.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use felt_eventlog::{Assignment, DeclaredRange, LogConsumer, LogError, LogRecord, Position};
use tokio::sync::watch;

/// What becomes of a declare.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Declare {
    /// It is made.
    Made,
    /// It is not made, and its caller is told that nobody knows.
    Lost,
    /// It is made, and its caller is told that nobody knows.
    MadeUnheard,
    /// It is not made, and the process ends.
    Ends,
    /// It is made, and the process ends before it hears of it.
    MadeAndEnds,
}

/// A consumer whose declares do as `rule` says, by their number.
pub struct Fickle<R> {
    pub inner: Arc<dyn LogConsumer>,
    pub rule: R,
    pub declares: AtomicUsize,
    /// So many reads fail before the first one succeeds.
    pub reads_lost: AtomicUsize,
}

impl<R: Fn(usize) -> Declare + Send + Sync> Fickle<R> {
    pub fn new(inner: impl LogConsumer + 'static, rule: R) -> Arc<Self> {
        Arc::new(Self { inner: Arc::new(inner), rule, declares: AtomicUsize::new(0), reads_lost: AtomicUsize::new(0) })
    }
}

fn ended() -> LogError {
    LogError::Fatal("the process ends here".into())
}

fn unheard() -> LogError {
    LogError::Transient("the broker was killed".into())
}

#[async_trait]
impl<R: Fn(usize) -> Declare + Send + Sync> LogConsumer for Fickle<R> {
    fn assigned(&self) -> watch::Receiver<Assignment> {
        self.inner.assigned()
    }

    async fn claim(&self, partition: u32) -> Result<Position, LogError> {
        self.inner.claim(partition).await
    }

    async fn read(
        &self,
        partition: u32,
        from: u64,
        records_max: usize,
        bytes_max: usize,
        wait: Duration,
    ) -> Result<Vec<LogRecord>, LogError> {
        let lose = |left: usize| left.checked_sub(1);
        if self.reads_lost.fetch_update(Ordering::SeqCst, Ordering::SeqCst, lose).is_ok() {
            return Err(LogError::Transient("unable to open database file".into()));
        }
        self.inner.read(partition, from, records_max, bytes_max, wait).await
    }

    async fn read_range(&self, partition: u32, range: DeclaredRange) -> Result<Vec<LogRecord>, LogError> {
        self.inner.read_range(partition, range).await
    }

    async fn declare(&self, partition: u32, first: u64, last: u64) -> Result<(), LogError> {
        match (self.rule)(self.declares.fetch_add(1, Ordering::SeqCst)) {
            Declare::Made => self.inner.declare(partition, first, last).await,
            Declare::Lost => Err(unheard()),
            Declare::MadeUnheard => {
                self.inner.declare(partition, first, last).await?;
                Err(unheard())
            }
            Declare::Ends => Err(ended()),
            Declare::MadeAndEnds => {
                self.inner.declare(partition, first, last).await?;
                Err(ended())
            }
        }
    }

    async fn advance(&self, partition: u32, next: u64) -> Result<(), LogError> {
        self.inner.advance(partition, next).await
    }

    async fn end_offset(&self, partition: u32) -> Result<u64, LogError> {
        self.inner.end_offset(partition).await
    }

    fn topic(&self) -> &str {
        self.inner.topic()
    }

    async fn close(&self) -> Result<(), LogError> {
        self.inner.close().await
    }
}
