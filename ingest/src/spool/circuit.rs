//! Whether Kafka is worth waiting for. Open means that it is not: records go to the spool at once, and only the drain goes on
//! trying, so that an outage costs no beacon the wait and recovery needs no restart.

use crate::events;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// So many batches of the drain, acknowledged in time one after another, close it.
const IN_TIME_TO_CLOSE: u32 = 2;

pub(crate) struct Circuit {
    late_in_a_row_max: u32,
    late_in_a_row: AtomicU32,
    in_time_in_a_row: AtomicU32,
    open: AtomicBool,
    born: Instant,
    /// Milliseconds after `born` of the last acknowledgement, in time or not; 0 = none.
    heard_ms: AtomicU64,
}

impl Circuit {
    pub(crate) fn new(late_in_a_row_max: u32) -> Self {
        Self {
            late_in_a_row_max: late_in_a_row_max.max(1),
            late_in_a_row: AtomicU32::new(0),
            in_time_in_a_row: AtomicU32::new(0),
            open: AtomicBool::new(false),
            born: Instant::now(),
            heard_ms: AtomicU64::new(0),
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.open.load(Ordering::Relaxed)
    }

    /// An acknowledgement came, however late.
    pub(crate) fn heard(&self) {
        self.heard_ms.store(self.born.elapsed().as_millis() as u64 + 1, Ordering::Relaxed);
    }

    /// Whether one came within this time.
    pub(crate) fn heard_within(&self, time: Duration) -> bool {
        let heard_ms = self.heard_ms.load(Ordering::Relaxed);
        heard_ms > 0 && self.born.elapsed() < Duration::from_millis(heard_ms).saturating_add(time)
    }

    /// A live append was acknowledged in time.
    pub(crate) fn in_time(&self) {
        if self.late_in_a_row.load(Ordering::Relaxed) > 0 {
            self.late_in_a_row.store(0, Ordering::Relaxed);
        }
        self.heard();
    }

    /// An append was late, or failed.
    pub(crate) fn late(&self) {
        self.in_time_in_a_row.store(0, Ordering::Relaxed);
        let late = self.late_in_a_row.fetch_add(1, Ordering::Relaxed) + 1;
        if late >= self.late_in_a_row_max && !self.open.swap(true, Ordering::Relaxed) {
            events::log_given_up(late);
        }
    }

    /// The drain's append was acknowledged in time.
    pub(crate) fn drained_in_time(&self) {
        self.heard();
        if self.is_open() && self.in_time_in_a_row.fetch_add(1, Ordering::Relaxed) + 1 >= IN_TIME_TO_CLOSE {
            self.try_again();
        }
    }

    /// Live appends go to Kafka again; if they are late, it opens again.
    pub(crate) fn try_again(&self) {
        self.in_time_in_a_row.store(0, Ordering::Relaxed);
        self.late_in_a_row.store(0, Ordering::Relaxed);
        if self.open.swap(false, Ordering::Relaxed) {
            events::log_is_back();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_after_late_ones_in_a_row_and_closes_when_the_drain_is_in_time_again() {
        let circuit = Circuit::new(3);
        assert!(!circuit.heard_within(Duration::from_secs(3_600)));
        for _ in 0..5 {
            circuit.late();
            circuit.late();
            circuit.in_time();
        }
        assert!(!circuit.is_open(), "never three in a row");
        assert!(circuit.heard_within(Duration::from_secs(3_600)));
        (0..3).for_each(|_| circuit.late());
        assert!(circuit.is_open());
        circuit.in_time();
        assert!(circuit.is_open(), "a straggler proves nothing");
        circuit.drained_in_time();
        circuit.late();
        circuit.drained_in_time();
        assert!(circuit.is_open(), "not two in a row");
        circuit.drained_in_time();
        assert!(!circuit.is_open());
        circuit.late();
        assert!(!circuit.is_open(), "the count began anew");
    }
}
