//! What of the store is held in memory: small tables that every request needs, looked at again every few seconds.
//!
//! A guess costs the store nothing beyond a few looks a second for all guessers together, and what was taken back
//! works for a few seconds at most in the processes that were not told.

use felt_store::StoreError;
use futures::future::BoxFuture;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Longest time for which what was taken back elsewhere still works here.
const AGE_MAX: Duration = Duration::from_secs(5);
/// Shortest time between two looks, whoever asks.
const PACE: Duration = Duration::from_millis(100);
/// Longest time for which the last look is believed while the store does not answer.
const AGE_MAX_STORE_AWAY: Duration = Duration::from_secs(60);
/// Longest wait for the store.
pub(crate) const LOOK_MAX: Duration = Duration::from_secs(2);

/// The store does not answer, and what was known is too old.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Away;

type Load<T> = Box<dyn Fn() -> BoxFuture<'static, Result<T, StoreError>> + Send + Sync>;

/// A table held in memory.
pub(crate) struct Known<T> {
    load: Load<T>,
    seen: Mutex<Option<Seen<T>>>,
    looking: tokio::sync::Mutex<()>,
}

struct Seen<T> {
    value: Arc<T>,
    /// When the look began: whatever was written before is in it.
    begun: Instant,
    /// Something was written here since.
    outdated: bool,
}

impl<T> Known<T> {
    /// What `load` gives, once somebody asks.
    pub(crate) fn new(load: impl Fn() -> BoxFuture<'static, Result<T, StoreError>> + Send + Sync + 'static) -> Self {
        Self { load: Box::new(load), seen: Mutex::new(None), looking: tokio::sync::Mutex::new(()) }
    }

    /// The table as it was a few seconds ago at most.
    pub(crate) async fn recent(&self) -> Result<Arc<T>, Away> {
        self.younger(|seen| !seen.outdated && seen.begun.elapsed() < AGE_MAX).await
    }

    /// The table with everything that was written before `instant`.
    pub(crate) async fn since(&self, instant: Instant) -> Result<Arc<T>, Away> {
        self.younger(|seen| seen.begun >= instant).await
    }

    /// The last look, however old: for what must not change because the store is away.
    pub(crate) fn last(&self) -> Option<Arc<T>> {
        self.seen.lock().as_ref().map(|seen| seen.value.clone())
    }

    /// Something was written: the next asker looks again.
    pub(crate) fn outdate(&self) {
        if let Some(seen) = self.seen.lock().as_mut() {
            seen.outdated = true;
        }
    }

    async fn younger(&self, enough: impl Fn(&Seen<T>) -> bool) -> Result<Arc<T>, Away> {
        let find = || self.seen.lock().as_ref().filter(|seen| enough(seen)).map(|seen| seen.value.clone());
        if let Some(value) = find() {
            return Ok(value);
        }
        let _one_looks = self.looking.lock().await;
        if let Some(value) = find() {
            return Ok(value);
        }
        let last = self.seen.lock().as_ref().map(|seen| seen.begun);
        if let Some(wait) = last.and_then(|begun| PACE.checked_sub(begun.elapsed())) {
            tokio::time::sleep(wait).await;
        }
        let begun = Instant::now();
        match tokio::time::timeout(LOOK_MAX, (self.load)()).await {
            Ok(Ok(value)) => {
                let value = Arc::new(value);
                *self.seen.lock() = Some(Seen { value: value.clone(), begun, outdated: false });
                Ok(value)
            }
            Ok(Err(_)) | Err(_) => {
                let believed = |seen: &&Seen<T>| seen.begun.elapsed() < AGE_MAX_STORE_AWAY;
                self.seen.lock().as_ref().filter(believed).map(|seen| seen.value.clone()).ok_or(Away)
            }
        }
    }
}
