//! Which table answers: a rollup wherever it can say the same as the raw views, else the raw views.
//!
//! A rollup fits when filters and groups are within one of the kept groupings and the window is made of whole minutes
//! that are still kept by the minute, of whole hours, and of whole UTC days. Raw views answer everything, but reach back only
//! so far.

use super::days::SettledDays;
use super::sample::{OneIn, Sample};
use super::{Ask, MINUTES_KEPT_DAYS, VIEWS_KEPT_DAYS, scope::SiteTable};
use crate::grammar::{DAY_MS, Dimension, Fault, HOUR_MS, MINUTE_MS, Measure};
use felt_schema::grouping::Grouping;

/// A half-open span of time in Unix milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// First instant of it.
    pub from_ms: i64,
    /// First instant after it.
    pub to_ms: i64,
}

/// A source without its details, as `meta.source` tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    /// Counters kept by the minute, hour and day.
    Rollup,
    /// Single page views.
    Raw,
    /// Single page views of some sessions.
    Sample(OneIn),
}

impl SourceKind {
    /// Its name in answers.
    pub fn name(self) -> &'static str {
        match self {
            SourceKind::Rollup => "rollup",
            SourceKind::Raw => "raw",
            SourceKind::Sample(_) => "sample",
        }
    }
}

/// Where an answer comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Rollups of one grouping; each span is read from one table.
    Rollup {
        /// The grouping.
        grouping: Grouping,
        /// Spans that do not overlap.
        spans: Vec<(SiteTable, Window)>,
        /// The days of arrival that spans of days are read by the day for. Of all others they are read by the hour.
        settled: SettledDays,
    },
    /// Single page views: all, or those of a sample.
    Raw(Option<Sample>),
}

impl Source {
    fn rollup(grouping: Grouping, spans: Vec<(SiteTable, Window)>) -> Self {
        Source::Rollup { grouping, spans, settled: SettledDays::default() }
    }
}

/// How a question is answered.
#[derive(Debug, Clone)]
pub struct Plan {
    /// From what.
    pub source: Source,
    /// For which time, which may be wider than asked.
    pub window: Window,
    /// What the reader should know about that.
    pub warnings: Vec<String>,
}

impl Plan {
    /// The kind of its source.
    pub fn kind(&self) -> SourceKind {
        match &self.source {
            Source::Rollup { .. } => SourceKind::Rollup,
            Source::Raw(None) => SourceKind::Raw,
            Source::Raw(Some(sample)) => SourceKind::Sample(sample.one_in),
        }
    }

    /// How many page views each one that is read stands for.
    pub fn one_in(&self) -> OneIn {
        match &self.source {
            Source::Raw(Some(sample)) => sample.one_in,
            _ => OneIn::ALL,
        }
    }

    /// The same plan, which reads a sample of the page views if it reads single ones.
    pub fn sampled(mut self, sample: Option<&Sample>) -> Self {
        if let Source::Raw(read) = &mut self.source {
            *read = sample.cloned();
        }
        self
    }

    /// From when on it reads by the day, in Unix milliseconds, if it does.
    pub fn days_from_ms(&self) -> Option<i64> {
        let Source::Rollup { spans, .. } = &self.source else { return None };
        spans.iter().find(|(table, _)| *table == SiteTable::RollupDay).map(|(_, span)| span.from_ms)
    }

    /// The same plan, which reads these days of arrival by the day.
    pub fn settled(mut self, days: SettledDays) -> Self {
        if let Source::Rollup { settled, .. } = &mut self.source {
            *settled = days;
        }
        self
    }
}

