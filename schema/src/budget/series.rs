//! Good and valid counts in buckets of time, summed over any span; excluded spans count neither way.

use std::ops::{Add, AddAssign, Range, Sub};

/// Events that count, and those of them that were good. For a score, both are in quarter points: four a page view.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Events that kept the promise.
    pub good: i64,
    /// Events that the promise speaks of.
    pub valid: i64,
}

impl Counts {
    /// Events that broke the promise.
    pub fn bad(self) -> i64 {
        self.valid - self.good
    }

    /// Share of good events; None without events.
    pub fn share(self) -> Option<f64> {
        (self.valid > 0).then(|| self.good as f64 / self.valid as f64)
    }
}

impl Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { good: self.good + other.good, valid: self.valid + other.valid }
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Counts {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self { good: self.good - other.good, valid: self.valid - other.valid }
    }
}

/// Buckets in order of time, without those that lie in an excluded span. Times are Unix seconds.
#[derive(Clone, Debug)]
pub struct Series {
    starts: Vec<i64>,
    /// Sums of everything before the bucket of the same index; one longer than the starts.
    before: Vec<Counts>,
    excluded: Vec<Range<i64>>,
}

impl Series {
    /// Takes buckets by their start, in any order, and the spans that are not to count; overlapping spans are one.
    pub fn new(
        buckets: impl IntoIterator<Item = (i64, Counts)>,
        excluded: impl IntoIterator<Item = Range<i64>>,
    ) -> Self {
        let excluded = union(excluded.into_iter().collect());
        let mut buckets: Vec<_> = buckets.into_iter().filter(|(start, _)| !contains(&excluded, *start)).collect();
        buckets.sort_unstable_by_key(|(start, _)| *start);
        let mut sum = Counts::default();
        let mut before = Vec::with_capacity(buckets.len() + 1);
        before.push(sum);
        before.extend(buckets.iter().map(|(_, counts)| {
            sum += *counts;
            sum
        }));
        Self { starts: buckets.into_iter().map(|(start, _)| start).collect(), before, excluded }
    }

    /// Sum of the buckets that start in `[from_s, to_s)`.
    pub fn sum(&self, from_s: i64, to_s: i64) -> Counts {
        let index = |at| self.starts.partition_point(|start| *start < at);
        if from_s >= to_s { Counts::default() } else { self.before[index(to_s)] - self.before[index(from_s)] }
    }

    /// Seconds of `[from_s, to_s)` that are not excluded.
    pub fn counted_s(&self, from_s: i64, to_s: i64) -> i64 {
        let overlap = |span: &Range<i64>| (span.end.min(to_s) - span.start.max(from_s)).max(0);
        (to_s - from_s).max(0) - self.excluded.iter().map(overlap).sum::<i64>()
    }

    /// Buckets that start in `[from_s, to_s)`, as start and counts.
    pub fn buckets(&self, from_s: i64, to_s: i64) -> impl Iterator<Item = (i64, Counts)> {
        let first = self.starts.partition_point(|start| *start < from_s);
        (first..self.starts.len())
            .take_while(move |index| self.starts[*index] < to_s)
            .map(|index| (self.starts[index], self.before[index + 1] - self.before[index]))
    }
}

fn union(mut spans: Vec<Range<i64>>) -> Vec<Range<i64>> {
    spans.retain(|span| span.start < span.end);
    spans.sort_unstable_by_key(|span| span.start);
    let mut merged: Vec<Range<i64>> = Vec::with_capacity(spans.len());
    for span in spans {
        match merged.last_mut() {
            Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
            _ => merged.push(span),
        }
    }
    merged
}

fn contains(spans: &[Range<i64>], at: i64) -> bool {
    let after = spans.partition_point(|span| span.start <= at);
    after > 0 && at < spans[after - 1].end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excluded_spans_count_neither_way_and_overlap_once() {
        let minute = |n: i64| (n * 60, Counts { good: 1, valid: 2 });
        let series = Series::new((0..10).map(minute), [120..240, 180..300, 400..400]);
        assert_eq!(series.sum(0, 600), Counts { good: 7, valid: 14 });
        assert_eq!(series.sum(120, 300), Counts::default());
        assert_eq!(series.counted_s(0, 600), 420);
        assert_eq!(series.counted_s(200, 250), 0);
        assert_eq!(series.sum(300, 300), Counts::default());
        assert_eq!(series.sum(300, 120), Counts::default());
        assert_eq!(series.buckets(60, 360).map(|(start, _)| start).collect::<Vec<_>>(), [60, 300]);
    }
}
