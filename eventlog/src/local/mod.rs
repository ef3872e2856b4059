//! The log of one machine: SQLite in WAL mode with full sync, one writer thread, group commit. Also ingest's spool.
//!
//! Guarantees: `append` returns after the fsync of its group; offsets of a partition only grow, also after an unclean stop that
//! lost a tail (the next offset jumps by [`UNCLEAN_JUMP`], so that no new record meets an old insert token); a damaged row costs
//! only itself; a damaged file is set aside and what is readable saved; a full disk is `Transient` and heals by itself.
//! Left to others: what records mean, and when to give up waiting.

mod chunk;
mod consumer;
mod db;
#[cfg(feature = "testing")]
mod direct;
mod open;
mod queue;
mod retention;
mod scan;
mod writer;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use felt_schema::clock::SharedClock;
use parking_lot::Mutex;
use tokio::sync::{oneshot, watch};

pub use consumer::LocalConsumer;
#[cfg(feature = "testing")]
pub use direct::DirectLog;

use self::queue::Queue;
use self::writer::{Command, Writer};
use crate::{AppendError, Assignment, Entry, EventLog, Health, LocalLogConfig, LogError};

/// After an unclean stop offsets go on this much higher. More than any number of records that the write-ahead log (16 MiB until
/// it is folded back) could have lost.
pub const UNCLEAN_JUMP: u64 = 1 << 20;

/// What readers may know of a partition, as of the last commit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct View {
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) claim: u64,
}

/// What the writer thread and all handles share.
pub(crate) struct Shared {
    pub(crate) config: LocalLogConfig,
    pub(crate) queue: Queue<Command>,
    pub(crate) views: Vec<watch::Sender<View>>,
    pub(crate) health: Mutex<Health>,
    /// Of the newest consumer; older ones own nothing.
    pub(crate) owner: AtomicU64,
    pub(crate) assignments: Mutex<Option<watch::Sender<Assignment>>>,
    /// Changes when the file was replaced: readers open it anew.
    pub(crate) file: AtomicU64,
    /// One more than the number of the file in which a reader met damage that is not a row's own: the writer shall replace it,
    /// unless it has done so by then.
    pub(crate) suspect: AtomicU64,
}

/// A local log. Cheap to clone; the last handle (consumers included) that goes away closes the file.
#[derive(Clone)]
pub struct LocalLog {
    handle: Arc<Handle>,
}

pub(crate) struct Handle {
    pub(crate) shared: Arc<Shared>,
    writer: Mutex<Option<std::thread::JoinHandle<()>>>,
}

impl LocalLog {
    /// Opens or makes the log, recovering from whatever the last process left. Fails when another process has it open, when the
    /// number of partitions differs, or when the folder cannot be written.
    pub fn open(config: LocalLogConfig, clock: SharedClock) -> Result<Self, LogError> {
        let (shared, writer) = prepare(config, clock)?;
        let thread = std::thread::Builder::new()
            .name("felt-log-writer".into())
            .spawn(move || writer.run())
            .map_err(|error| LogError::Transient(format!("cannot start the writer thread: {error}")))?;
        Ok(Self { handle: Arc::new(Handle { shared, writer: Mutex::new(Some(thread)) }) })
    }

    /// A consumer that owns all partitions from now on; earlier consumers own none.
    pub fn consumer(&self) -> LocalConsumer {
        LocalConsumer::new(self.handle.clone())
    }

    /// Bytes stored now, done records included.
    pub async fn stored_bytes(&self) -> Result<u64, LogError> {
        ask(&self.handle.shared, |reply| Command::StoredBytes { reply }).await
    }

    /// What waits to be read. It looks at each stored row's head: for the start and for metrics, not for each append.
    pub async fn waiting(&self) -> Result<Waiting, LogError> {
        ask(&self.handle.shared, |reply| Command::Waiting { reply }).await
    }

    /// Records appended but not advanced past, over all partitions (offset gaps count along).
    pub async fn backlog(&self) -> Result<u64, LogError> {
        ask(&self.handle.shared, |reply| Command::Backlog { reply }).await
    }
}

