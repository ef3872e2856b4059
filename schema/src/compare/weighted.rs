//! Figures of weighted page views: a percentile from buckets, a score from levels.
//!
//! Beside each sum of weights stands the sum of their squares, which is what a weighted figure's variance is made of. With all weights 1
//! both are the count, and the figures those of [`crate::histogram`] and [`crate::happiness`].

use super::Estimate;
use crate::anchors::Level;
use crate::happiness::{Z_95, wilson};
use crate::histogram::{Histogram, bounds, representative};
use std::collections::BTreeMap;

/// A sum of weights and the sum of their squares.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Weight {
    /// Of the weights.
    pub sum: f64,
    /// Of their squares.
    pub squares: f64,
}

impl Weight {
    /// Of `count` things of the same weight each.
    pub fn of(count: i64, each: f64) -> Self {
        let count = count.max(0) as f64;
        Self { sum: count * each, squares: count * each * each }
    }

    /// How many things of equal weight would tell as much: (Σw)² / Σw², L. Kish, "Survey Sampling" (1965).
    pub fn effective(self) -> f64 {
        if self.squares > 0.0 { self.sum * self.sum / self.squares } else { 0.0 }
    }
}

impl std::ops::AddAssign for Weight {
    fn add_assign(&mut self, other: Self) {
        self.sum += other.sum;
        self.squares += other.squares;
    }
}

/// A histogram of weighted values.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WeightedHistogram(BTreeMap<u16, Weight>);

/// Sums and differences of fractions leave crumbs.
const CRUMB: f64 = 1e-6;

impl WeightedHistogram {
    /// Adds weight to a bucket; what a later snapshot took back is added with a minus.
    pub fn add(&mut self, bucket: u16, weight: Weight) {
        *self.0.entry(bucket).or_default() += weight;
    }

    /// A histogram whose values all have the same weight.
    pub fn of(histogram: &Histogram, each: f64) -> Self {
        let mut weighted = Self::default();
        histogram.iter().for_each(|(bucket, count)| weighted.add(bucket, Weight::of(count, each)));
        weighted
    }

    /// All of it.
    pub fn total(&self) -> Weight {
        let mut total = Weight::default();
        self.filled().for_each(|(_, weight)| total += weight);
        total
    }

    fn filled(&self) -> impl Iterator<Item = (u16, Weight)> + '_ {
        self.0.iter().map(|(bucket, weight)| (*bucket, *weight)).filter(|(_, weight)| weight.sum > CRUMB)
    }

    /// A percentile with its 95 % interval, in micro units; `None` of nothing.
    ///
    /// The interval is that of the share of values at or under the percentile, led back through the distribution: R. S. Woodruff,
    /// "Confidence intervals for medians and other position measures", JASA 47 (1952). The share's variance is linearised, without what
    /// stratification would gain, so the interval is rather too wide. Its ends are those of buckets, so that two percentiles are
    /// never told apart by the border of a bucket (0.8 %).
    pub fn percentile(&self, percent: u32) -> Option<Estimate> {
        let share = f64::from(percent.min(100)) / 100.0;
        let total = self.total();
        let (at, _) = self.reached(share * total.sum)?;
        let spread: f64 = self
            .filled()
            .map(|(bucket, weight)| weight.squares * if bucket <= at { 1.0 - share } else { -share }.powi(2))
            .sum();
        let half = Z_95 * spread.max(0.0).sqrt();
        let (low, high) = (share * total.sum - half, share * total.sum + half);
        let low = self.reached(low.max(CRUMB))?.0;
        let high = self.reached((high + total.sum / total.effective().max(1.0)).min(total.sum - CRUMB))?.0;
        Some(Estimate { value: representative(at), low: bounds(low).0 as f64, high: bounds(high).1 as f64 })
    }

    /// The first bucket up to whose end there is so much weight, and how much there is before it.
    fn reached(&self, weight: f64) -> Option<(u16, f64)> {
        let (mut before, mut last) = (0.0, None);
        for (bucket, held) in self.filled() {
            if before + held.sum >= weight - CRUMB {
                return Some((bucket, before));
            }
            last = Some((bucket, before));
            before += held.sum;
        }
        last
    }
}

/// Happiness of weighted page views, from their levels alone, with its 95 % interval; `None` of nothing.
///
/// Wilson's interval with as many trials as give the variance that the weighted levels have: E. L. Korn, B. I. Graubard, "Confidence
/// intervals for proportions with small expected number of positive counts estimated from survey data", Surv. Methodol. 24 (1998). For
/// that variance one more view of each level is imagined, so that a hundred equal views are not taken for certainty.
pub fn score(levels: [Weight; 4]) -> Option<Estimate> {
    let total = whole(levels);
    if total.sum <= CRUMB || total.squares <= 0.0 {
        return None;
    }
    let worth = Level::ALL.map(|level| level.points() as f64 / 4.0);
    let mean = |levels: [Weight; 4], sum: f64| {
        levels.iter().zip(worth).map(|(held, worth)| held.sum * worth).sum::<f64>() / sum
    };
    let share = mean(levels, total.sum).clamp(0.0, 1.0);

    let one = total.squares / total.sum;
    let more = levels.map(|held| Weight { sum: held.sum.max(0.0) + one, squares: held.squares.max(0.0) + one * one });
    let sum = whole(more).sum;
    let middle = mean(more, sum);
    let variance: f64 =
        more.iter().zip(worth).map(|(held, worth)| held.squares * (worth - middle).powi(2)).sum::<f64>() / (sum * sum);
    // The imagined views say how much levels differ, not how many there are.
    let trials = middle * (1.0 - middle) / variance * (total.sum / sum);
    let (low, high) = wilson(share * trials, trials);
    Some(Estimate { value: 100.0 * share, low: 100.0 * low, high: 100.0 * high })
}

