//! What a shutdown has to know: whether it has begun, and how many accepted requests have no answer yet.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tokio::sync::Notify;

/// Shared by the accept loop and every request.
#[derive(Debug, Default)]
pub(crate) struct InFlight {
    draining: AtomicBool,
    leaving: AtomicBool,
    requests: AtomicUsize,
    idle: Notify,
}

impl InFlight {
    pub(crate) fn enter(self: &Arc<Self>) -> InFlightGuard {
        self.requests.fetch_add(1, Ordering::AcqRel);
        InFlightGuard(self.clone())
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    /// Whether each answer is to be its connection's last.
    pub(crate) fn closes_connections(&self) -> bool {
        self.leaving.load(Ordering::Acquire) || self.is_draining()
    }

    /// From now on each answer is its connection's last, and nothing is refused: another process takes what comes next.
    pub(crate) fn start_leaving(&self) {
        self.leaving.store(true, Ordering::Release);
    }

    /// From now on new requests are refused.
    pub(crate) fn start_draining(&self) {
        self.draining.store(true, Ordering::Release);
    }

    /// Returns when no request is waiting for its answer.
    pub(crate) async fn idle(&self) {
        loop {
            let notified = self.idle.notified();
            if self.requests.load(Ordering::Acquire) == 0 {
                return;
            }
            notified.await;
        }
    }
}

/// Counts one request until it is answered or dropped.
pub(crate) struct InFlightGuard(Arc<InFlight>);

impl Drop for InFlightGuard {
    fn drop(&mut self) {
        if self.0.requests.fetch_sub(1, Ordering::AcqRel) == 1 && self.0.is_draining() {
            self.0.idle.notify_waiters();
        }
    }
}

/// Whether this server is shutting down, for handlers that run long.
#[derive(Debug, Clone)]
pub struct Draining(pub(crate) Arc<InFlight>);

impl Draining {
    /// True once new work is refused, or left to another process.
    pub fn has_begun(&self) -> bool {
        self.0.closes_connections()
    }
}