/// What `open` does short of starting the writer's thread.
fn prepare(config: LocalLogConfig, clock: SharedClock) -> Result<(Arc<Shared>, Writer), LogError> {
    if config.partitions == 0 || config.partitions > open::PARTITIONS_MAX {
        return Err(LogError::Fatal(format!(
            "partitions must be 1 to {}, not {}",
            open::PARTITIONS_MAX,
            config.partitions
        )));
    }
    let opened = open::open(&config, &clock)?;
    let views = opened.rows.iter().map(|row| watch::Sender::new(writer::view(row))).collect();
    let shared = Arc::new(Shared {
        queue: Queue::new(config.queue_bytes_max),
        views,
        health: Mutex::new(Health::Ready),
        owner: AtomicU64::new(0),
        assignments: Mutex::new(None),
        file: AtomicU64::new(0),
        suspect: AtomicU64::new(0),
        config,
    });
    let writer = Writer::new(shared.clone(), opened, clock)?;
    Ok((shared, writer))
}

/// What a reader has not passed yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Stored bytes, as compressed.
    pub bytes: u64,
    /// Records, those of damaged rows included.
    pub records: u64,
    /// When the oldest of them was appended, in ms since 1970.
    pub oldest_at_ms: Option<i64>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.queue.close();
        // The lock file and the clean mark are the writer's: whoever opens the folder next must find both done.
        if let Some(thread) = self.writer.lock().take() {
            let _ = thread.join();
        }
    }
}

/// Sends a command to the writer and waits for its answer.
pub(crate) async fn ask<T>(
    shared: &Shared,
    command: impl FnOnce(oneshot::Sender<Result<T, LogError>>) -> Command,
) -> Result<T, LogError> {
    let closed = || LogError::Fatal("the local log is closed".into());
    let (reply, answer) = oneshot::channel();
    shared.queue.push(command(reply), 0).await.map_err(|_| closed())?;
    answer.await.map_err(|_| closed())?
}

fn closed() -> AppendError {
    AppendError::Fatal("the local log is closed".into())
}

#[async_trait]
impl EventLog for LocalLog {
    async fn append(&self, entries: Vec<Entry>) -> Result<(), AppendError> {
        let shared = &self.handle.shared;
        let bytes_max = shared.config.entry_bytes_max;
        let mut total = 0;
        for entry in &entries {
            let bytes = entry.key.len() + entry.value.len();
            if bytes > bytes_max {
                return Err(AppendError::TooLarge { bytes, bytes_max });
            }
            total += bytes;
        }
        if entries.is_empty() {
            return Ok(());
        }
        let (reply, answer) = oneshot::channel();
        shared.queue.push(Command::Append { entries, bytes: total, reply }, total).await.map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }

    fn partitions(&self) -> u32 {
        self.handle.shared.config.partitions
    }

    async fn healthy(&self) -> Health {
        self.handle.shared.health.lock().clone()
    }

    async fn flush(&self) -> Result<(), AppendError> {
        let (reply, answer) = oneshot::channel();
        self.handle.shared.queue.push(Command::Flush { reply }, 0).await.map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }

    async fn close(&self) -> Result<(), AppendError> {
        let flushed = self.flush().await;
        self.handle.shared.queue.close();
        let thread = self.handle.writer.lock().take();
        if let Some(thread) = thread {
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
        match flushed {
            // Closed before: everything was flushed then.
            Err(AppendError::Fatal(_)) => Ok(()),
            other => other,
        }
    }
}

impl Shared {
    /// Hands all partitions to a new consumer and empties the former one's assignment.
    pub(crate) fn take_over(&self) -> (u64, watch::Receiver<Assignment>) {
        let mut current = self.assignments.lock();
        let owner = self.owner.fetch_add(1, Ordering::SeqCst) + 1;
        if let Some(former) = current.take() {
            former.send_replace(Assignment { generation: owner, partitions: Default::default() });
        }
        let partitions = (0..self.config.partitions).collect();
        let (sender, receiver) = watch::channel(Assignment { generation: owner, partitions });
        *current = Some(sender);
        (owner, receiver)
    }

    /// Empties the assignment of a consumer that closes, unless a newer one has done so.
    pub(crate) fn give_up(&self, owner: u64) {
        let current = self.assignments.lock();
        if let Some(sender) = current.as_ref().filter(|sender| sender.borrow().generation == owner) {
            sender.send_replace(Assignment { generation: owner, partitions: Default::default() });
        }
    }
}
