//! Anchored scales: three thresholds that divide a measure into four levels, each with its quarter points.
//!
//! Values and thresholds are in micro units (microseconds, or millionths for CLS), so that every decision is between
//! integers. Which measure has which anchors is in [`crate::metric`]; what a set of levels is worth in
//! [`crate::happiness`].

use serde::{Deserialize, Serialize};

/// How it felt. Ordered from best to worst: `Delighted < Brutal`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Level {
    /// Nobody noticed that there was anything to wait for.
    Delighted = 0,
    /// It was noticed.
    Annoying = 1,
    /// It hurt.
    Painful = 2,
    /// It was too much.
    Brutal = 3,
}

/// What the `level` column holds for a page view that cannot be judged.
pub const LEVEL_NOT_JUDGED: u8 = 255;

impl Level {
    /// All levels, best first.
    pub const ALL: [Self; 4] = [Self::Delighted, Self::Annoying, Self::Painful, Self::Brutal];

    /// Quarter points: 4, 3, 1, 0.
    pub const fn points(self) -> i64 {
        match self {
            Self::Delighted => 4,
            Self::Annoying => 3,
            Self::Painful => 1,
            Self::Brutal => 0,
        }
    }

    /// The name that the interface uses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Delighted => "delighted",
            Self::Annoying => "annoying",
            Self::Painful => "painful",
            Self::Brutal => "brutal",
        }
    }

    /// The level of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == name)
    }

    /// The level of a column's value; `None` for [`LEVEL_NOT_JUDGED`] and anything unknown.
    pub const fn from_u8(value: u8) -> Option<Self> {
        match value {
            0 => Some(Self::Delighted),
            1 => Some(Self::Annoying),
            2 => Some(Self::Painful),
            3 => Some(Self::Brutal),
            _ => None,
        }
    }

    /// What the `level` column holds.
    pub const fn column(level: Option<Self>) -> u8 {
        match level {
            Some(level) => level as u8,
            None => LEVEL_NOT_JUDGED,
        }
    }
}

/// Which level a value that is exactly on a threshold belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Edge {
    /// On the threshold is the worse level: "exactly one second *is* annoying".
    Worse,
    /// On the threshold is the better level, as for the Web Vitals: exactly 2,500 ms is good.
    Better,
}

/// An anchored scale, in micro units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchors {
    /// Where annoying, painful and brutal begin.
    pub thresholds: [u32; 3],
    /// Where a value on a threshold belongs.
    pub edge: Edge,
    /// Where the continuous score reaches zero.
    pub zero: u32,
}

impl Anchors {
    /// Anchors in whole milliseconds; zero is at twice the last.
    const fn ms(annoying: u32, painful: u32, brutal: u32, edge: Edge) -> Self {
        Self { thresholds: [annoying * 1_000, painful * 1_000, brutal * 1_000], edge, zero: brutal * 2_000 }
    }

    /// Seconds to wait: `usable`, journeys' steps, custom timings.
    pub const WAIT: Self = Self::ms(1_000, 3_000, 5_000, Edge::Worse);
    /// Largest Contentful Paint.
    pub const LCP: Self = Self::ms(2_500, 4_000, 8_000, Edge::Better);
    /// Interaction to Next Paint.
    pub const INP: Self = Self::ms(200, 500, 1_000, Edge::Better);
    /// Cumulative Layout Shift, in millionths.
    pub const CLS: Self = Self { thresholds: [100_000, 250_000, 500_000], edge: Edge::Better, zero: 1_000_000 };
    /// First Contentful Paint.
    pub const FCP: Self = Self::ms(1_800, 3_000, 6_000, Edge::Better);
    /// Time to First Byte.
    pub const TTFB: Self = Self::ms(800, 1_800, 3_600, Edge::Better);

    /// The scale of a journey that should take `target` micro units at most: a third, two thirds, all of it.
    pub fn journey(target: u32) -> Self {
        let third = |n: u64| (u64::from(target) * n).div_ceil(3) as u32;
        Self { thresholds: [third(1), third(2), target], edge: Edge::Worse, zero: target.saturating_mul(2) }
    }

    /// The level of a value in micro units.
    pub fn classify(&self, micro: u32) -> Level {
        let reached = self.thresholds.iter().filter(|&&threshold| match self.edge {
            Edge::Worse => micro >= threshold,
            Edge::Better => micro > threshold,
        });
        Level::ALL[reached.count()]
    }

    /// The continuous score of a value, 1 to 0: piecewise linear through (t1, 1), (t2, ¾), (t3, ¼), (zero, 0). The
    /// points of [`Anchors::classify`] are never above it.
    pub fn continuous(&self, micro: u32) -> f64 {
        let [t1, t2, t3] = self.thresholds;
        let value = f64::from(micro);
        let line = |from: u32, to: u32, high: f64, low: f64| {
            high - (high - low) * (value - f64::from(from)) / (f64::from(to) - f64::from(from))
        };
        if micro <= t1 {
            1.0
        } else if micro <= t2 {
            line(t1, t2, 1.0, 0.75)
        } else if micro <= t3 {
            line(t2, t3, 0.75, 0.25)
        } else if micro < self.zero {
            line(t3, self.zero, 0.25, 0.0)
        } else {
            0.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_edge_decides_what_a_value_on_the_threshold_is() {
        assert_eq!(Anchors::WAIT.classify(999_999), Level::Delighted);
        assert_eq!(Anchors::WAIT.classify(1_000_000), Level::Annoying);
        assert_eq!(Anchors::LCP.classify(2_500_000), Level::Delighted);
        assert_eq!(Anchors::LCP.classify(2_500_001), Level::Annoying);
    }

    #[test]
    fn a_column_gives_back_the_level_it_was_made_of() {
        for level in Level::ALL {
            assert_eq!(Level::from_u8(Level::column(Some(level))), Some(level));
            assert_eq!(Level::from_name(level.name()), Some(level));
        }
        assert_eq!(Level::from_u8(Level::column(None)), None);
    }
}
