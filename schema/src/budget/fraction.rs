//! Exact fractions for objectives and burn factors: 0.999 is 999/1000 here, which no float is.

use serde::{Deserialize, Serialize};

/// Decimal places of an objective or a factor that are kept; more than any SLO is written with, few enough for 128-bit products.
const DECIMALS_MAX: usize = 9;

/// A non-negative fraction in lowest terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fraction {
    numerator: i128,
    denominator: i128,
}

impl Fraction {
    /// `numerator / denominator` in lowest terms.
    ///
    /// # Panics
    /// When the denominator is not positive or the numerator negative: both come from code, never from outside.
    pub fn new(numerator: i128, denominator: i128) -> Self {
        assert!(numerator >= 0 && denominator > 0, "a fraction of {numerator} by {denominator}");
        let divisor = greatest_common_divisor(numerator, denominator);
        Self { numerator: numerator / divisor, denominator: denominator / divisor }
    }

    /// The decimal that a person wrote for `value`: its shortest form, cut after nine places. None when it is negative, not a number
    /// or a million and more.
    pub fn from_decimal(value: f64) -> Option<Self> {
        if !(0.0..1_000_000.0).contains(&value) {
            return None;
        }
        let text = value.to_string();
        let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
        let decimals = &decimals[..decimals.len().min(DECIMALS_MAX)];
        let numerator: i128 = format!("{whole}{decimals}").parse().ok()?;
        Some(Self::new(numerator, 10_i128.pow(decimals.len() as u32)))
    }

    /// The part above the line.
    pub fn numerator(self) -> i128 {
        self.numerator
    }

    /// The part below the line.
    pub fn denominator(self) -> i128 {
        self.denominator
    }

    /// The product.
    pub fn times(self, other: Self) -> Self {
        Self::new(self.numerator * other.numerator, self.denominator * other.denominator)
    }

    /// The smaller of the two.
    pub fn min(self, other: Self) -> Self {
        if self.numerator * other.denominator <= other.numerator * self.denominator { self } else { other }
    }

    /// Whether this is 1 or more.
    pub fn is_one_or_more(self) -> bool {
        self.numerator >= self.denominator
    }

    /// The nearest float.
    pub fn to_f64(self) -> f64 {
        self.numerator as f64 / self.denominator as f64
    }
}

fn greatest_common_divisor(mut a: i128, mut b: i128) -> i128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}

/// The share of good events that was promised: above 0, below 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Objective {
    allowed: Fraction,
    share: f64,
}

impl Objective {
    /// What may go wrong: 1 − objective.
    pub fn allowed(self) -> Fraction {
        self.allowed
    }

    /// The promised share.
    pub fn share(self) -> f64 {
        self.share
    }
}

impl TryFrom<f64> for Objective {
    type Error = String;

    fn try_from(share: f64) -> Result<Self, String> {
        let fault = || format!("an objective is a share above 0 and below 1, as 0.95 is; this is {share}");
        let promised = Fraction::from_decimal(share).ok_or_else(fault)?;
        if promised.numerator == 0 || promised.is_one_or_more() {
            return Err(fault());
        }
        let allowed = Fraction::new(promised.denominator - promised.numerator, promised.denominator);
        Ok(Self { allowed, share })
    }
}

impl From<Objective> for f64 {
    fn from(objective: Objective) -> f64 {
        objective.share
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_is_taken_as_it_was_written() {
        let fraction = |value| Fraction::from_decimal(value).map(|fraction| (fraction.numerator, fraction.denominator));
        assert_eq!(fraction(14.4), Some((72, 5)));
        assert_eq!(fraction(0.999), Some((999, 1000)));
        assert_eq!(fraction(3.0), Some((3, 1)));
        assert_eq!(fraction(0.000_000_1), Some((1, 10_000_000)));
        assert_eq!(fraction(-1.0), None);
        assert_eq!(fraction(f64::NAN), None);
        assert_eq!(fraction(f64::INFINITY), None);
    }

    #[test]
    fn an_objective_leaves_room_for_something_to_go_wrong() {
        for impossible in [0.0, 1.0, -0.5, 99.9, f64::NAN, 0.000_000_000_1] {
            assert!(Objective::try_from(impossible).is_err(), "{impossible}");
        }
        assert_eq!(Objective::try_from(0.999).unwrap().allowed(), Fraction::new(1, 1000));
    }
}