/// Plans the answer. `forced` names the source where it can answer at all; only tests compare the two so.
///
/// # Errors
/// When a step is too short for what is still kept of so old a time.
pub fn plan(ask: &Ask, window: Window, now_ms: i64, forced: Option<SourceKind>) -> Result<Plan, Fault> {
    let raw_since_ms = (now_ms.div_euclid(DAY_MS) - VIEWS_KEPT_DAYS) * DAY_MS;
    let raw = |warnings| Plan { source: Source::Raw(None), window, warnings };
    let Some(grouping) = grouping(ask).filter(|_| forced != Some(SourceKind::Raw)) else {
        let mut warnings = Vec::new();
        if window.from_ms < raw_since_ms {
            warnings.push(format!(
                "single page views are kept for {} days: what began before {} may be missing",
                VIEWS_KEPT_DAYS + 1,
                crate::grammar::rfc3339(raw_since_ms)
            ));
        }
        return Ok(raw(warnings));
    };
    let units = units(ask, window);
    if let Some(spans) = spans(window, units, now_ms) {
        return Ok(Plan { source: Source::rollup(grouping, spans), window, warnings: Vec::new() });
    }
    if window.from_ms >= raw_since_ms {
        return Ok(raw(Vec::new()));
    }
    whole_hours(ask, window, grouping, units, now_ms)
}

/// Tables of the rollups and how long what they count is, longest first.
const UNITS: [(SiteTable, i64); 3] =
    [(SiteTable::RollupDay, DAY_MS), (SiteTable::RollupHour, HOUR_MS), (SiteTable::RollupMinute, MINUTE_MS)];

/// The units whose cells lie within the points of the question.
fn units(ask: &Ask, window: Window) -> &'static [(SiteTable, i64)] {
    let edges = ask.edges.as_deref().unwrap_or_default();
    // Where the first point begins is the same to all that is within the window.
    let inner = edges.iter().filter(|&&edge| i64::from(edge) * 1000 > window.from_ms);
    let all_on = |unit_ms: i64| inner.clone().all(|&edge| i64::from(edge) * 1000 % unit_ms == 0);
    let longest = UNITS.iter().position(|&(_, unit_ms)| all_on(unit_ms));
    &UNITS[longest.unwrap_or(UNITS.len() - 1)..]
}

/// What is older than single views are: whole hours, which may be more than was asked for.
fn whole_hours(
    ask: &Ask,
    window: Window,
    grouping: Grouping,
    units: &[(SiteTable, i64)],
    now_ms: i64,
) -> Result<Plan, Fault> {
    let mut warnings = Vec::new();
    // The last unit is the minute, which is not kept so long.
    let units = &units[..units.len() - 1];
    if units.is_empty() {
        let edges = ask.edges.as_deref().unwrap_or_default();
        if edges.windows(2).any(|pair| pair[1] - pair[0] < 3600) {
            let detail =
                format!("steps shorter than 1h reach back {VIEWS_KEPT_DAYS} days: use step=1h or a later `from`");
            return Err(Fault { did_you_mean: Some("1h".into()), ..Fault::new("step", detail) });
        }
        warnings.push("so far back only whole UTC hours are kept: days are cut at the nearest hour before".into());
    }
    let wide = Window {
        from_ms: window.from_ms.div_euclid(HOUR_MS) * HOUR_MS,
        to_ms: (window.to_ms + HOUR_MS - 1).div_euclid(HOUR_MS) * HOUR_MS,
    };
    if wide != window {
        warnings.push(format!(
            "so far back only whole hours are kept: the answer is for {} to {}",
            crate::grammar::rfc3339(wide.from_ms),
            crate::grammar::rfc3339(wide.to_ms)
        ));
    }
    let units = if units.is_empty() { &UNITS[1..2] } else { units };
    Ok(Plan { source: Source::rollup(grouping, cut(wide, units, now_ms)), window: wide, warnings })
}

/// The smallest grouping that knows every dimension and metric of the question.
fn grouping(ask: &Ask) -> Option<Grouping> {
    let fits = |grouping: &Grouping| {
        let knows = |dimension: &Dimension| match dimension {
            Dimension::Page => grouping.has_page(),
            other => grouping.value_dimension().is_some_and(|known| known == other.name()),
        };
        let kept = |measure: &Measure| match measure {
            Measure::Happiness | Measure::Timing(_) => true,
            Measure::Apdex => false,
            Measure::Value(metric) => metric.headline() || grouping.has_all_metrics(),
        };
        ask.dimensions().all(knows) && ask.measures.iter().all(kept)
    };
    // No rollup tells hosts apart.
    let kept = Grouping::ALL.into_iter().filter(|grouping| !grouping.only_by_day());
    kept.into_iter().find(fits).filter(|_| ask.host.is_none())
}

