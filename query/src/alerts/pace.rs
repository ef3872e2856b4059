//! How long to wait for a receiver that failed: twice as long each time, never the same as others, never more than an hour.

use super::limits::{BACKOFF, BACKOFF_MAX};
use rand::Rng;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// What is known of each receiver.
#[derive(Debug, Default)]
pub struct Pace {
    failed: HashMap<String, (u32, Instant)>,
}

impl Pace {
    /// Whether it may be tried now.
    pub fn may(&self, receiver: &str) -> bool {
        self.failed.get(receiver).is_none_or(|(_, next)| *next <= Instant::now())
    }

    /// It took what it was sent.
    pub fn took(&mut self, receiver: &str) {
        self.failed.remove(receiver);
    }

    /// It did not; `asked` is the wait that it asked for.
    pub fn failed(&mut self, receiver: &str, asked: Option<Duration>) {
        let times = self.failed.get(receiver).map_or(0, |(times, _)| *times);
        let wait = jittered(longest(times)).max(asked.unwrap_or_default()).min(BACKOFF_MAX);
        self.failed.insert(receiver.to_owned(), (times.saturating_add(1), Instant::now() + wait));
    }
}

/// The longest wait after so many failures before.
fn longest(times: u32) -> Duration {
    BACKOFF.saturating_mul(1 << times.min(16)).min(BACKOFF_MAX)
}

/// Between half of it and all of it, so that what failed together does not come back together.
fn jittered(longest: Duration) -> Duration {
    longest.mul_f64(rand::rng().random_range(0.5..=1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_an_hour_and_are_never_the_same() {
        assert_eq!([0, 1, 4].map(longest).map(|wait| wait.as_secs()), [5, 10, 80]);
        assert_eq!(longest(u32::MAX), BACKOFF_MAX);
        let waits: std::collections::BTreeSet<Duration> = (0..50).map(|_| jittered(BACKOFF_MAX)).collect();
        assert!(waits.len() > 25 && waits.iter().all(|wait| (1_800..=3_600).contains(&wait.as_secs())), "{waits:?}");
    }

    #[test]
    fn a_receiver_that_fails_is_left_alone_and_others_are_not() {
        let mut pace = Pace::default();
        pace.failed("one", None);
        assert!(!pace.may("one") && pace.may("other"));
        pace.took("one");
        assert!(pace.may("one"));
    }
}
