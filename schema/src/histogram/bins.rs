//! Bins for a picture of a distribution: few, with round edges, a metric's limits among them, and exact at those.

use super::{Histogram, bounds, nearest_rank_of, representative};

/// How many bins a picture should have, about.
const BINS_WANTED: u64 = 40;

/// A limit, and how many values are exactly at or under it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// The limit in micro units, inclusive.
    pub at_most: u32,
    /// The exact count of values up to it.
    pub count: i64,
}

impl Limit {
    /// The two limits of a metric from its exact counters.
    pub fn of_counts(limits: (u32, u32), good: i64, fair: i64) -> [Self; 2] {
        [Self { at_most: limits.0, count: good }, Self { at_most: limits.1, count: good + fair }]
    }
}

/// One bin: values above `from` (or from 0 on, in the first) up to and including `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bin {
    /// Lower edge in micro units, exclusive except in the first bin.
    pub from: u64,
    /// Upper edge in micro units, inclusive; `None` is the open end.
    pub to: Option<u64>,
    /// How many values.
    pub count: i64,
}

impl Histogram {
    /// About forty bins of round width that reach past the 98th percentile and past the last limit; the last is open.
    /// Every limit is an edge, and the counts on its two sides are the exact ones. The sum is [`Histogram::count`].
    pub fn bins(&self, limits: &[Limit]) -> Vec<Bin> {
        let total = self.count();
        let Some(rank) = nearest_rank_of(98, total) else {
            return Vec::new();
        };
        let high = self.bucket_at_rank(rank).map_or(0, |(bucket, _)| bounds(bucket).1);
        let last_limit = limits.iter().map(|limit| u64::from(limit.at_most)).max().unwrap_or(0);
        let reach = high.max(last_limit + last_limit / 4).max(1);
        let step = round_step(reach);
        let mut edges: Vec<u64> = (1..=reach.div_ceil(step)).map(|n| n * step).collect();
        edges.extend(limits.iter().map(|limit| u64::from(limit.at_most)));
        edges.sort_unstable();
        edges.dedup();

        let up_to: Vec<i64> = edges.iter().map(|&edge| self.count_up_to(edge, limits).clamp(0, total)).collect();
        let mut bins = Vec::with_capacity(edges.len() + 1);
        let (mut from, mut below) = (0, 0);
        for (&edge, &count) in edges.iter().zip(&up_to) {
            // Exact limits beside approximate edges could make a bin negative: the count up to an edge never falls.
            let count = count.max(below);
            bins.push(Bin { from, to: Some(edge), count: count - below });
            (from, below) = (edge, count);
        }
        bins.push(Bin { from, to: None, count: total - below });
        bins
    }

    /// How many values are at or under an edge: exactly where the edge is a limit, else by each bucket's
    /// representative, but never on the wrong side of a limit.
    pub fn count_up_to(&self, edge: u64, limits: &[Limit]) -> i64 {
        if let Some(limit) = limits.iter().find(|limit| u64::from(limit.at_most) == edge) {
            return limit.count;
        }
        let inside: i64 = self
            .iter()
            .take_while(|&(bucket, _)| representative(bucket) <= edge as f64)
            .map(|(_, count)| count.max(0))
            .sum();
        let (low, high) = limits.iter().fold((0, i64::MAX), |(low, high), limit| {
            if u64::from(limit.at_most) < edge { (low.max(limit.count), high) } else { (low, high.min(limit.count)) }
        });
        inside.max(low).min(high)
    }
}

/// The width among 1, 2, 2.5 and 5 times a power of ten that makes at most [`BINS_WANTED`] bins of `reach`.
fn round_step(reach: u64) -> u64 {
    let mut power = 1_u64;
    loop {
        for (times, over) in [(1, 1), (2, 1), (5, 2), (5, 1)] {
            let step = power.saturating_mul(times) / over;
            if step > 0 && reach.div_ceil(step) <= BINS_WANTED {
                return step;
            }
        }
        power = power.saturating_mul(10);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_edges_and_counts_are_exact_there() {
        let mut histogram = Histogram::new();
        let (mut good, mut fair) = (0, 0);
        for value in (0..6_000_000_u32).step_by(777) {
            histogram.add(value, 1);
            good += i64::from(value <= 2_500_000);
            fair += i64::from(value > 2_500_000 && value <= 4_000_000);
        }
        let bins = histogram.bins(&Limit::of_counts((2_500_000, 4_000_000), good, fair));
        assert!((20..=45).contains(&bins.len()), "{}", bins.len());
        let up_to = |edge: u64| bins.iter().filter(|b| b.to.is_some_and(|to| to <= edge)).map(|b| b.count).sum::<i64>();
        assert_eq!(up_to(2_500_000), good);
        assert_eq!(up_to(4_000_000), good + fair);
        assert_eq!(bins.iter().map(|bin| bin.count).sum::<i64>(), histogram.count());
        assert!(bins.iter().all(|bin| bin.count >= 0));
        assert_eq!(bins.last().and_then(|bin| bin.to), None);
    }

    #[test]
    fn nothing_has_no_bins_and_zeros_have_some() {
        assert!(Histogram::new().bins(&[]).is_empty());
        let mut zeros = Histogram::new();
        zeros.add(0, 7);
        let bins = zeros.bins(&[]);
        assert_eq!(bins[0], Bin { from: 0, to: Some(1), count: 7 });
    }
}