/// Cuts a window into the longest units and the shorter ones around them; `None` when something of it is not kept so.
fn spans(window: Window, units: &[(SiteTable, i64)], now_ms: i64) -> Option<Vec<(SiteTable, Window)>> {
    let Window { from_ms, to_ms } = window;
    if from_ms % MINUTE_MS != 0 || to_ms % MINUTE_MS != 0 {
        return None;
    }
    let minutes_since_ms = now_ms - MINUTES_KEPT_DAYS * DAY_MS;
    let spans = cut(window, units, now_ms);
    let kept =
        |&(table, span): &(SiteTable, Window)| table != SiteTable::RollupMinute || span.from_ms >= minutes_since_ms;
    spans.iter().all(kept).then_some(spans)
}

/// The whole units of a window, and the same of what is left before and after them.
fn cut(window: Window, units: &[(SiteTable, i64)], now_ms: i64) -> Vec<(SiteTable, Window)> {
    let Window { from_ms, to_ms } = window;
    let Some((&(table, unit_ms), shorter)) = units.split_first().filter(|_| from_ms < to_ms) else { return Vec::new() };
    // Nothing began in the future, so the unit that is still running is whole already.
    let up_ms = if to_ms > now_ms { unit_ms - 1 } else { 0 };
    let whole = Window {
        from_ms: (from_ms + unit_ms - 1).div_euclid(unit_ms) * unit_ms,
        to_ms: (to_ms + up_ms).div_euclid(unit_ms) * unit_ms,
    };
    if whole.from_ms >= whole.to_ms {
        return cut(window, shorter, now_ms);
    }
    let mut spans = cut(Window { from_ms, to_ms: whole.from_ms }, shorter, now_ms);
    spans.push((table, whole));
    spans.extend(cut(Window { from_ms: whole.to_ms, to_ms }, shorter, now_ms));
    spans
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grammar::{Call, Query};

    const NOW_MS: i64 = 1_795_000_000_000; // 2026-11-18T10:26:40Z

    fn planned(query: &str, from_ms: i64, to_ms: i64) -> Plan {
        let query = Query::parse(Call::Breakdown, query).unwrap();
        let ask = Ask { measures: query.metrics, by: query.by, ..Ask::counts(&query.filters, query.who) };
        plan(&ask, Window { from_ms, to_ms }, NOW_MS, None).unwrap()
    }

    #[test]
    fn a_rollup_answers_when_one_grouping_knows_everything() {
        let from_ms = NOW_MS.div_euclid(HOUR_MS) * HOUR_MS - DAY_MS;
        for (query, expected) in [
            ("by=page", Some(Grouping::Page)),
            ("by=device", Some(Grouping::PageDevice)),
            ("by=page,device", Some(Grouping::PageDevice)),
            ("by=country&f=country:not:DE", Some(Grouping::Country)),
            ("by=page&f=device:is:mobile", Some(Grouping::PageDevice)),
            ("by=country&f=device:is:mobile", None),
            ("by=os", None),
            ("by=tag:plan", None),
            ("by=page&metrics=dns,timing:x", Some(Grouping::Page)),
            ("by=device&metrics=dns", None),
            ("by=device&metrics=timing:x", Some(Grouping::PageDevice)),
            ("by=browser&metrics=load", Some(Grouping::Browser)),
            ("by=release&f=release:gt:1.2", Some(Grouping::Release)),
            ("by=page&metrics=happiness,apdex", None),
        ] {
            let source = planned(query, from_ms, from_ms + HOUR_MS).source;
            let grouping = if let Source::Rollup { grouping, .. } = source { Some(grouping) } else { None };
            assert_eq!(grouping, expected, "{query}");
        }
    }

    #[test]
    fn hours_and_the_minutes_around_them_cover_a_window_once() {
        let hour_ms = NOW_MS.div_euclid(HOUR_MS) * HOUR_MS;
        let window = Window { from_ms: hour_ms - 3 * HOUR_MS + 5 * MINUTE_MS, to_ms: hour_ms - 50 * MINUTE_MS };
        let Source::Rollup { spans, .. } = planned("by=page", window.from_ms, window.to_ms).source else {
            panic!("rollups can answer this")
        };
        assert_eq!(spans.iter().map(|(_, span)| span.to_ms - span.from_ms).sum::<i64>(), window.to_ms - window.from_ms);
        let tables: Vec<SiteTable> = spans.iter().map(|(table, _)| *table).collect();
        assert_eq!(tables, [SiteTable::RollupMinute, SiteTable::RollupHour, SiteTable::RollupMinute]);
    }

    #[test]
    fn whole_days_are_cut_out_first_unless_points_cut_them() {
        let day_ms = NOW_MS.div_euclid(DAY_MS) * DAY_MS;
        let window = Window { from_ms: day_ms - 3 * DAY_MS - HOUR_MS - MINUTE_MS, to_ms: NOW_MS + MINUTE_MS };
        let window = Window { to_ms: window.to_ms.div_euclid(MINUTE_MS) * MINUTE_MS, ..window };
        let tables = |edges: Option<Vec<i64>>| -> Vec<(SiteTable, i64)> {
            let edges = edges.map(|edges| edges.into_iter().map(|ms| (ms / 1000) as u32).collect());
            let ask = Ask { edges, ..Ask::counts(&[], Default::default()) };
            let Source::Rollup { spans, .. } = plan(&ask, window, NOW_MS, None).unwrap().source else {
                panic!("rollups can answer this")
            };
            assert!(spans.windows(2).all(|pair| pair[0].1.to_ms == pair[1].1.from_ms), "{spans:?}");
            spans.iter().map(|(table, span)| (*table, span.to_ms - span.from_ms)).collect()
        };
        use SiteTable::{RollupDay, RollupHour, RollupMinute};
        // The day that is still running is whole already.
        let by_day = [(RollupMinute, MINUTE_MS), (RollupHour, HOUR_MS), (RollupDay, 4 * DAY_MS)];
        assert_eq!(tables(None), by_day);
        assert_eq!(tables(Some(vec![day_ms - 4 * DAY_MS, day_ms - 3 * DAY_MS, day_ms])), by_day);
        let noon_ms = day_ms - DAY_MS / 2;
        let by_hour = tables(Some(vec![day_ms - 4 * DAY_MS, noon_ms]));
        assert_eq!(by_hour.iter().map(|(table, _)| *table).collect::<Vec<_>>(), [RollupMinute, RollupHour]);
        let by_minute = tables(Some(vec![day_ms - 4 * DAY_MS, noon_ms + MINUTE_MS]));
        assert_eq!(by_minute.iter().map(|(table, _)| *table).collect::<Vec<_>>(), [RollupMinute]);
    }

    #[test]
    fn what_is_too_old_for_minutes_comes_from_views_and_then_from_wider_hours() {
        let hour_ms = NOW_MS.div_euclid(HOUR_MS) * HOUR_MS;
        let ten_days = planned("by=page", hour_ms - 10 * DAY_MS + MINUTE_MS, hour_ms);
        assert_eq!(ten_days.kind(), SourceKind::Raw);
        let seconds = planned("by=page", hour_ms - HOUR_MS + 1_000, hour_ms);
        assert_eq!(seconds.kind(), SourceKind::Raw);
        let old = planned("by=page", hour_ms - 60 * DAY_MS + 1_000, hour_ms - 50 * DAY_MS);
        assert_eq!((old.kind(), old.warnings.len()), (SourceKind::Rollup, 1));
        assert_eq!(old.window.from_ms, hour_ms - 60 * DAY_MS);
        let old_views = planned("by=os", hour_ms - 60 * DAY_MS, hour_ms);
        assert_eq!((old_views.kind(), old_views.warnings.len()), (SourceKind::Raw, 1));
    }

    #[test]
    fn steps_that_nothing_keeps_any_more_are_refused() {
        let hour_ms = NOW_MS.div_euclid(HOUR_MS) * HOUR_MS - 60 * DAY_MS;
        let start = (hour_ms / 1000) as u32;
        let ask = Ask { edges: Some(vec![start, start + 300]), ..Ask::counts(&[], Default::default()) };
        let fault = plan(&ask, Window { from_ms: hour_ms, to_ms: hour_ms + 600_000 }, NOW_MS, None).unwrap_err();
        assert_eq!(fault.parameter, "step");
    }
}
