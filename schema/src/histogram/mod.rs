//! HDR histograms of two significant digits: bucket → signed count, so that a later snapshot of a view can take the
//! earlier one's value out again.
//!
//! The index of a bucket is that of the `hdrhistogram` crate with a lowest value of 1 and two significant digits: below
//! 256 every value has its own bucket, above it a bucket is at most 1/128 (0.78 %) wide. The unit is the micro unit of
//! [`crate::metric`]. Limits are not read from buckets: exact counters stand beside every histogram, and
//! [`Histogram::value_at_rank`] takes them in, so that a percentile is never on the wrong side of a limit.

mod bins;

pub use bins::{Bin, Limit};

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::happiness::Z_95;

/// Values below this have a bucket of their own; 2·10² rounded up to a power of two.
const SUB_BUCKETS: u64 = 256;
const SUB_BUCKETS_HALF_LOG2: u32 = 7;

/// The bucket of a value in micro units.
pub fn bucket_of(micro: u32) -> u16 {
    bucket_of_wide(u64::from(micro))
}

/// The bucket of a value of any size: what does not fit a column still must not overflow a histogram.
pub fn bucket_of_wide(value: u64) -> u16 {
    let shift = 63 - (value | (SUB_BUCKETS - 1)).leading_zeros() - SUB_BUCKETS_HALF_LOG2;
    ((u64::from(shift) << SUB_BUCKETS_HALF_LOG2) + (value >> shift)) as u16
}

/// The lowest and the highest value of a bucket, both inclusive.
pub fn bounds(bucket: u16) -> (u64, u64) {
    let bucket = u64::from(bucket);
    if bucket < SUB_BUCKETS {
        return (bucket, bucket);
    }
    let shift = ((bucket >> SUB_BUCKETS_HALF_LOG2) - 1).min(56);
    let low = (bucket - (shift << SUB_BUCKETS_HALF_LOG2)).min(SUB_BUCKETS - 1) << shift;
    (low, low + ((1 << shift) - 1))
}

/// The value that stands for a bucket: the decimal with the fewest digits inside it, so that whole milliseconds below
/// 100 ms come back exactly. At most 1 % from any value in the bucket.
pub fn representative(bucket: u16) -> f64 {
    let (low, high) = bounds(bucket);
    roundest_between(low, high) as f64
}

/// The number in `[low, high]` with the most trailing zeros; of several, the nearest to the middle.
fn roundest_between(low: u64, high: u64) -> u64 {
    if low == 0 {
        return 0;
    }
    let mut step = 1_u64;
    while let Some(next) = step.checked_mul(10) {
        if high / next * next < low {
            break;
        }
        step = next;
    }
    let middle = low + (high - low) / 2;
    let below = middle / step * step;
    let above = below.saturating_add(step);
    if below < low {
        above
    } else if above > high || middle - below <= above - middle {
        below
    } else {
        above
    }
}

/// ClickHouse SQL for [`bucket_of`], in integer arithmetic: the same index for the same `UInt32`, as `UInt16`.
/// `roundToExp2` of an integer keeps its highest bit; the bits below it, counted, are its logarithm. The shift is made
/// unsigned, because a signed one makes `bitShiftRight` signed too, and values from 2³¹ on negative. `column` must be
/// an identifier of ours, never a value from outside.
pub fn sql_bucket(column: &str) -> String {
    let shift = format!("toUInt8(bitCount(roundToExp2(bitOr(toUInt32({column}), 255)) - 1) - 7)");
    format!("toUInt16({shift} * 128 + bitShiftRight(toUInt32({column}), {shift}))")
}

/// The 1-based rank of a nearest-rank percentile, `ceil(percent · total / 100)` in integers; `None` of nothing.
pub fn nearest_rank_of(percent: u32, total: i64) -> Option<i64> {
    if total <= 0 {
        return None;
    }
    let rank = (i128::from(total) * i128::from(percent.min(100)) + 99) / 100;
    Some(rank.max(1) as i64)
}

/// The ranks between which a percentile of the whole population lies with 95 % confidence: the normal approximation
/// to the binomial count of values below it, clamped to the sample.
pub fn rank_interval(percent: u32, total: i64) -> Option<(i64, i64)> {
    nearest_rank_of(percent, total)?;
    let (n, p) = (total as f64, f64::from(percent.min(100)) / 100.0);
    let half = Z_95 * (n * p * (1.0 - p)).sqrt();
    let low = (n * p - half).floor().max(1.0) as i64;
    let high = (n * p + half).ceil() as i64 + 1;
    Some((low.min(total), high.clamp(1, total)))
}

/// Bucket → signed count. Empty buckets are not kept, so equal content is equal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Histogram(BTreeMap<u16, i64>);

impl Histogram {
    /// An empty histogram.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds `count` values of `micro`; a negative count takes them out.
    pub fn add(&mut self, micro: u32, count: i64) {
        self.add_bucket(bucket_of(micro), count);
    }

    /// Adds `count` to a bucket.
    pub fn add_bucket(&mut self, bucket: u16, count: i64) {
        if count == 0 {
            return;
        }
        let held = self.0.entry(bucket).or_default();
        *held = held.saturating_add(count);
        if *held == 0 {
            self.0.remove(&bucket);
        }
    }

