//! How far this machine's clock is from the broker's. Records are dated by ours when they arrive, so page views are dated wrongly by as
//! much as it is off.
//!
//! A topic with `message.timestamp.type=LogAppendTime`, as those that we make, stamps a record when the broker takes it, and the
//! acknowledgement tells that time. It lies between our sending and our hearing of it: only what lies outside of the two is skew, so
//! neither a slow answer nor a process that stood still looks like one.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use felt_schema::clock::SharedClock;

use crate::events::{ClockAgrees, ClockIs, ClockIsOff};

/// More than this is an alarm: minutes of page views are wrong by then.
const ALARM_MS: u64 = 60_000;

/// What was seen so long ago says nothing about the clock now.
const KNOWN_FOR: Duration = Duration::from_secs(60);

pub(crate) struct Skew {
    clock: SharedClock,
    ms: AtomicI64,
    is_alarming: AtomicBool,
    born: Instant,
    /// Milliseconds after `born` of the last look.
    seen_ms: AtomicU64,
}

impl Skew {
    pub(crate) fn new(clock: SharedClock) -> Self {
        let (ms, is_alarming, seen_ms) = Default::default();
        Self { clock, ms, is_alarming, born: Instant::now(), seen_ms }
    }

    /// Our time, for [`saw`](Self::saw).
    pub(crate) fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    /// What we sent at `sent_ms` by our clock, the broker took at `broker_ms` by its own; we hear of it now.
    pub(crate) fn saw(&self, sent_ms: i64, broker_ms: i64) {
        let ms = ahead_ms(sent_ms, broker_ms, self.clock.now_ms());
        self.seen_ms.store(self.born.elapsed().as_millis() as u64, Ordering::Relaxed);
        if self.ms.swap(ms, Ordering::Relaxed) == ms {
            return;
        }
        ClockIs { ahead_ms: ms }.emit();
        let is_alarming = ms.unsigned_abs() > ALARM_MS;
        if self.is_alarming.swap(is_alarming, Ordering::Relaxed) == is_alarming {
            return;
        }
        if is_alarming {
            ClockIsOff { ahead_ms: ms }.emit();
        } else {
            ClockAgrees.emit();
        }
    }

    /// What an operator should know, while there is something.
    pub(crate) fn alarm(&self) -> Option<String> {
        let seen = Duration::from_millis(self.seen_ms.load(Ordering::Relaxed));
        let is_known = self.born.elapsed() < seen + KNOWN_FOR;
        (is_known && self.is_alarming.load(Ordering::Relaxed)).then(|| {
            let ms = self.ms.load(Ordering::Relaxed);
            let side = if ms > 0 { "ahead of" } else { "behind" };
            format!(
                "this machine's clock is {} s {side} the Kafka broker's: let both be kept by NTP",
                ms.unsigned_abs() / 1_000
            )
        })
    }
}

/// How far our clock is ahead, as far as it must be; negative when it is behind.
fn ahead_ms(sent_ms: i64, broker_ms: i64, heard_ms: i64) -> i64 {
    if broker_ms < sent_ms { sent_ms.saturating_sub(broker_ms) } else { heard_ms.saturating_sub(broker_ms).min(0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lies_outside_of_sending_and_hearing_is_skew() {
        for (sent, broker, heard, ahead) in [
            (1_000, 1_003, 1_007, 0),
            (1_000, 1_000, 1_000, 0),
            // The answer took an hour, or the process stood still for it.
            (1_000, 1_003, 3_601_000, 0),
            (1_000, 3_600_000, 3_601_000, 0),
            (3_601_000, 1_003, 3_601_007, 3_599_997),
            (1_000, 3_601_003, 1_007, -3_599_996),
            // Our clock stepped back an hour in between, and forward.
            (3_601_000, 3_601_003, 1_007, -3_599_996),
            (1_000, 1_003, 86_401_000, 0),
            (i64::MAX, i64::MIN, i64::MIN, i64::MAX),
        ] {
            assert_eq!(ahead_ms(sent, broker, heard), ahead, "{sent} {broker} {heard}");
        }
    }
}
