//! What an SLO says, typed. Whatever exists as one of these has been checked.

use std::fmt;

use jiff::civil::DateTime;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::Duration;
use crate::anchors::Level;

/// A promise.
#[derive(Debug, Clone, PartialEq)]
pub struct Slo {
    /// 1 to 63 of letters, digits, `.`, `_` and `-`, the first and last a letter or digit.
    pub id: String,
    /// In plain words.
    pub promise: String,
    /// The share of good among valid that is promised; less than all.
    pub objective: Share,
    /// What is counted.
    pub sli: Sli,
    /// Over which time.
    pub window: Window,
    /// How good and bad become a budget.
    pub budgeting: Budgeting,
}

/// A share in billionths, so that decisions can be made in integers. More than none, at most all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Share(u32);

/// What an indicator counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Sli {
    /// What makes one good.
    pub kind: SliKind,
    /// One of what.
    pub of: Of,
    /// Which of them are valid: filters of the query grammar, all of which hold.
    pub filters: Vec<String>,
}

/// What makes something good.
#[derive(Debug, Clone, PartialEq)]
pub enum SliKind {
    /// A metric at or under a threshold, in the metric's unit.
    Fast {
        /// A metric's name, or `timing:NAME`.
        metric: String,
        /// Milliseconds, or CLS.
        at_most: f64,
    },
    /// People were happy.
    Happy(Happy),
    /// Nothing failed.
    Works,
    /// A journey was completed.
    Available {
        /// Its name.
        journey: String,
        /// In this many seconds, if there is a deadline.
        within_s: Option<f64>,
    },
    /// Our own pipeline is up to date.
    Fresh {
        /// To within this many seconds.
        within_s: f64,
    },
}

/// How happiness is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Happy {
    /// Good is whoever felt this or better.
    LevelAtLeast(Level),
    /// The score itself: quarter points of four.
    Score,
}

/// One of what is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Of {
    /// Page views.
    Views,
    /// Sessions.
    Sessions,
    /// Journeys.
    Journeys,
}

/// Over which time a promise holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Window {
    /// The last so many hours or days, elapsed time.
    Rolling(Duration),
    /// From the anchor on in steps of local time.
    Calendar {
        /// The length of a step.
        every: Duration,
        /// The anchor, local time.
        start: DateTime,
        /// A time zone of the IANA database, as it is spelt there.
        tz: String,
    },
}

/// How good and bad become a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Budgeting {
    /// Good of valid.
    Occurrences,
    /// Good slices of all slices.
    Timeslices {
        /// Length of a slice.
        slice: Duration,
        /// A slice with this share of good is good.
        slice_objective: Share,
        /// What a slice without data is.
        empty: Empty,
    },
    /// The mean of the slices' shares.
    RatioTimeslices {
        /// Length of a slice.
        slice: Duration,
        /// What a slice without data is.
        empty: Empty,
    },
}

/// What a slice without data counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Empty {
    /// A good one.
    Good,
    /// A bad one.
    Bad,
    /// None at all: time that was not measured is not uptime.
    Ignore,
}

impl Share {
    /// All.
    pub const ONE: Self = Self(1_000_000_000);

    /// The share nearest to a ratio; `None` unless that is more than none and at most all.
    pub fn of_ratio(ratio: f64) -> Option<Self> {
        let billionths = (ratio * 1e9).round();
        (1.0..=1e9).contains(&billionths).then_some(Self(billionths as u32))
    }

    /// The share nearest to a percentage.
    pub fn of_percent(percent: f64) -> Option<Self> {
        // Not through a ratio: 99.95 / 100 is not the number nearest to 0.9995.
        let billionths = (percent * 1e7).round();
        (1.0..=1e9).contains(&billionths).then_some(Self(billionths as u32))
    }

    /// In billionths.
    pub const fn billionths(self) -> u32 {
        self.0
    }

    /// As a ratio.
    pub fn ratio(self) -> f64 {
        f64::from(self.0) / 1e9
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.ratio())
    }
}

impl Of {
    /// All of them, by name.
    pub const NAMES: [(&'static str, Self); 3] =
        [("views", Self::Views), ("sessions", Self::Sessions), ("journeys", Self::Journeys)];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Views => "views",
            Self::Sessions => "sessions",
            Self::Journeys => "journeys",
        }
    }
}

impl Empty {
    /// All of them, by name.
    pub const NAMES: [(&'static str, Self); 3] = [("good", Self::Good), ("bad", Self::Bad), ("ignore", Self::Ignore)];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Ignore => "ignore",
        }
    }
}

impl SliKind {
    /// Its name.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Fast { .. } => "fast",
            Self::Happy(_) => "happy",
            Self::Works => "works",
            Self::Available { .. } => "available",
            Self::Fresh { .. } => "fresh",
        }
    }
}

impl Sli {
    /// As the interface writes it.
    pub fn to_json(&self) -> Value {
        let mut json = json!({"kind": self.kind.name(), "of": self.of.name()});
        match &self.kind {
            SliKind::Fast { metric, at_most } => {
                json["metric"] = metric.as_str().into();
                json["at_most"] = number(*at_most);
            }
            SliKind::Happy(Happy::LevelAtLeast(level)) => json["level_at_least"] = level.name().into(),
            SliKind::Happy(Happy::Score) => json["score"] = true.into(),
            SliKind::Works => {}
            SliKind::Available { journey, within_s } => {
                json["journey"] = journey.as_str().into();
                if let Some(within_s) = within_s {
                    json["within_s"] = number(*within_s);
                }
            }
            SliKind::Fresh { within_s } => json["within_s"] = number(*within_s),
        }
        if !self.filters.is_empty() {
            json["filters"] = self.filters.as_slice().into();
        }
        json
    }
}

impl Window {
    /// As the interface writes it.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Rolling(duration) => json!({"rolling": duration.to_string()}),
            Self::Calendar { every, start, tz } => {
                json!({"calendar": every.to_string(), "start": start.to_string(), "tz": tz})
            }
        }
    }
}

impl Budgeting {
    /// As the interface writes it.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Occurrences => json!({"method": "occurrences"}),
            Self::Timeslices { slice, slice_objective, empty } => json!({
                "method": "timeslices", "slice": slice.to_string(),
                "slice_objective": number(slice_objective.ratio()), "empty": empty.name(),
            }),
            Self::RatioTimeslices { slice, empty } => {
                json!({"method": "ratiotimeslices", "slice": slice.to_string(), "empty": empty.name()})
            }
        }
    }
}

impl Slo {
    /// As the interface writes it; [`super::read_json`] reads it back.
    pub fn to_json(&self) -> Value {
        json!({
            "id": self.id, "promise": self.promise, "objective": number(self.objective.ratio()),
            "sli": self.sli.to_json(), "window": self.window.to_json(), "budgeting": self.budgeting.to_json(),
        })
    }
}

/// Whole numbers without a fraction, as people write them.
fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 9e15 { (value as i64).into() } else { value.into() }
}

impl Serialize for Slo {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_exact_where_floats_are_not() {
        assert_eq!(Share::of_percent(99.95), Share::of_ratio(0.9995));
        assert_eq!(Share::of_ratio(0.9995).map(Share::billionths), Some(999_500_000));
        assert_eq!(Share::of_ratio(0.995).map(|share| share.to_string()).as_deref(), Some("0.995"));
        for none in [0.0, -0.5, 1.1, f64::NAN, f64::INFINITY, 1e-12] {
            assert_eq!(Share::of_ratio(none), None, "{none}");
        }
    }
}
