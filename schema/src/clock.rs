//! Time as a parameter: whoever needs the hour takes a [`Clock`], so that tests and replays decide what time it is.
//!
//! Durations are measured with `std::time::Instant` where they are needed; this is only for the time of day.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Tells the time of day.
pub trait Clock: Send + Sync {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    fn now_ms(&self) -> i64;
}

/// A clock that several tasks share.
pub type SharedClock = Arc<dyn Clock>;

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "the one place where the machine's clock is read")]
    fn now_ms(&self) -> i64 {
        jiff::Timestamp::now().as_millisecond()
    }
}

/// A clock that stands still until it is told otherwise.
#[derive(Debug, Default)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock that shows `now_ms`.
    pub fn new(now_ms: i64) -> Self {
        Self(AtomicI64::new(now_ms))
    }

    /// Sets the time.
    pub fn set(&self, now_ms: i64) {
        self.0.store(now_ms, Ordering::SeqCst);
    }

    /// Moves the time forward, or back with a negative step.
    pub fn advance(&self, step_ms: i64) {
        self.0.fetch_add(step_ms, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now_ms(&self) -> i64 {
        (**self).now_ms()
    }
}

/// Days since 1970-01-01, UTC, of an instant: ClickHouse's `Date`. Instants outside its range are clamped into it.
pub fn day_of(at_ms: i64) -> u16 {
    at_ms.div_euclid(86_400_000).clamp(0, i64::from(u16::MAX)) as u16
}

/// Seconds since 1970-01-01 of the start of the minute, ClickHouse's `DateTime`, clamped into its range.
pub fn minute_of(at_ms: i64) -> u32 {
    (at_ms.div_euclid(60_000) * 60).clamp(0, i64::from(u32::MAX) / 60 * 60) as u32
}

/// Seconds since 1970-01-01 of the start of the hour, UTC, ClickHouse's `DateTime`, clamped into its range.
pub fn hour_of(at_ms: i64) -> u32 {
    (at_ms.div_euclid(3_600_000) * 3_600).clamp(0, i64::from(u32::MAX) / 3_600 * 3_600) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_shows_what_it_was_told() {
        let clock = ManualClock::new(1_000);
        clock.advance(500);
        assert_eq!(clock.now_ms(), 1_500);
        clock.set(-3);
        assert_eq!(clock.now_ms(), -3);
    }

    #[test]
    fn times_are_floored_and_clamped_into_what_the_store_can_hold() {
        assert_eq!(day_of(86_400_000 * 20_000 + 5), 20_000);
        assert_eq!(day_of(-1), 0);
        assert_eq!(day_of(i64::MAX), u16::MAX);
        assert_eq!(minute_of(119_999), 60);
        assert_eq!(hour_of(7_199_999), 3_600);
        assert_eq!(minute_of(i64::MIN), 0);
        assert_eq!(minute_of(i64::MAX) % 60, 0);
    }
}
