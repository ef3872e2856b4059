//! Apdex, for those who report it: the share of the satisfied plus half of the tolerating.
//!
//! Apdex Technical Specification 1.1: t ≤ T satisfies, T < t ≤ 4T is tolerated, more frustrates, and so does every
//! error. Rounded half up to two digits, in integers; `*` marks fewer than 100 samples, `NS` none.

use serde::{Deserialize, Serialize};

/// Fewest samples that are not marked as a small group.
const SMALL_GROUP: i64 = 100;

/// Counts of the three zones. They merge by addition.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Apdex {
    /// At or under the target.
    pub satisfied: i64,
    /// Above it, up to four times the target.
    pub tolerating: i64,
    /// Above that, and errors.
    pub frustrated: i64,
}

/// The specification's words for a score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names are the specification's")]
pub enum Rating {
    Excellent,
    Good,
    Fair,
    Poor,
    Unacceptable,
    NoSample,
}

impl Rating {
    /// The word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Excellent => "Excellent",
            Self::Good => "Good",
            Self::Fair => "Fair",
            Self::Poor => "Poor",
            Self::Unacceptable => "Unacceptable",
            Self::NoSample => "NoSample",
        }
    }
}

impl Apdex {
    /// Counts one sample, in the unit of the target.
    pub fn add(&mut self, value: f64, target: f64) {
        if value <= target {
            self.satisfied += 1;
        } else if value <= 4.0 * target {
            self.tolerating += 1;
        } else {
            self.frustrated += 1;
        }
    }

    /// Counts errors, which frustrate however fast they came.
    pub fn add_errors(&mut self, count: i64) {
        self.frustrated += count;
    }

    /// Adds another set.
    pub fn merge(&mut self, other: &Self) {
        self.satisfied += other.satisfied;
        self.tolerating += other.tolerating;
        self.frustrated += other.frustrated;
    }

    /// How many samples.
    pub fn count(&self) -> i64 {
        self.satisfied + self.tolerating + self.frustrated
    }

    /// The score, 0 to 1; `None` without samples.
    pub fn score(&self) -> Option<f64> {
        let count = self.count();
        (count > 0).then(|| (2 * self.satisfied + self.tolerating) as f64 / (2 * count) as f64)
    }

    /// The score in hundredths, rounded half up.
    fn hundredths(&self) -> Option<i64> {
        let count = self.count();
        (count > 0).then(|| (100 * (2 * self.satisfied + self.tolerating) + count) / (2 * count))
    }

    /// As the specification writes it: `0.94`, `0.50*`, `NS`.
    pub fn display(&self) -> String {
        match self.hundredths() {
            None => "NS".to_owned(),
            Some(score) => {
                let mark = if self.count() < SMALL_GROUP { "*" } else { "" };
                format!("{}.{:02}{mark}", score / 100, score % 100)
            }
        }
    }

    /// The word for the rounded score.
    pub fn rating(&self) -> Rating {
        match self.hundredths() {
            None => Rating::NoSample,
            Some(94..) => Rating::Excellent,
            Some(85..) => Rating::Good,
            Some(70..) => Rating::Fair,
            Some(50..) => Rating::Poor,
            Some(_) => Rating::Unacceptable,
        }
    }
}
