//! A session's score, by the peak-end rule: what is remembered of a visit is its worst moment and its last.

use super::Score;
use crate::anchors::Level;

/// Points of a session, of 8: those of its worst view and those of its last. Views that could not be judged are passed
/// over, at the end too; without any judged view there are none.
pub fn session_points(views: impl IntoIterator<Item = Option<Level>>) -> Option<i64> {
    let mut judged = None;
    for level in views.into_iter().flatten() {
        let worst = judged.map_or(level, |(worst, _): (Level, Level)| worst.max(level));
        judged = Some((worst, level));
    }
    judged.map(|(worst, last)| worst.points() + last.points())
}

/// The scores of many sessions, as a sum that merges.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SessionScores {
    /// Sessions with points.
    pub count: i64,
    /// Their points, of 8 each.
    pub points: i64,
}

impl SessionScores {
    /// Adds a session.
    pub fn add(&mut self, points: i64) {
        self.count += 1;
        self.points += points;
    }

    /// Adds another set of sessions.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.points += other.points;
    }

    /// Happiness of the sessions.
    pub fn score(&self) -> Score {
        Score::of(self.points, 8, self.count)
    }
}
