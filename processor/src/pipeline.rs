//! The processor as a whole: one serial loop per owned partition, several partitions at once, handed over as the log says.
//!
//! Losing a partition, an abort, a crash: all end a loop wherever it stands. Nothing needs to be cleaned up, because
//! whoever claims the partition next finds the declared range and repeats it under the same token.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use felt_eventlog::{LogConsumer, LogError};
use felt_schema::clock::SharedClock;
use felt_schema::site::Sites;
use felt_store::{Store, StoreError};
use parking_lot::Mutex;
use tokio::sync::Semaphore;
use tokio::task::{Id, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::ProcessorConfig;
use crate::budget::Budgets;
use crate::events::{self, Fenced, Stopped};
use crate::health::Health;
use crate::known;
use crate::pace::Pace;
use crate::partition::{Ended, Partition};
use crate::progress::Progress;
use crate::settings::{self, KnownSettings};
use crate::state::StateError;
use crate::user_agent;

/// A partition that was lost without a new assignment is claimed again after this long.
const RECLAIM_WAIT: Duration = Duration::from_millis(500);

/// Why the processor stopped.
#[derive(Debug, thiserror::Error)]
pub enum ProcessorError {
    /// The log is broken.
    #[error(transparent)]
    Log(#[from] LogError),
    /// ClickHouse refuses rows for a reason that is not in the rows.
    #[error("table {table} takes no rows, mend it (`felt migrate`, `felt doctor`) and start again: {error}")]
    Refused {
        /// The table.
        table: &'static str,
        /// What ClickHouse said.
        error: StoreError,
    },
    /// ClickHouse refuses a question.
    #[error(
        "the store cannot be asked for earlier snapshots, mend it (`felt migrate`, `felt doctor`) and start again: {0}"
    )]
    Lookup(StoreError),
    /// A state in the store cannot be read.
    #[error(transparent)]
    State(#[from] StateError),
    /// The store lacks what the log says is done, and the configuration says to stop then.
    #[error(
        "the store has partition {partition} up to offset {stored}, but {done} is done in the log (was the store restored \
         from a backup?): set the log's position back to {stored} while it still has the records, or go on without them \
         with store_gap = \"go_on\""
    )]
    StoreGap {
        /// The partition.
        partition: u32,
        /// Offset up to which the store has its records.
        stored: u64,
        /// Offset up to which the log says they are done.
        done: u64,
    },
    /// More records cannot be read than a few bad ones would explain.
    #[error(
        "{invalid} of {records} records cannot be read: run the version that wrote them, or look at the dead letters"
    )]
    TooManyInvalid {
        /// Records that cannot be read.
        invalid: u64,
        /// Records that were looked at.
        records: u64,
    },
    /// A test asked for it.
    #[error("aborted at {0}")]
    Aborted(&'static str),
    /// A task panicked: a bug.
    #[error("a task of the processor panicked, please report it")]
    Panicked(#[source] tokio::task::JoinError),
}

/// Where a test may end the processor: named `stage:before` and `stage:after`.
pub trait Failpoints: Send + Sync {
    /// Whether to end here.
    fn abort_at(&self, point: &'static str) -> bool;
}

struct NoFailpoints;

impl Failpoints for NoFailpoints {
    fn abort_at(&self, _point: &'static str) -> bool {
        false
    }
}

/// What all partitions share.
pub(crate) struct Shared {
    pub config: ProcessorConfig,
    pub consumer: Arc<dyn LogConsumer>,
    pub store: Store,
    pub sites: Arc<Sites>,
    pub clock: SharedClock,
    pub budgets: Mutex<Budgets>,
    pub settings: KnownSettings,
    pub permits: Semaphore,
    pub progress: Progress,
    pub health: Health,
    pub pace: Pace,
    failpoints: Arc<dyn Failpoints>,
}

impl Shared {
    pub fn reached(&self, point: &'static str) -> Result<(), Ended> {
        if self.failpoints.abort_at(point) { Err(Ended::Stop(ProcessorError::Aborted(point))) } else { Ok(()) }
    }

    /// Waits for `work`, but no longer than the partition is to be worked on.
    pub async fn until_stopped<F: Future>(&self, stop: &CancellationToken, work: F) -> Result<F::Output, Ended> {
        tokio::select! {
            biased;
            () = stop.cancelled() => Err(Ended::Cancelled),
            output = work => Ok(output),
        }
    }
}

/// A processor, ready to run.
pub struct Processor {
    shared: Shared,
}

impl Processor {
    /// Puts a processor together; nothing runs yet.
    pub fn new(
        config: ProcessorConfig,
        consumer: Arc<dyn LogConsumer>,
        store: Store,
        sites: Arc<Sites>,
        clock: SharedClock,
    ) -> Self {
        let owner =
            if config.owner.is_empty() { format!("processor-{}", std::process::id()) } else { config.owner.clone() };
        let shared = Shared {
            progress: Progress::new(consumer.topic(), &owner),
            permits: Semaphore::new(config.batches_concurrent_max.max(1)),
            budgets: Mutex::default(),
            settings: KnownSettings::default(),
            health: Health::default(),
            pace: Pace::default(),
            failpoints: Arc::new(NoFailpoints),
            config,
            consumer,
            store,
            sites,
            clock,
        };
        Self { shared }
    }

    /// Ends the processor where these say; for tests.
    pub fn with_failpoints(mut self, failpoints: Arc<dyn Failpoints>) -> Self {
        self.shared.failpoints = failpoints;
        self
    }

    /// How it is; stays valid while it runs and after.
    pub fn health(&self) -> Health {
        self.shared.health.clone()
    }

    /// Works until `shutdown`, then finishes the batches under way.
    ///
    /// # Errors
    /// What an operator must mend. Whatever passes by itself is waited for.
    pub async fn run(self, shutdown: CancellationToken) -> Result<(), ProcessorError> {
        events::describe();
        let shared = Arc::new(self.shared);
        // Compiling the lists takes a while; the first visitor should not wait for it.
        let warm = tokio::task::spawn_blocking(user_agent::warm_up);
        let reports = CancellationToken::new();
        let reporter = tokio::spawn({
            let (shared, reports) = (shared.clone(), reports.clone());
            let every = Duration::from_millis(shared.config.progress_ms.max(1));
            async move { shared.progress.run(&shared.store, &*shared.clock, every, reports).await }
        });
        let budgets = tokio::spawn({
            let (shared, reports) = (shared.clone(), reports.clone());
            async move { known::refresh(&shared, &reports).await }
        });
        let settings = tokio::spawn({
            let (shared, reports) = (shared.clone(), reports.clone());
            async move { settings::refresh(&shared, &reports).await }
        });
        let _ = warm.await;
        let mut result = Partitions::new(shared.clone()).run(shutdown).await;
        if result.is_ok() {
            // Makes the last position durable, so that the next start has nothing to replay.
            result = shared.consumer.close().await.map_err(ProcessorError::from);
        }
        reports.cancel();
        let _ = tokio::time::timeout(shared.config.drain(), reporter).await;
        budgets.abort();
        settings.abort();
        if let Err(error) = &result {
            shared.health.stopped(&error.to_string());
            Stopped { error: &error.to_string() }.emit();
        }
        result
    }
}

/// Runs a processor: [`Processor::new`] and [`Processor::run`] in one.
///
/// # Errors
/// As [`Processor::run`].
pub async fn run(
    config: ProcessorConfig,
    consumer: Arc<dyn LogConsumer>,
    store: Store,
    sites: Arc<Sites>,
    clock: SharedClock,
    shutdown: CancellationToken,
) -> Result<(), ProcessorError> {
    Processor::new(config, consumer, store, sites, clock).run(shutdown).await
}

/// The loops that run now.
struct Partitions {
    shared: Arc<Shared>,
    tasks: JoinSet<Ended>,
    stops: BTreeMap<u32, CancellationToken>,
    partition_of: BTreeMap<Id, u32>,
}

impl Partitions {
    fn new(shared: Arc<Shared>) -> Self {
        Self { shared, tasks: JoinSet::new(), stops: BTreeMap::new(), partition_of: BTreeMap::new() }
    }

    async fn run(mut self, shutdown: CancellationToken) -> Result<(), ProcessorError> {
        let mut assigned = self.shared.consumer.assigned();
        let result = loop {
            let assignment = assigned.borrow_and_update().clone();
            if let Err(error) = self.stop_all().await {
                break Err(error);
            }
            for partition in &assignment.partitions {
                self.start(*partition, Duration::ZERO);
            }
            if let Some(end) = self.watch(&mut assigned, &shutdown).await {
                break end;
            }
        };
        match result {
            Ok(()) => self.drain().await,
            Err(error) => {
                // Those that ask the store from threads of their own hear it by their tokens.
                for stop in self.stops.values() {
                    stop.cancel();
                }
                self.tasks.shutdown().await;
                Err(error)
            }
        }
    }

    /// Minds the loops until the assignment changes (`None`) or everything ends.
    async fn watch(
        &mut self,
        assigned: &mut tokio::sync::watch::Receiver<felt_eventlog::Assignment>,
        shutdown: &CancellationToken,
    ) -> Option<Result<(), ProcessorError>> {
        loop {
            tokio::select! {
                biased;
                () = shutdown.cancelled() => return Some(Ok(())),
                Some(ended) = self.tasks.join_next_with_id(), if !self.tasks.is_empty() => {
                    let (id, ended) = match ended {
                        Ok(ended) => ended,
                        Err(panic) => return Some(Err(ProcessorError::Panicked(panic))),
                    };
                    match (ended, self.partition_of.remove(&id)) {
                        (Ended::Stop(error), _) => return Some(Err(error)),
                        (Ended::Fenced, Some(partition)) => {
                            Fenced { partition }.emit();
                            self.shared.progress.forget(partition);
                            self.start(partition, RECLAIM_WAIT);
                        }
                        (Ended::Fenced | Ended::Cancelled, _) => {}
                    }
                }
                changed = assigned.changed() => {
                    if changed.is_err() {
                        // The log closed its end: nothing will be assigned any more.
                        shutdown.cancelled().await;
                        return Some(Ok(()));
                    }
                    return None;
                }
            }
        }
    }

    fn start(&mut self, partition: u32, wait: Duration) {
        let stop = CancellationToken::new();
        let work = Partition::new(self.shared.clone(), partition, stop.clone());
        let task = self.tasks.spawn({
            let stop = stop.clone();
            async move {
                tokio::select! {
                    () = stop.cancelled() => return Ended::Cancelled,
                    () = tokio::time::sleep(wait) => {}
                }
                work.run().await
            }
        });
        self.partition_of.insert(task.id(), partition);
        self.stops.insert(partition, stop);
    }

    /// Ends all loops where they stand.
    async fn stop_all(&mut self) -> Result<(), ProcessorError> {
        for stop in self.stops.values() {
            stop.cancel();
        }
        self.join_all().await?;
        for partition in std::mem::take(&mut self.stops).into_keys() {
            self.shared.progress.forget(partition);
        }
        self.partition_of.clear();
        Ok(())
    }

    async fn join_all(&mut self) -> Result<(), ProcessorError> {
        while let Some(ended) = self.tasks.join_next().await {
            match ended {
                Ok(Ended::Stop(error)) => return Err(error),
                Ok(Ended::Fenced | Ended::Cancelled) => {}
                Err(panic) => return Err(ProcessorError::Panicked(panic)),
            }
        }
        Ok(())
    }

    /// Lets batches under way finish, for as long as configured; what does not finish is replayed at the next start.
    async fn drain(mut self) -> Result<(), ProcessorError> {
        let all = self.shared.permits.acquire_many(self.shared.config.batches_concurrent_max.max(1) as u32);
        let _ = tokio::time::timeout(self.shared.config.drain(), all)
            .await
            .map(|permits| permits.map(|held| held.forget()));
        for stop in self.stops.values() {
            stop.cancel();
        }
        self.join_all().await
    }
}