/// All levels together.
pub fn whole(levels: [Weight; 4]) -> Weight {
    let mut total = Weight::default();
    levels.into_iter().for_each(|held| total += held);
    total
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::difference;
    use crate::happiness::LevelCounts;

    /// A generator of our own (xorshift64*, S. Vigna 2016): the same figures on every machine.
    struct Chance(u64);

    impl Chance {
        fn share(&mut self) -> f64 {
            self.0 ^= self.0 >> 12;
            self.0 ^= self.0 << 25;
            self.0 ^= self.0 >> 27;
            (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) as f64 / (1_u64 << 53) as f64
        }
    }

    #[test]
    fn with_equal_weights_figures_are_the_plain_ones() {
        let mut histogram = Histogram::new();
        (0..5_000_u32).for_each(|value| histogram.add(value * 1_000, 1));
        let plain = histogram.percentile(75, &[]).unwrap();
        for each in [1.0, 0.3, 7.0] {
            let found = WeightedHistogram::of(&histogram, each).percentile(75).unwrap();
            assert_eq!(found.value, plain.0);
            assert!(found.low <= plain.1 && found.low > plain.1 * 0.98, "{found:?} {plain:?}");
            assert!(found.high >= plain.2 && found.high < plain.2 * 1.02, "{found:?} {plain:?}");
        }
        let counts = LevelCounts([60, 20, 15, 5]);
        let found = score(counts.0.map(|count| Weight::of(count, 2.5))).unwrap();
        assert!((found.value - counts.score().value.unwrap()).abs() < 1e-9);
        let plain = counts.score();
        assert!(found.low > plain.low.unwrap() && found.high < plain.high.unwrap(), "never wider than the plain one");
        assert_eq!(score([Weight::default(); 4]), None);
        assert_eq!(WeightedHistogram::default().percentile(75), None);
    }

    #[test]
    fn intervals_of_happiness_hold_the_truth_as_often_as_they_say() {
        // Two samples of the same people: the difference is nothing, and its interval has to say so 95 times of 100.
        let mut chance = Chance(7);
        for (shares, count) in
            [([0.6, 0.2, 0.15, 0.05], 100), ([0.97, 0.02, 0.01, 0.0], 400), ([0.1, 0.8, 0.05, 0.05], 150)]
        {
            let mut sample = |weights: [f64; 2]| {
                let mut levels = [Weight::default(); 4];
                for view in 0..count {
                    let mut left = chance.share();
                    let level = shares.iter().position(|share| {
                        left -= share;
                        left < 0.0
                    });
                    levels[level.unwrap_or(3)] += Weight::of(1, weights[view % 2]);
                }
                score(levels).unwrap()
            };
            let tries = 1_500;
            let missed = (0..tries)
                .filter(|_| {
                    let found = difference(sample([1.0, 1.0]), sample([0.5, 2.0]));
                    found.low > 0.0 || found.high < 0.0
                })
                .count();
            let rate = missed as f64 / tries as f64;
            assert!(rate < 0.065, "{shares:?}: {rate}");
            assert!(rate > 0.005, "{shares:?}: an interval that is never wrong says nothing: {rate}");
        }
    }

    #[test]
    fn intervals_of_a_percentile_hold_the_truth_as_often_as_they_say() {
        let mut chance = Chance(11);
        for count in [120, 400] {
            let mut sample = |weights: [f64; 2]| {
                let mut histogram = WeightedHistogram::default();
                for view in 0..count {
                    // Long-tailed, as waiting times are.
                    let value = 900_000.0 * (-(1.0 - chance.share()).ln()).exp().min(60.0);
                    histogram.add(crate::histogram::bucket_of(value as u32), Weight::of(1, weights[view % 2]));
                }
                histogram.percentile(75).unwrap()
            };
            let tries = 600;
            let missed = (0..tries)
                .filter(|_| {
                    let found = difference(sample([1.0, 1.0]), sample([0.6, 1.8]));
                    found.low > 0.0 || found.high < 0.0
                })
                .count();
            let rate = missed as f64 / tries as f64;
            assert!(rate < 0.07, "{count}: {rate}");
            assert!(rate > 0.005, "{count}: {rate}");
        }
    }
}
