//! Budgeting by time slices: a slice of time is good or bad as a whole, or counts with its share of good events.

use super::{Counts, Fraction, Objective, Series};
use std::ops::Range;

/// How a slice without events counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Empty {
    /// As good.
    Good,
    /// As bad.
    Bad,
    /// Not at all: unmeasured time is neither.
    #[default]
    Ignore,
}

/// Slices of a span, judged one by one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SliceBudget {
    /// Good slices of those that count, for `timeslices`.
    pub slices: Counts,
    /// Empty slices that were left out.
    pub ignored: i64,
    /// Mean of the slices' shares, for `ratiotimeslices`; None when no slice counts.
    pub mean_share: Option<f64>,
    /// What is left of the budget of slices.
    pub remaining_slices: Option<f64>,
    /// What is left of the budget of shares.
    pub remaining_shares: Option<f64>,
}

/// Judges each slice of `slice_s` seconds in `span`: good when its share of good events is at least `slice_target`.
pub fn evaluate_slices(
    objective: Objective,
    series: &Series,
    span: Range<i64>,
    slice_s: i64,
    slice_target: Fraction,
    empty: Empty,
) -> SliceBudget {
    let mut slices = Counts::default();
    let mut ignored = 0;
    let mut shares = 0.0;
    let mut start = span.start;
    while start < span.end {
        let end = (start + slice_s.max(1)).min(span.end);
        let counts = series.sum(start, end);
        if counts.valid > 0 {
            slices.valid += 1;
            slices.good += i64::from(reaches(counts, slice_target));
            shares += counts.good as f64 / counts.valid as f64;
        } else if empty == Empty::Ignore || series.counted_s(start, end) == 0 {
            ignored += 1;
        } else {
            slices.valid += 1;
            slices.good += i64::from(empty == Empty::Good);
            shares += f64::from(u8::from(empty == Empty::Good));
        }
        start = end;
    }
    let mean_share = (slices.valid > 0).then(|| shares / slices.valid as f64);
    let left = |sli: f64| 1.0 - (1.0 - sli) / objective.allowed().to_f64();
    SliceBudget {
        slices,
        ignored,
        mean_share,
        remaining_slices: super::burn_rate(objective, slices).map(|consumed| 1.0 - consumed),
        remaining_shares: mean_share.map(left),
    }
}

fn reaches(counts: Counts, target: Fraction) -> bool {
    i128::from(counts.good) * target.denominator() >= target.numerator() * i128::from(counts.valid)
}
