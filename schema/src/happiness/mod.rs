//! Happiness of any set of page views, from the counts of its four levels alone: 100 · Σ points / (4 · n).
//!
//! Counts merge exactly over time, pages and machines, so a score never has to be averaged. How one page view gets its
//! level is in [`judge`](self::judge()); sessions, calibration and intervals have modules of their own.

mod calibration;
mod interval;
mod judge;
mod session;

use serde::{Deserialize, Serialize};

pub use calibration::{Calibration, calibrate};
pub use interval::{Difference, Z_95, newcombe, wilson};
pub use judge::{Cause, Component, Judgement, Scales, ViewFacts, components, is_eligible, judge, judge_with};
pub use session::{SessionScores, session_points};

use crate::anchors::Level;

/// How many page views each level has. Signed, because a later snapshot takes the earlier one's level back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LevelCounts(pub [i64; 4]);

impl LevelCounts {
    /// Adds `count` views of a level.
    pub fn add(&mut self, level: Level, count: i64) {
        self.0[level as usize] += count;
    }

    /// Adds another set.
    pub fn merge(&mut self, other: &Self) {
        for (held, more) in self.0.iter_mut().zip(other.0) {
            *held += more;
        }
    }

    /// How many views of a level.
    pub fn of(&self, level: Level) -> i64 {
        self.0[level as usize]
    }

    /// How many views in all.
    pub fn count(&self) -> i64 {
        self.0.iter().sum()
    }

    /// Their quarter points.
    pub fn points(&self) -> i64 {
        Level::ALL.into_iter().map(|level| level.points() * self.of(level)).sum()
    }

    /// What the set is worth.
    pub fn score(&self) -> Score {
        Score::of(self.points(), 4, self.count())
    }
}

/// How far a score can be trusted, by how many views it rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Display {
    /// There is none.
    None,
    /// Too few to judge: under 30.
    Insufficient,
    /// Shown small, without a verdict: under 100.
    Small,
    /// Shown.
    Ok,
}

impl Display {
    /// By the number of views.
    pub const fn of(count: i64) -> Self {
        match count {
            i64::MIN..=0 => Self::None,
            1..=29 => Self::Insufficient,
            30..=99 => Self::Small,
            _ => Self::Ok,
        }
    }

    /// The name that the interface uses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Insufficient => "insufficient",
            Self::Small => "small",
            Self::Ok => "ok",
        }
    }
}

/// A score of 0 to 100 with its 95 % interval; everything but the count is `None` where nothing was judged.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// How many were judged.
    pub count: i64,
    /// Their points.
    pub points: i64,
    /// Happiness.
    pub value: Option<f64>,
    /// Lower end of the interval.
    pub low: Option<f64>,
    /// Upper end of the interval.
    pub high: Option<f64>,
    /// 100 − happiness, from the lost points themselves, so that it is exact where happiness is nearly 100.
    pub unhappiness: Option<f64>,
    /// How far to trust it.
    pub display: Display,
}

impl Score {
    /// The score of `count` things that hold `points` of at most `points_each` each.
    pub fn of(points: i64, points_each: i64, count: i64) -> Self {
        let display = Display::of(count);
        if count <= 0 {
            return Self { count: 0, points: 0, value: None, low: None, high: None, unhappiness: None, display };
        }
        let whole = i128::from(points_each) * i128::from(count);
        let percent = |part: i128| 100.0 * part as f64 / whole as f64;
        let (low, high) = wilson(points as f64 / points_each as f64, count as f64);
        Self {
            count,
            points,
            value: Some(percent(i128::from(points))),
            low: Some(100.0 * low),
            high: Some(100.0 * high),
            unhappiness: Some(percent(whole - i128::from(points))),
            display,
        }
    }
}
