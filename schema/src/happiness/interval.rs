//! Intervals for shares: Wilson's score interval, and Newcombe's for the difference of two.
//!
//! Successes may be fractional: a variable in [0, 1] with mean m varies at most as m (1 − m), so the interval of a
//! score is never too narrow.

/// The 97.5th percentile of the normal distribution.
pub const Z_95: f64 = 1.959_963_984_540_054;

/// Wilson's 95 % interval of `successes` in `count` trials, as `(low, high)`. Without trials it is everything.
///
/// E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).
pub fn wilson(successes: f64, count: f64) -> (f64, f64) {
    wilson_z(successes, count, Z_95)
}

fn wilson_z(successes: f64, count: f64, z: f64) -> (f64, f64) {
    if count <= 0.0 || count.is_nan() {
        return (0.0, 1.0);
    }
    let successes = successes.clamp(0.0, count);
    let failures = count - successes;
    let squared = z * z;
    // In counts rather than shares, so that the ends are exact: no successes give a lower end of exactly 0.
    let centre = successes + squared / 2.0;
    let half = z * (successes * failures / count + squared / 4.0).sqrt();
    let whole = count + squared;
    let low = if successes == 0.0 { 0.0 } else { ((centre - half) / whole).max(0.0) };
    let high = if failures == 0.0 { 1.0 } else { ((centre + half) / whole).min(1.0) };
    (low, high)
}

/// The difference of two shares with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Difference {
    /// First share minus second.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Newcombe's hybrid score interval (his method 10) for the difference of two shares; `None` where one has no trials.
///
/// R. G. Newcombe, "Interval estimation for the difference between independent proportions", Stat. Med. 17 (1998).
pub fn newcombe(successes_1: f64, count_1: f64, successes_2: f64, count_2: f64) -> Option<Difference> {
    if count_1 <= 0.0 || count_2 <= 0.0 {
        return None;
    }
    let (share_1, share_2) = (successes_1 / count_1, successes_2 / count_2);
    let (low_1, high_1) = wilson(successes_1, count_1);
    let (low_2, high_2) = wilson(successes_2, count_2);
    let value = share_1 - share_2;
    Some(Difference {
        value,
        low: value - (share_1 - low_1).hypot(high_2 - share_2),
        high: value + (high_1 - share_1).hypot(share_2 - low_2),
    })
}
