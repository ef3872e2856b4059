//! The bounded queue between callers and the writer thread: the writer takes all that waits at once, which is what makes a
//! group commit. Cheaper than a channel: one lock a group on the writer's side.

use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use tokio::sync::Semaphore;

/// Room is counted in these units, so that byte bounds fit a semaphore.
const UNIT_BYTES: usize = 256;

pub(crate) struct Queue<T> {
    waiting: Mutex<Waiting<T>>,
    filled: Condvar,
    room: Semaphore,
    units_max: u32,
}

struct Waiting<T> {
    items: Vec<T>,
    units: usize,
    closed: bool,
}

/// The writer has ended, or is about to.
pub(crate) struct Closed;

impl<T> Queue<T> {
    pub(crate) fn new(bytes_max: usize) -> Self {
        let units_max = (bytes_max / UNIT_BYTES).clamp(1, Semaphore::MAX_PERMITS.min(u32::MAX as usize)) as u32;
        Self {
            waiting: Mutex::new(Waiting { items: Vec::new(), units: 0, closed: false }),
            filled: Condvar::new(),
            room: Semaphore::new(units_max as usize),
            units_max,
        }
    }

    /// Waits for room, then queues. An item larger than the whole queue passes alone.
    pub(crate) async fn push(&self, item: T, bytes: usize) -> Result<(), Closed> {
        let units = ((bytes / UNIT_BYTES) as u32).saturating_add(1).min(self.units_max);
        let permit = self.room.acquire_many(units).await.map_err(|_| Closed)?;
        let mut waiting = self.waiting.lock();
        if waiting.closed {
            return Err(Closed);
        }
        permit.forget();
        waiting.items.push(item);
        waiting.units += units as usize;
        if waiting.items.len() == 1 {
            self.filled.notify_one();
        }
        Ok(())
    }

    /// Everything that waits; empty after `patience`; `None` once closed and drained.
    pub(crate) fn take(&self, patience: Duration) -> Option<Vec<T>> {
        let mut waiting = self.waiting.lock();
        if waiting.items.is_empty() && !waiting.closed {
            self.filled.wait_for(&mut waiting, patience);
        }
        if waiting.items.is_empty() && waiting.closed {
            return None;
        }
        let units = std::mem::take(&mut waiting.units);
        let items = std::mem::take(&mut waiting.items);
        drop(waiting);
        self.room.add_permits(units);
        Some(items)
    }

    /// Refuses further items; what waits is still taken.
    pub(crate) fn close(&self) {
        self.waiting.lock().closed = true;
        self.room.close();
        self.filled.notify_all();
    }
}