    /// Adds another histogram's counts to these.
    pub fn merge(&mut self, other: &Self) {
        for (&bucket, &count) in &other.0 {
            self.add_bucket(bucket, count);
        }
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many values there are; buckets that are below zero, which only a part of a whole can be, count as empty.
    pub fn count(&self) -> i64 {
        self.0.values().map(|&count| count.max(0)).sum()
    }

    /// Buckets with their counts, lowest first.
    pub fn iter(&self) -> impl Iterator<Item = (u16, i64)> + '_ {
        self.0.iter().map(|(&bucket, &count)| (bucket, count))
    }

    /// The pairs as a row's `histogram` column wants them.
    pub fn into_pairs(self) -> Vec<(u16, i64)> {
        self.0.into_iter().collect()
    }

    /// The nearest-rank percentile in micro units: the representative of the bucket that holds it.
    pub fn nearest_rank(&self, percent: u32) -> Option<f64> {
        let rank = nearest_rank_of(percent, self.count())?;
        self.bucket_at_rank(rank).map(|(bucket, _)| representative(bucket))
    }

    /// The bucket that holds the value of a 1-based rank, and how many values are in the buckets below it.
    pub fn bucket_at_rank(&self, rank: i64) -> Option<(u16, i64)> {
        let mut below = 0;
        for (&bucket, &count) in &self.0 {
            if rank <= below + count.max(0) {
                return Some((bucket, below));
            }
            below += count.max(0);
        }
        None
    }

    /// The value of a 1-based rank in micro units, on the right side of every limit: where a limit lies inside the
    /// bucket, the exact count of values up to the limit tells which part of the bucket the value is in, and the
    /// roundest number of that part stands for it.
    pub fn value_at_rank(&self, rank: i64, limits: &[Limit]) -> Option<f64> {
        let (bucket, _) = self.bucket_at_rank(rank.max(1))?;
        let (mut low, mut high) = bounds(bucket);
        for limit in limits {
            let at = u64::from(limit.at_most);
            if rank <= limit.count {
                high = high.min(at.max(low));
            } else {
                low = low.max((at + 1).min(high));
            }
        }
        Some(roundest_between(low, high) as f64)
    }

    /// A percentile and its 95 % interval in micro units: `(value, low, high)`, each on the right side of the limits.
    pub fn percentile(&self, percent: u32, limits: &[Limit]) -> Option<(f64, f64, f64)> {
        let total = self.count();
        let (low, high) = rank_interval(percent, total)?;
        let at = |rank| self.value_at_rank(rank, limits);
        Some((at(nearest_rank_of(percent, total)?)?, at(low)?, at(high)?))
    }
}

impl FromIterator<(u16, i64)> for Histogram {
    fn from_iter<I: IntoIterator<Item = (u16, i64)>>(pairs: I) -> Self {
        let mut histogram = Self::new();
        for (bucket, count) in pairs {
            histogram.add_bucket(bucket, count);
        }
        histogram
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_milliseconds_below_100_come_back_exactly() {
        for ms in 0..=100_u32 {
            assert_eq!(representative(bucket_of(ms * 1_000)), f64::from(ms * 1_000));
        }
    }

    #[test]
    fn a_bucket_holds_what_falls_into_it() {
        for value in [0, 1, 255, 256, 511, 512, 65_535, 65_536, u64::from(u32::MAX), 3_600_000_000_000, u64::MAX] {
            let (low, high) = bounds(bucket_of_wide(value));
            assert!((low..=high).contains(&value), "{value} in {low}..={high}");
        }
        assert!(bounds(u16::MAX).0 > 0, "a bucket that no value has does not panic");
    }

    #[test]
    fn a_percentile_is_never_on_the_wrong_side_of_a_limit() {
        // 2,500,000 lies inside its bucket: the counter says that 3 of the 4 values are at or under it.
        let mut histogram = Histogram::new();
        histogram.add(2_500_000, 3);
        histogram.add(2_500_001, 1);
        let limits = [Limit { at_most: 2_500_000, count: 3 }];
        assert_eq!(histogram.value_at_rank(3, &limits), Some(2_500_000.0));
        assert!(histogram.value_at_rank(4, &limits).is_some_and(|value| value > 2_500_000.0));
    }

    #[test]
    fn sql_shifts_unsigned_so_that_buckets_from_2_to_the_31_are_not_negative() {
        let shift = "toUInt8(bitCount(roundToExp2(bitOr(toUInt32(lcp), 255)) - 1) - 7)";
        assert_eq!(sql_bucket("lcp"), format!("toUInt16({shift} * 128 + bitShiftRight(toUInt32(lcp), {shift}))"));
    }

    #[test]
    fn what_is_taken_out_leaves_nothing() {
        let mut histogram = Histogram::new();
        histogram.add(1_234, 5);
        histogram.add(1_234, -5);
        assert!(histogram.is_empty());
        assert_eq!(histogram.nearest_rank(50), None);
    }

    #[test]
    fn an_interval_holds_its_percentile_and_stays_in_the_sample() {
        assert_eq!(rank_interval(75, 0), None);
        assert_eq!(rank_interval(75, 1), Some((1, 1)));
        let (low, high) = rank_interval(75, 1_000).unwrap_or_default();
        assert!(low < 750 && 750 < high);
        assert_eq!((low, high), (723, 778));
    }
}
