//! Where records wait while Kafka does not take them: a local log in a folder of this process, bounded in bytes, fsynced in groups.
//!
//! Promises: what [`Spool::append`] took survives a crash, and is sent to Kafka by this process or by the next one that uses the
//! folder. A damaged row costs itself, counted; a folder that cannot be used is tried again and again. Whether a record goes here
//! or to Kafka is decided at the door ([`crate::durable`]); how fast it goes on, in [`pace`].

pub(crate) mod circuit;
pub(crate) mod config;
pub(crate) mod doubt;
pub(crate) mod drain;
pub(crate) mod housekeeping;
pub(crate) mod latency;
pub(crate) mod pace;
mod slot;

use self::config::SpoolConfig;
use self::slot::Slot;
use crate::events;
use felt_eventlog::{AppendError, Entry, EventLog, Health, LocalConsumer, LocalLog, LocalLogConfig, LogError};
use felt_schema::clock::SharedClock;
use parking_lot::{Mutex, RwLock};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

/// Bytes that wait for the disk; further beacons wait for room.
const QUEUE_BYTES_MAX: usize = 4 << 20;

/// One commit, and so one stored row, holds at most this much before compression: the drain reads whole rows.
const GROUP_BYTES_MAX: usize = 512 << 10;

/// Why a process cannot start with this spool.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// As many processes use it as can.
    #[error("spool {dir} is in use by {processes} processes: give this one another `[ingest.spool] dir`", dir = dir.display())]
    InUse {
        /// The folder.
        dir: PathBuf,
        /// How many use it.
        processes: u32,
    },
    /// The folder cannot be used now. A process starts all the same, says so, and tries again.
    #[error("spool {dir} cannot be used: {why}", dir = dir.display())]
    Unusable {
        /// The folder.
        dir: PathBuf,
        /// What the operating system said.
        why: String,
    },
}

/// Why a record is not in the spool.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum NotSpooled {
    #[error("one record is larger than the log takes")]
    TooLarge,
    #[error("the spool is full")]
    Full,
    #[error("the spool cannot be used: {0}")]
    Unusable(String),
}

/// The spool of one process.
pub struct Spool {
    config: SpoolConfig,
    entry_bytes_max: usize,
    clock: SharedClock,
    open: RwLock<Option<Arc<Opened>>>,
    fault: Mutex<Option<String>>,
    /// Appended and not drained. Off by what a disk that stalls has not said yet.
    records: AtomicI64,
    appending: AtomicUsize,
}

/// A spool's log, or one that another process left.
pub(crate) struct Opened {
    // Before the slot, so that the file is closed when the slot becomes free.
    pub(crate) log: LocalLog,
    pub(crate) consumer: LocalConsumer,
    pub(crate) records: u64,
    pub(crate) slot: Slot,
}

impl Opened {
    async fn open(slot: Slot, entry_bytes_max: usize, bytes_max: u64, clock: SharedClock) -> Result<Self, SpoolError> {
        let config = LocalLogConfig {
            dir: slot.dir.clone(),
            name: "felt-spool".into(),
            // One, so that it drains in the order of arrival.
            partitions: 1,
            bytes_max,
            done_keep_ms: 0,
            done_keep_bytes: 0,
            entry_bytes_max,
            queue_bytes_max: QUEUE_BYTES_MAX,
            group_bytes_max: GROUP_BYTES_MAX,
        };
        let dir = slot.dir.clone();
        let unusable = |why: String| SpoolError::Unusable { dir, why };
        let opening = tokio::task::spawn_blocking(move || LocalLog::open(config, clock));
        let opened = async {
            let log = opening.await.map_err(|error| LogError::Fatal(error.to_string()))??;
            let records = log.waiting().await?.records;
            Ok::<_, LogError>((log.consumer(), log, records))
        };
        match opened.await {
            Ok((consumer, log, records)) => Ok(Self { log, consumer, records, slot }),
            Err(error) => Err(unusable(error.to_string())),
        }
    }
}

impl Spool {
    /// Takes a folder below `config.dir`, and what an earlier process left in it. An entry may be as large as the log behind takes.
    ///
    /// # Errors
    /// When too many processes use the folder. One that cannot be used now is tried again later.
    pub async fn open(config: SpoolConfig, entry_bytes_max: usize, clock: SharedClock) -> Result<Self, SpoolError> {
        let spool = Self {
            config,
            entry_bytes_max,
            clock,
            open: RwLock::new(None),
            fault: Mutex::new(None),
            records: AtomicI64::new(0),
            appending: AtomicUsize::new(0),
        };
        match spool.reopen().await {
            Err(error @ SpoolError::InUse { .. }) => Err(error),
            _ => Ok(spool),
        }
    }

    pub(crate) fn config(&self) -> &SpoolConfig {
        &self.config
    }

