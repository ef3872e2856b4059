//! A figure with its interval, and the interval of the difference of two.

use crate::happiness::{Difference, Z_95};

/// A figure and its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The figure.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// First minus second with its 95 % interval, from the intervals of the two.
///
/// The distances from each figure to the ends of its own interval take the place of standard errors, so that what is skewed stays
/// skewed: G. Y. Zou, A. Donner, "Construction of confidence intervals about effect measures: a general approach", Stat. Med. 27
/// (2008). With Wilson's intervals it is Newcombe's method ([`crate::happiness::newcombe`]).
pub fn difference(first: Estimate, second: Estimate) -> Difference {
    let value = first.value - second.value;
    Difference {
        value,
        low: value - (first.value - first.low).hypot(second.high - second.value),
        high: value + (first.high - first.value).hypot(second.value - second.low),
    }
}

/// How many standard errors a difference is away from nothing, by the end of its interval that lies towards nothing.
pub fn z_score(difference: Difference) -> f64 {
    let Difference { value, low, high } = difference;
    let reach = if value > 0.0 { value - low } else { high - value };
    if value == 0.0 || reach.is_nan() {
        0.0
    } else if reach <= 0.0 {
        f64::INFINITY
    } else {
        value.abs() / reach * Z_95
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::happiness::{newcombe, wilson};

    #[test]
    fn of_two_shares_it_is_newcombes() {
        let of = |successes: f64, count: f64| {
            let (low, high) = wilson(successes, count);
            Estimate { value: successes / count, low, high }
        };
        assert_eq!(Some(difference(of(56.0, 70.0), of(48.0, 80.0))), newcombe(56.0, 70.0, 48.0, 80.0));
    }

    #[test]
    fn the_score_is_at_its_limit_where_the_interval_begins_at_nothing() {
        let just =
            difference(Estimate { value: 5.0, low: 2.0, high: 9.0 }, Estimate { value: 0.0, low: -3.0, high: 4.0 });
        assert_eq!(just.low, 0.0);
        assert!((z_score(just) - Z_95).abs() < 1e-9);
        assert_eq!(z_score(Difference { value: 0.0, low: -1.0, high: 1.0 }), 0.0);
        assert_eq!(z_score(Difference { value: 1.0, low: 1.0, high: 1.0 }), f64::INFINITY);
    }
}
