//! Anchored scales of a site's own: for all of it, for pages, for journeys.
//!
//! A scale says where annoying, painful and brutal begin for one measure. The closest one holds for a view: that of its journey and
//! page before that of its journey, that before its page's (the longer pattern first), that before the site's, and the built-in one
//! last. Which version holds depends on nothing but when a snapshot arrived ([`effect`]), so history is never rewritten.

mod effect;

pub use effect::{Effective, KNOWN_WITHIN_MS, SiteScales, Version, Yardsticks, takes_effect_ms};

use crate::anchors::{Anchors, Edge};
use crate::metric::{Metric, TIMING_PREFIX, to_micro};
use serde::{Deserialize, Serialize};

/// Largest threshold in ms: an hour.
pub const THRESHOLD_MS_MAX: f64 = 3_600_000.0;
/// Largest threshold of CLS.
pub const THRESHOLD_CLS_MAX: f64 = 10.0;
/// Most bytes of a page pattern or a name.
pub const TEXT_BYTES_MAX: usize = 256;

/// What a scale measures.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measured {
    /// A metric that levels come from: `lcp`, `inp`, `cls` or `usable`.
    Metric(Metric),
    /// An app's own timing. Without a scale timings do not judge.
    Timing(String),
}

/// The metrics that may have scales of a site's own: those that levels come from.
pub const METRICS: [Metric; 4] = [Metric::Lcp, Metric::Inp, Metric::Cls, Metric::Usable];

impl Measured {
    /// The one of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        if let Some(timing) = name.strip_prefix(TIMING_PREFIX) {
            return (!timing.is_empty()).then(|| Self::Timing(timing.to_owned()));
        }
        METRICS.into_iter().find(|metric| metric.name() == name).map(Self::Metric)
    }

    /// Its name in questions and answers.
    pub fn name(&self) -> String {
        match self {
            Self::Metric(metric) => metric.name().to_owned(),
            Self::Timing(name) => format!("{TIMING_PREFIX}{name}"),
        }
    }

    /// Its scale where the site has none; `None` where it does not judge then.
    pub fn built_in(&self) -> Option<Anchors> {
        match self {
            Self::Metric(metric) => Some(metric.anchors()),
            Self::Timing(_) => None,
        }
    }

    /// Where a value on a threshold belongs: waiting is worse on it, a Web Vital still better.
    pub fn edge(&self) -> Edge {
        self.built_in().map_or(Edge::Worse, |anchors| anchors.edge)
    }
}

impl Serialize for Measured {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name())
    }
}

impl<'de> Deserialize<'de> for Measured {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::from_name(&name).ok_or_else(|| serde::de::Error::custom("no such measure"))
    }
}

/// A scale of a site.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scale {
    /// Pages that it is for: `*` is any text, `?` one character. All of them where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// It is only for views with a step event of this journey.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub journey: Option<String>,
    /// What it measures.
    pub metric: Measured,
    /// Where annoying, painful and brutal begin, in the metric's unit.
    pub thresholds: [f64; 3],
}

impl Scale {
    /// What is wrong with its thresholds, if anything is: they rise, are above 0, and are whole ms where they are ms (so are the times
    /// that views keep of who left before the page was there).
    pub fn fault(&self) -> Option<String> {
        let cls = self.metric == Measured::Metric(Metric::Cls);
        let max = if cls { THRESHOLD_CLS_MAX } else { THRESHOLD_MS_MAX };
        let [first, second, third] = self.thresholds;
        if !self.thresholds.iter().all(|value| value.is_finite() && *value > 0.0 && *value <= max) {
            Some(format!("each must be above 0 and at most {max}"))
        } else if !cls && self.thresholds.iter().any(|value| value.fract() != 0.0) {
            Some("must be whole milliseconds".to_owned())
        } else if first < second && second < third {
            None
        } else {
            Some("must rise: where annoying, painful and brutal begin".to_owned())
        }
    }

    /// The anchors that it sets.
    pub fn anchors(&self) -> Anchors {
        let micro = |value: f64| match &self.metric {
            Measured::Metric(metric) => metric.to_micro(value),
            Measured::Timing(_) => to_micro(value),
        };
        let thresholds = self.thresholds.map(|value| micro(value).unwrap_or(crate::metric::MISSING - 1));
        Anchors { thresholds, edge: self.metric.edge(), zero: thresholds[2].saturating_mul(2) }
    }

    /// How close it is to a view that it holds for; the closest holds.
    fn closeness(&self) -> (bool, bool, usize) {
        (self.journey.is_some(), self.page.is_some(), self.page.as_ref().map_or(0, String::len))
    }
}

/// Puts the closest first. Of equally close ones the order in which they were given stays.
pub fn closest_first<T>(scales: &mut [T], scale: impl Fn(&T) -> &Scale) {
    scales.sort_by_key(|item| std::cmp::Reverse(scale(item).closeness()));
}

/// Whether a pattern matches a whole text: `*` is any text, `?` one character. The work is at most pattern × text.
pub fn glob(pattern: &str, text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let mut reached = vec![false; text.len() + 1];
    reached[0] = true;
    for letter in pattern.chars() {
        let mut next = vec![false; text.len() + 1];
        for here in 0..=text.len() {
            next[here] = match letter {
                '*' => reached[here] || here > 0 && next[here - 1],
                '?' => here > 0 && reached[here - 1],
                letter => here > 0 && reached[here - 1] && text[here - 1] == letter,
            };
        }
        reached = next;
    }
    reached[text.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::anchors::Level;

    fn scale(metric: &str, thresholds: [f64; 3]) -> Scale {
        Scale { page: None, journey: None, metric: Measured::from_name(metric).unwrap(), thresholds }
    }

    #[test]
    fn thresholds_rise_and_are_of_the_metrics_size() {
        assert_eq!(scale("lcp", [1_000.0, 2_000.0, 3_000.0]).fault(), None);
        assert_eq!(scale("cls", [0.05, 0.1, 0.2]).fault(), None);
        for (metric, thresholds) in [
            ("lcp", [1_000.0, 1_000.0, 3_000.0]),
            ("lcp", [0.0, 1_000.0, 3_000.0]),
            ("inp", [1.5, 2.0, 3.0]),
            ("usable", [1.0, 2.0, 3_600_001.0]),
            ("cls", [0.1, 0.2, f64::NAN]),
        ] {
            assert!(scale(metric, thresholds).fault().is_some(), "{metric} {thresholds:?}");
        }
        assert_eq!(Measured::from_name("ttfb"), None, "it explains, it does not judge");
    }

    #[test]
    fn the_edge_is_that_of_the_measure() {
        let wait = scale("timing:login", [1_000.0, 2_000.0, 3_000.0]).anchors();
        let vital = scale("lcp", [1_000.0, 2_000.0, 3_000.0]).anchors();
        assert_eq!((wait.classify(1_000_000), vital.classify(1_000_000)), (Level::Annoying, Level::Delighted));
    }

    #[test]
    fn a_pattern_matches_a_whole_page() {
        for (pattern, page, matches) in [
            ("/p/*", "/p/1/2", true),
            ("/p/*", "/p", false),
            ("/?", "/ä", true),
            ("*", "", true),
            ("/a*b*c", "/aXbYc", true),
            ("/a_b", "/aXb", false),
        ] {
            assert_eq!(glob(pattern, page), matches, "{pattern} {page}");
        }
    }
}
