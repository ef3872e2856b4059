//! Which version of a site's scales holds when: decided by the time of arrival alone.
//!
//! A version takes effect at the next full minute that is at least a minute after it was written. So whoever judges has read it by
//! then, and a range of the log that is judged twice, by whomever, gets the same levels both times.

use super::{Measured, Scale, closest_first, glob};
use crate::anchors::{Anchors, Level};
use crate::happiness::Scales;
use crate::metric::Metric;

const MINUTE_MS: i64 = 60_000;

/// Whoever judges what arrived at some moment must have read what was written so long before it, at the latest: half of the time
/// that a version waits, so that clocks may differ and a write may take its time.
pub const KNOWN_WITHIN_MS: i64 = MINUTE_MS / 2;

/// From when on what was written at `written_ms` holds.
pub fn takes_effect_ms(written_ms: i64) -> i64 {
    let earliest = written_ms.saturating_add(MINUTE_MS);
    earliest.saturating_add(MINUTE_MS - 1).div_euclid(MINUTE_MS) * MINUTE_MS
}

/// A version of a scale.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    /// The scale's id on its site.
    pub id: String,
    /// When it was written, in Unix ms.
    pub written_ms: i64,
    /// What it says; `None` when it was taken back.
    pub scale: Option<Scale>,
}

/// All that a site's scales ever were.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SiteScales {
    /// What holds from when on, in order of time.
    eras: Vec<(i64, Effective)>,
}

impl SiteScales {
    /// From all versions of a site's scales, in any order.
    pub fn of(mut versions: Vec<Version>) -> Self {
        versions.sort_by(|one, other| one.written_ms.cmp(&other.written_ms).then_with(|| one.id.cmp(&other.id)));
        let mut current: Vec<(String, Scale)> = Vec::new();
        let mut eras: Vec<(i64, Effective)> = Vec::new();
        for Version { id, written_ms, scale } in versions {
            current.retain(|(known, _)| *known != id);
            if let Some(scale) = scale {
                current.push((id, scale));
            }
            current.sort_by(|one, other| one.0.cmp(&other.0));
            let from_ms = takes_effect_ms(written_ms);
            let effective = Effective::of(current.iter().map(|(_, scale)| scale.clone()).collect());
            // Of versions that take effect in the same minute the last one holds.
            match eras.last_mut() {
                Some((from, held)) if *from == from_ms => *held = effective,
                _ => eras.push((from_ms, effective)),
            }
        }
        Self { eras }
    }

    /// What holds for what arrives at that time; `None` where that is the built-in scales alone.
    pub fn at(&self, arrival_ms: i64) -> Option<&Effective> {
        let after = self.eras.partition_point(|(from_ms, _)| *from_ms <= arrival_ms);
        let (_, effective) = self.eras.get(after.checked_sub(1)?)?;
        (!effective.scales.is_empty()).then_some(effective)
    }

    /// What holds for what arrives in `[from_ms, to_ms)`, each from its time on; the first for all that came before the second.
    pub fn between(&self, from_ms: i64, to_ms: i64) -> Vec<(i64, Effective)> {
        let after = self.eras.partition_point(|(era_ms, _)| *era_ms <= from_ms);
        let first = after.checked_sub(1).map_or_else(Effective::default, |index| self.eras[index].1.clone());
        let later = self.eras[after..].iter().take_while(|(era_ms, _)| *era_ms < to_ms);
        std::iter::once((from_ms, first)).chain(later.cloned()).collect()
    }
}

/// The scales that hold at one time, the closest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Effective {
    scales: Vec<Scale>,
}

/// What one view is judged by.
#[derive(Debug, Clone, PartialEq)]
pub struct Yardsticks<'s> {
    /// For the metrics.
    pub scales: Scales,
    /// For an app's own timings, by their names.
    pub timings: Vec<(&'s str, Anchors)>,
}

impl Effective {
    /// These scales; of equally close ones the first holds.
    pub fn of(mut scales: Vec<Scale>) -> Self {
        closest_first(&mut scales, |scale| scale);
        Self { scales }
    }

    /// The scales, the closest first.
    pub fn scales(&self) -> &[Scale] {
        &self.scales
    }

