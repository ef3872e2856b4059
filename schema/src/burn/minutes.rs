//! The recent minutes of a promise in memory: as long as the longest rule looks back, and what an evaluator catches up after a pause.

use crate::budget::Counts;

/// Minutes of the longest window of a rule.
const RULES_LOOK_MIN: i64 = 3 * 24 * 60;
/// Minutes that are judged one by one after a pause; what lies further back is passed over.
pub const CATCH_UP_MIN: i64 = 120;
/// Minutes that are kept.
pub const KEPT_MIN: i64 = RULES_LOOK_MIN + CATCH_UP_MIN;

/// Good and valid of the last minutes. Times are Unix minutes.
#[derive(Debug, Clone)]
pub struct Minutes {
    newest: i64,
    /// By the minute's remainder. Counts of one minute beyond two thousand million are taken for that.
    cells: Vec<(i32, i32)>,
}

impl Default for Minutes {
    fn default() -> Self {
        Self { newest: i64::MIN, cells: vec![(0, 0); KEPT_MIN as usize] }
    }
}

impl Minutes {
    /// Takes what was counted for a minute, in the place of what was there. One that is too old is passed over.
    pub fn set(&mut self, minute: i64, counts: Counts) {
        if minute > self.newest {
            self.advance(minute);
        }
        if minute > self.newest - KEPT_MIN {
            let narrow = |count: i64| i32::try_from(count).unwrap_or(i32::MAX);
            self.cells[Self::place(minute)] = (narrow(counts.good), narrow(counts.valid));
        }
    }

    /// Forgets what falls out when `minute` is the newest.
    fn advance(&mut self, minute: i64) {
        if minute.saturating_sub(self.newest) >= KEPT_MIN {
            self.cells.fill((0, 0));
        } else {
            for gone in self.newest + 1..=minute {
                self.cells[Self::place(gone)] = (0, 0);
            }
        }
        self.newest = minute;
    }

    fn place(minute: i64) -> usize {
        minute.rem_euclid(KEPT_MIN) as usize
    }

    /// Sums of everything before each of the last [`KEPT_MIN`] minutes up to `end`, without those that `excluded` names. The buffer is
    /// the caller's, because a thousand promises are summed one after another.
    pub fn sums<'b>(&self, end: i64, excluded: impl Fn(i64) -> bool, buffer: &'b mut Vec<Counts>) -> Sums<'b> {
        let first = end - KEPT_MIN;
        buffer.clear();
        let mut sum = Counts::default();
        buffer.push(sum);
        for minute in first..end {
            let known = minute <= self.newest && minute > self.newest.saturating_sub(KEPT_MIN);
            let (good, valid) = if known { self.cells[Self::place(minute)] } else { (0, 0) };
            if valid != 0 && !excluded(minute) {
                sum += Counts { good: good.into(), valid: valid.into() };
            }
            buffer.push(sum);
        }
        Sums { first, before: buffer }
    }
}

/// Sums over any span of the kept minutes.
#[derive(Debug)]
pub struct Sums<'b> {
    first: i64,
    before: &'b [Counts],
}

impl Sums<'_> {
    /// The sum of the `length` minutes before `end`.
    pub fn last(&self, end: i64, length: u32) -> Counts {
        let at = |minute: i64| (minute - self.first).clamp(0, self.before.len() as i64 - 1) as usize;
        self.before[at(end)] - self.before[at(end - i64::from(length))]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Series;
    use proptest::prelude::*;

    const NOW: i64 = 29_000_000;

    proptest! {
        #[test]
        fn sums_are_those_of_a_series_whatever_comes_in_whatever_order(
            told in prop::collection::vec((0..KEPT_MIN + 200, 0..50_i64, 0..50_i64), 1..200),
            length in 1..4_320_u32,
        ) {
            let mut minutes = Minutes::default();
            let mut known = std::collections::BTreeMap::new();
            minutes.set(NOW - 1, Counts::default());
            for (ago, good, bad) in told {
                let counts = Counts { good, valid: good + bad };
                minutes.set(NOW - 1 - ago, counts);
                if ago < KEPT_MIN {
                    known.insert(NOW - 1 - ago, counts);
                }
            }
            let series = Series::new(known, []);
            let mut buffer = Vec::new();
            let sums = minutes.sums(NOW, |_| false, &mut buffer);
            for end in [NOW, NOW - CATCH_UP_MIN] {
                prop_assert_eq!(sums.last(end, length), series.sum(end - i64::from(length), end));
            }
        }
    }

    #[test]
    fn what_falls_out_is_forgotten_and_what_is_excluded_does_not_count() {
        let one = Counts { good: 1, valid: 2 };
        let mut minutes = Minutes::default();
        minutes.set(10, one);
        minutes.set(11, one);
        let mut buffer = Vec::new();
        assert_eq!(minutes.sums(12, |_| false, &mut buffer).last(12, 5), Counts { good: 2, valid: 4 });
        assert_eq!(minutes.sums(12, |minute| minute == 10, &mut buffer).last(12, 5), one);
        minutes.set(10 + KEPT_MIN, one);
        assert_eq!(minutes.sums(11 + KEPT_MIN, |_| false, &mut buffer).last(11 + KEPT_MIN, 4_320), one);
        minutes.set(10 + 9 * KEPT_MIN, one);
        assert_eq!(minutes.sums(12, |_| false, &mut buffer).last(12, 5), Counts::default());
    }
}
