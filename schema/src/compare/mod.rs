//! Two sets of page views, like compared with like: what differs, how sure that is, and which way it went.
//!
//! The mix of visitors moves by itself: more phones make a site look slower although nothing on it changed. So the second set is
//! weighted by strata ([`strata`]) until its mix is that of the first (post-stratification: D. Holt, T. M. F. Smith, "Post
//! stratification", JRSS A 142, 1979), and figures are made of weighted counts ([`weighted`]). The difference of two figures gets its
//! interval from theirs ([`difference`]); of many differences at once fewer are believed ([`discoveries`]).
//! Without a second set, [`changes`] finds the hour in which something changed, and [`suspects`] whom it hit.

pub mod changes;
mod estimate;
mod many;
pub mod strata;
pub mod suspects;
pub mod weighted;

pub use estimate::{Estimate, difference, z_score};
pub use many::{DISCOVERIES_FALSE_MAX, discoveries};

use crate::happiness::Difference;
use serde::{Deserialize, Serialize};

/// Fewest values of either side that a verdict rests on.
pub const COUNT_TO_COMPARE: i64 = 100;

/// What a comparison comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The first is better.
    Better,
    /// The first is worse.
    Worse,
    /// No difference can be shown.
    NoDifference,
    /// A side has too few values to say anything.
    TooFew,
}

impl Verdict {
    /// By the interval of first minus second; `rising_is_better` for a score, not for times to wait.
    pub fn of(difference: Difference, rising_is_better: bool, count: i64, vs_count: i64) -> Self {
        if count.min(vs_count) < COUNT_TO_COMPARE {
            return Self::TooFew;
        }
        match (difference.low > 0.0, difference.high < 0.0) {
            (true, _) => Self::better_if(rising_is_better),
            (_, true) => Self::better_if(!rising_is_better),
            _ => Self::NoDifference,
        }
    }

    const fn better_if(better: bool) -> Self {
        if better { Self::Better } else { Self::Worse }
    }

    /// Its name in answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Worse => "worse",
            Self::NoDifference => "no_difference",
            Self::TooFew => "too_few",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_needs_enough_on_both_sides_and_an_interval_without_nothing() {
        let between = |low: f64, high: f64| Difference { value: (low + high) / 2.0, low, high };
        for (low, high, rising, counts, expected) in [
            (1.0, 3.0, true, (100, 100), Verdict::Better),
            (1.0, 3.0, false, (100, 100), Verdict::Worse),
            (-3.0, -1.0, true, (100, 100), Verdict::Worse),
            (-3.0, -1.0, false, (100, 100), Verdict::Better),
            (-1.0, 3.0, false, (100, 100), Verdict::NoDifference),
            (0.0, 3.0, false, (100, 100), Verdict::NoDifference),
            (1.0, 3.0, true, (99, 5_000), Verdict::TooFew),
            (1.0, 3.0, true, (5_000, 99), Verdict::TooFew),
        ] {
            assert_eq!(Verdict::of(between(low, high), rising, counts.0, counts.1), expected, "{low} {high} {rising}");
        }
    }
}