    /// Opens it unless it is open. Only the start and then the drain call this, one after the other.
    pub(crate) async fn reopen(&self) -> Result<Arc<Opened>, SpoolError> {
        if let Some(open) = self.opened() {
            return Ok(open);
        }
        let opened = match Slot::take(&self.config.dir) {
            Ok(slot) => Opened::open(slot, self.entry_bytes_max, self.config.bytes_max, self.clock.clone()).await,
            Err(error) => Err(error),
        };
        match opened {
            Ok(opened) => {
                if opened.records > 0 {
                    events::spool_found(&opened.slot.dir, opened.records);
                }
                self.records.store(opened.records as i64, Ordering::SeqCst);
                let opened = Arc::new(opened);
                *self.open.write() = Some(opened.clone());
                *self.fault.lock() = None;
                Ok(opened)
            }
            Err(error) => {
                if self.fault.lock().replace(error.to_string()).is_none() {
                    events::spool_unusable(&error);
                }
                Err(error)
            }
        }
    }

    /// One that another process left with records in it.
    pub(crate) async fn adopt(&self, own: &Opened) -> Option<Opened> {
        let slot = own.slot.left_behind()?;
        let dir = slot.dir.clone();
        match Opened::open(slot, self.entry_bytes_max, self.config.bytes_max, self.clock.clone()).await {
            Ok(opened) => {
                events::spool_found(&dir, opened.records);
                Some(opened)
            }
            Err(error) => {
                events::spool_unusable(&error);
                None
            }
        }
    }

    fn opened(&self) -> Option<Arc<Opened>> {
        self.open.read().clone()
    }

    /// Durable when `Ok`.
    pub(crate) async fn append(&self, entries: Vec<Entry>) -> Result<(), NotSpooled> {
        let result = self.try_append(entries).await;
        if let Err(error) = &result {
            events::not_spooled(error);
        }
        result
    }

    async fn try_append(&self, entries: Vec<Entry>) -> Result<(), NotSpooled> {
        let Some(open) = self.opened() else {
            return Err(NotSpooled::Unusable(self.fault.lock().clone().unwrap_or_else(|| "it is closed".into())));
        };
        let records = entries.len() as i64;
        let _appending = Appending::begin(&self.appending);
        let timeout = Duration::from_millis(self.config.append_timeout_ms);
        match tokio::time::timeout(timeout, open.log.append(entries)).await {
            Ok(Ok(())) => {
                self.records.fetch_add(records, Ordering::SeqCst);
                Ok(())
            }
            Ok(Err(AppendError::TooLarge { .. })) => Err(NotSpooled::TooLarge),
            Ok(Err(AppendError::Full { .. })) => Err(NotSpooled::Full),
            Ok(Err(AppendError::Fatal(why))) => {
                // Its writer has ended: the drain opens it anew.
                self.give_up(&open, &why);
                Err(NotSpooled::Unusable(why))
            }
            Ok(Err(error)) => Err(NotSpooled::Unusable(error.to_string())),
            Err(_) => Err(NotSpooled::Unusable("its disk did not answer in time".into())),
        }
    }

    /// Closes it for good or until it is opened again.
    pub(crate) fn give_up(&self, which: &Arc<Opened>, why: &str) {
        let mut open = self.open.write();
        if open.as_ref().is_some_and(|open| Arc::ptr_eq(open, which)) {
            *self.fault.lock() = Some(why.to_owned());
            *open = None;
        }
    }

    /// Records that wait.
    pub(crate) fn records(&self) -> u64 {
        self.records.load(Ordering::Relaxed).max(0) as u64
    }

    pub(crate) fn passed(&self, records: u64) {
        self.records.fetch_sub(records as i64, Ordering::SeqCst);
    }

    /// Nothing is left to read: whatever was counted and did not come was damaged. `is_empty` looks once more.
    pub(crate) fn settle(&self, is_empty: impl FnOnce() -> bool) -> u64 {
        let records = self.records.load(Ordering::SeqCst);
        if records == 0 || self.appending.load(Ordering::SeqCst) > 0 || !is_empty() {
            return 0;
        }
        self.records.fetch_sub(records, Ordering::SeqCst);
        records.max(0) as u64
    }

    /// Why it cannot take records now.
    pub(crate) async fn fault(&self) -> Option<String> {
        match self.opened() {
            None => Some(self.fault.lock().clone().unwrap_or_else(|| "it is closed".into())),
            Some(open) => match open.log.healthy().await {
                Health::Down(why) => Some(why),
                Health::Ready | Health::Degraded(_) => None,
            },
        }
    }

    /// Bytes stored, when it can say so now.
    pub(crate) async fn stored_bytes(&self) -> Option<u64> {
        let open = self.opened()?;
        tokio::time::timeout(Duration::from_millis(500), open.log.stored_bytes()).await.ok()?.ok()
    }

    /// Now, by the clock that stamps records.
    pub(crate) fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    /// The folder that this process uses.
    pub fn dir(&self) -> Option<PathBuf> {
        self.opened().map(|open| Path::to_owned(&open.slot.dir))
    }

    /// Closes the file in good order. Further appends fail.
    pub(crate) async fn close(&self) {
        let Some(open) = self.open.write().take() else { return };
        *self.fault.lock() = Some("it is closed".into());
        if let Err(error) = open.log.close().await {
            tracing::warn!(%error, "the spool did not close cleanly");
        }
    }
}

/// Counts an append under way, also when its caller goes away.
struct Appending<'a>(&'a AtomicUsize);

impl<'a> Appending<'a> {
    fn begin(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for Appending<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
