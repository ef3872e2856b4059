//! How often ranges are closed. ClickHouse answers "too many parts" when inserts come faster than it can merge them: then
//! every partition of the process closes its ranges less often, and returns to the configured pace once that has passed.

use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// Ranges are never made longer than this.
const AGE_MAX: Duration = Duration::from_secs(30);

/// ClickHouse's code for too many parts (among other things, which are no passing failures).
pub(crate) const TOO_MANY_PARTS: i32 = 252;

/// The pace of one process.
#[derive(Default)]
pub(crate) struct Pace(Mutex<State>);

#[derive(Default)]
struct State {
    /// How many times the configured age has been doubled.
    doublings: u32,
    changed: Option<Instant>,
}

impl Pace {
    /// Doubles the time between two ranges; at most once in that time, however many partitions complain.
    pub fn slow_down(&self, age: Duration, now: Instant) {
        let mut state = self.0.lock();
        let current = stretched(age, state.doublings);
        if state.changed.is_none_or(|changed| now.saturating_duration_since(changed) >= current) {
            state.doublings += u32::from(current < AGE_MAX);
        }
        state.changed = Some(now);
    }

    /// The time between two ranges now. It is halved again after twice that time without complaints.
    pub fn age(&self, age: Duration, now: Instant) -> Duration {
        let mut state = self.0.lock();
        let current = stretched(age, state.doublings);
        if state.doublings > 0
            && state.changed.is_some_and(|changed| now.saturating_duration_since(changed) >= current * 2)
        {
            state.doublings -= 1;
            state.changed = Some(now);
        }
        stretched(age, state.doublings)
    }
}

fn stretched(age: Duration, doublings: u32) -> Duration {
    age.saturating_mul(1 << doublings.min(16)).min(AGE_MAX.max(age))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_parts_stretch_ranges_up_to_a_limit_and_calm_brings_the_pace_back() {
        let (pace, second, start) = (Pace::default(), Duration::from_secs(1), Instant::now());
        assert_eq!(pace.age(second, start), second);
        pace.slow_down(second, start);
        pace.slow_down(second, start);
        assert_eq!(pace.age(second, start), second * 2, "several partitions complain of the same thing");
        let mut now = start;
        for _ in 0..10 {
            now += AGE_MAX;
            pace.slow_down(second, now);
        }
        assert_eq!(pace.age(second, now), AGE_MAX);
        for _ in 0..10 {
            now += AGE_MAX * 2;
            pace.age(second, now);
        }
        assert_eq!(pace.age(second, now), second);
    }
}