    /// What a view of `page` is judged by that is `of_journey`.
    pub fn for_view(&self, page: &str, of_journey: impl Fn(&str) -> bool) -> Yardsticks<'_> {
        let mut found = Yardsticks { scales: Scales::default(), timings: Vec::new() };
        let (mut seen, mut timings) = ([false; Metric::COUNT], Vec::new());
        for scale in &self.scales {
            let holds = scale.page.as_ref().is_none_or(|pattern| glob(pattern, page))
                && scale.journey.as_ref().is_none_or(|journey| of_journey(journey));
            match &scale.metric {
                _ if !holds => {}
                Measured::Metric(metric) if !std::mem::replace(&mut seen[*metric as usize], true) => {
                    if let Some(anchors) = found.scales.of_mut(*metric) {
                        *anchors = scale.anchors();
                    }
                }
                Measured::Timing(name) if !timings.contains(&name) => {
                    timings.push(name);
                    found.timings.push((name, scale.anchors()));
                }
                Measured::Metric(_) | Measured::Timing(_) => {}
            }
        }
        found
    }
}

impl Yardsticks<'_> {
    /// The worst level of an app's own timings; `None` where none of them has a scale.
    pub fn of_timings<'t>(&self, timings: impl Iterator<Item = (&'t str, u32)>) -> Option<Level> {
        if self.timings.is_empty() {
            return None;
        }
        let level = |(name, micro): (&str, u32)| {
            let (_, anchors) = self.timings.iter().find(|(known, _)| *known == name)?;
            Some(anchors.classify(micro))
        };
        timings.filter_map(level).max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scale(page: Option<&str>, journey: Option<&str>, metric: &str, first: f64) -> Scale {
        let own = |text: Option<&str>| text.map(str::to_owned);
        let metric = Measured::from_name(metric).unwrap();
        Scale { page: own(page), journey: own(journey), metric, thresholds: [first, first * 2.0, first * 3.0] }
    }

    #[test]
    fn the_closest_scale_holds() {
        let effective = Effective::of(vec![
            scale(None, None, "lcp", 100.0),
            scale(Some("/p/*"), None, "lcp", 200.0),
            scale(Some("/p/hot/*"), None, "lcp", 300.0),
            scale(None, Some("buy"), "lcp", 400.0),
            scale(Some("/p/*"), Some("buy"), "lcp", 500.0),
            scale(None, None, "timing:play", 50.0),
        ]);
        for (page, buys, first) in [
            ("/", false, 100),
            ("/p/1", false, 200),
            ("/p/hot/1", false, 300),
            ("/", true, 400),
            ("/p/hot/1", true, 500),
        ] {
            let yardsticks = effective.for_view(page, |journey| buys && journey == "buy");
            assert_eq!(yardsticks.scales.lcp.thresholds[0], first * 1_000, "{page} {buys}");
            assert_eq!(yardsticks.scales.inp, Anchors::INP);
            assert_eq!(
                yardsticks.of_timings([("play", 100_000), ("other", 9_000_000)].into_iter()),
                Some(Level::Painful)
            );
        }
    }

    #[test]
    fn a_version_waits_for_the_next_full_minute_after_a_whole_one() {
        for (written_ms, from_ms) in [(0, 60_000), (1, 120_000), (59_999, 120_000), (60_000, 120_000)] {
            assert_eq!(takes_effect_ms(written_ms), from_ms, "{written_ms}");
            assert!(from_ms - written_ms >= 2 * KNOWN_WITHIN_MS);
        }
    }

    #[test]
    fn what_holds_depends_on_the_arrival_alone() {
        let version = |written_ms, first: Option<f64>| Version {
            id: "lcp".into(),
            written_ms,
            scale: first.map(|first| scale(None, None, "lcp", first)),
        };
        // In any order, as they may be read.
        let versions = vec![version(600_000, None), version(0, Some(100.0)), version(300_000, Some(200.0))];
        let scales = SiteScales::of(versions);
        let first_at = |arrival_ms| {
            let yardsticks = scales.at(arrival_ms).map(|effective| effective.for_view("/", |_| false));
            yardsticks.map(|yardsticks| yardsticks.scales.lcp.thresholds[0] / 1_000)
        };
        assert_eq!(first_at(59_999), None);
        assert_eq!(first_at(60_000), Some(100));
        assert_eq!(first_at(359_999), Some(100));
        assert_eq!(first_at(360_000), Some(200));
        assert_eq!(first_at(660_000), None, "taken back");
        let eras: Vec<(i64, bool)> =
            scales.between(100_000, 661_000).iter().map(|(from, held)| (*from, held.scales().is_empty())).collect();
        assert_eq!(eras, [(100_000, false), (360_000, false), (660_000, true)]);
        assert_eq!(scales.between(0, 60_000), [(0, Effective::default())]);
    }
}
