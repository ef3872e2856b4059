//! How long acknowledgements take: counts by duration that only grow. Whoever wants a window remembers where it began.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Four buckets to each doubling, from 128 µs to 8 s.
const BUCKETS: usize = 64;
const FIRST_MICROS: u64 = 128;

/// Counts of durations.
pub(crate) struct Latencies {
    counts: [AtomicU32; BUCKETS],
}

/// The counts at one moment.
#[derive(Clone, Copy)]
pub(crate) struct Mark([u32; BUCKETS]);

impl Latencies {
    pub(crate) fn new() -> Self {
        Self { counts: [const { AtomicU32::new(0) }; BUCKETS] }
    }

    pub(crate) fn record(&self, took: Duration) {
        self.counts[bucket(took)].fetch_add(1, Ordering::Relaxed);
    }

    /// Where a window begins.
    pub(crate) fn mark(&self) -> Mark {
        Mark(std::array::from_fn(|at| self.counts[at].load(Ordering::Relaxed)))
    }

    /// The duration that this share of what was recorded since `begin` did not exceed, or `None` when fewer than `samples_min`
    /// were. At most a fifth too high.
    pub(crate) fn quantile(&self, begin: &Mark, share: f64, samples_min: u32) -> Option<Duration> {
        let now = self.mark();
        let since = |at: usize| now.0[at].wrapping_sub(begin.0[at]);
        let total: u32 = (0..BUCKETS).map(since).sum();
        if total < samples_min.max(1) {
            return None;
        }
        let wanted = (f64::from(total) * share).ceil() as u32;
        let mut seen = 0;
        let found = (0..BUCKETS).find(|at| {
            seen += since(*at);
            seen >= wanted
        });
        Some(upper_edge(found.unwrap_or(BUCKETS - 1)))
    }
}

fn bucket(took: Duration) -> usize {
    let micros = took.as_micros() as f64;
    let quarters = (micros / FIRST_MICROS as f64).log2() * 4.0;
    (quarters.ceil().max(0.0) as usize).min(BUCKETS - 1)
}

fn upper_edge(at: usize) -> Duration {
    Duration::from_micros((FIRST_MICROS as f64 * (at as f64 / 4.0).exp2()) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_of_its_window_alone_and_at_most_a_fifth_too_high() {
        let latencies = Latencies::new();
        (0..1_000).for_each(|_| latencies.record(Duration::from_secs(2)));
        let begin = latencies.mark();
        assert_eq!(latencies.quantile(&begin, 0.5, 1), None);
        for ms in 1..=100 {
            latencies.record(Duration::from_millis(ms));
        }
        for (share, exact_ms) in [(0.5, 50.0), (0.99, 99.0), (1.0, 100.0)] {
            let found_ms = latencies.quantile(&begin, share, 100).unwrap().as_secs_f64() * 1e3;
            assert!((exact_ms * 0.999..exact_ms * 1.2).contains(&found_ms), "{share}: {found_ms}");
        }
        assert_eq!(latencies.quantile(&begin, 0.5, 101), None);
    }

    #[test]
    fn nothing_is_too_short_or_too_long_to_be_counted() {
        let latencies = Latencies::new();
        let begin = latencies.mark();
        latencies.record(Duration::ZERO);
        latencies.record(Duration::from_secs(1_000_000));
        assert_eq!(latencies.quantile(&begin, 0.5, 2), Some(Duration::from_micros(FIRST_MICROS)));
        assert!(latencies.quantile(&begin, 1.0, 2) > Some(Duration::from_secs(6)));
    }
}
