//! How fast the spool is drained: never in more than its share of the time, which is at most half of what Kafka was just seen to
//! take, and less while the live traffic's acknowledgements take longer than they do without a drain.

use super::latency::{Latencies, Mark};
use std::time::{Duration, Instant};

/// The share is looked at this often.
const LOOK_INTERVAL: Duration = Duration::from_millis(500);

/// Slow start, since nothing is known yet.
const SHARE_FIRST: f64 = 0.1;

/// Even behind a live traffic that leaves no room, the spool drains.
const SHARE_MIN: f64 = 0.02;

/// What the share grows by at each look without complaint.
const SHARE_STEP: f64 = 0.05;

/// Which part of the live acknowledgements is compared, and how many it takes to say anything.
pub(crate) const WATCHED: f64 = 0.95;
pub(crate) const SAMPLES_MIN: u32 = 20;

/// The live traffic may take so much longer than without a drain. A 99th percentile may then at most double.
const SLOWER_MAX: f64 = 1.5;

/// … and below this the difference is noise.
const NOISE: Duration = Duration::from_millis(2);

/// Longest pause after one batch, so that a batch that took very long does not stop the drain.
const PAUSE_MAX: Duration = Duration::from_secs(5);

pub(crate) struct Pace {
    share: f64,
    share_max: f64,
    begin: Mark,
    looked: Instant,
}

impl Pace {
    pub(crate) fn new(share_max: f64, live: &Latencies) -> Self {
        let share_max = share_max.clamp(SHARE_MIN, 1.0);
        Self { share: SHARE_FIRST.min(share_max), share_max, begin: live.mark(), looked: Instant::now() }
    }

    /// Time to leave to the live traffic after a batch that took this long. `normal` is how long the watched part of its
    /// acknowledgements takes without a drain.
    pub(crate) fn pause_after(&mut self, took: Duration, live: &Latencies, normal: Option<Duration>) -> Duration {
        if self.looked.elapsed() >= LOOK_INTERVAL {
            self.look(live.quantile(&self.begin, WATCHED, SAMPLES_MIN), normal);
            (self.begin, self.looked) = (live.mark(), Instant::now());
        }
        took.mul_f64(1.0 / self.share - 1.0).min(PAUSE_MAX)
    }

    fn look(&mut self, now: Option<Duration>, normal: Option<Duration>) {
        let is_slower = match (now, normal) {
            (Some(now), Some(normal)) => now > normal.mul_f64(SLOWER_MAX).max(normal + NOISE),
            _ => false,
        };
        self.share = if is_slower { (self.share / 2.0).max(SHARE_MIN) } else { self.share + SHARE_STEP };
        self.share = self.share.min(self.share_max);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn it_grows_to_its_share_gives_way_to_slower_live_traffic_and_never_stops() {
        let live = Latencies::new();
        let mut pace = Pace::new(0.5, &live);
        (0..20).for_each(|_| pace.look(Some(ms(5)), Some(ms(5))));
        assert_eq!(pace.share, 0.5);
        assert_eq!(pace.pause_after(ms(10), &live, None), ms(10), "half of the time");
        pace.look(Some(ms(9)), Some(ms(5)));
        assert_eq!(pace.share, 0.25);
        (0..20).for_each(|_| pace.look(Some(ms(900)), Some(ms(5))));
        assert_eq!(pace.share, SHARE_MIN);
        assert!(pace.pause_after(ms(200), &live, None) <= PAUSE_MAX);
        pace.look(None, Some(ms(5)));
        assert!(pace.share > SHARE_MIN, "without live traffic there is nobody to give way to");
    }
}
