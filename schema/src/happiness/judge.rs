//! The level of one page view, and what made it so.
//!
//! A page view's level is that of its worst gating component: load, INP, timings that have a scale, CLS, failure, rage,
//! errors. FCP and TTFB explain, they do not judge. Of components that are equally bad the cause is the first in this order:
//! failure, load, INP, timings, CLS, rage clicks, errors. A page that failed is not "slow", and rage is mostly about slowness that was measured.

use serde::{Deserialize, Serialize};

use crate::anchors::{Anchors, Level};
use crate::metric::{MISSING, Metric};
use crate::snapshot::{EventKind, Metrics, Nav, Snapshot};

/// Why a page view was less than delightful.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// It opened slowly.
    SlowOpen,
    /// It reacted slowly.
    SlowReact,
    /// It jumped.
    Jumped,
    /// It failed, threw errors, or made people click in vain.
    Broke,
    /// It was not there yet when the person left.
    GaveUp,
}

impl Cause {
    /// All of them, in the order of the rollup's columns.
    pub const ALL: [Self; 5] = [Self::SlowOpen, Self::SlowReact, Self::Jumped, Self::Broke, Self::GaveUp];

    /// The name in columns and queries.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SlowOpen => "slow_open",
            Self::SlowReact => "slow_react",
            Self::Jumped => "jumped",
            Self::Broke => "broke",
            Self::GaveUp => "gave_up",
        }
    }

    /// The name that a person reads.
    pub const fn label(self) -> &'static str {
        match self {
            Self::SlowOpen => "Slow to open",
            Self::SlowReact => "Slow to react",
            Self::Jumped => "Jumped around",
            Self::Broke => "Broke",
            Self::GaveUp => "Left before it was there",
        }
    }

    /// The one of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.name() == name)
    }
}

/// What can make a page view's level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Component {
    /// The page or its journey failed.
    Failure,
    /// Until it was usable, or the largest thing was there.
    Load(Metric),
    /// As [`Component::Load`], but the person left first: so long at least.
    CensoredLoad,
    /// The slowest interaction.
    Inp,
    /// An app's own timing that has a scale.
    Timing,
    /// Jumps.
    Cls,
    /// Clicks in rage.
    Rage,
    /// Errors and dead clicks.
    Error,
}

impl Component {
    /// The cause that it is.
    pub const fn cause(self) -> Cause {
        match self {
            Self::Load(_) => Cause::SlowOpen,
            Self::CensoredLoad => Cause::GaveUp,
            Self::Inp | Self::Timing => Cause::SlowReact,
            Self::Cls => Cause::Jumped,
            Self::Failure | Self::Rage | Self::Error => Cause::Broke,
        }
    }
}

/// All that a page view is judged by.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ViewFacts {
    /// What was measured.
    pub metrics: Metrics,
    /// How the view came about.
    pub nav: Option<Nav>,
    /// Whether the page was hidden from its start.
    pub hidden_at_start: bool,
    /// When it was first hidden, in ms.
    pub first_hidden_ms: Option<f64>,
    /// When the view ended, in ms.
    pub left_ms: Option<f64>,
    /// The document's status was 500 or above.
    pub failed: bool,
    /// An error after which the page was of no use.
    pub fatal_error: bool,
    /// A journey failed on it.
    pub journey_failed: bool,
    /// Script errors.
    pub errors: u32,
    /// Clicks in rage, and clicks that threw an error.
    pub rage_clicks: u32,
    /// Clicks that did nothing.
    pub dead_clicks: u32,
    /// The worst level of the app's own timings, of those that have a scale.
    pub timing: Option<Level>,
    /// Prerendered, and never shown.
    pub never_activated: bool,
    /// Not a person.
    pub bot: bool,
}

impl ViewFacts {
    /// The facts of a snapshot; whether it came from a bot is for the caller to say.
    pub fn of(snapshot: &Snapshot<'_>, bot: bool) -> Self {
        let count = |kind| u32::try_from(snapshot.count(kind)).unwrap_or(u32::MAX);
        Self {
            metrics: snapshot.metrics,
            nav: snapshot.nav,
            hidden_at_start: snapshot.hidden_at_start,
            first_hidden_ms: snapshot.first_hidden,
            left_ms: snapshot.left,
            failed: snapshot.status.is_some_and(|status| status >= 500),
            fatal_error: snapshot.events.iter().any(|event| event.is(EventKind::Error) && event.fatal == Some(true)),
            journey_failed: snapshot.events.iter().any(|event| event.is(EventKind::Step) && event.failed == Some(true)),
            errors: count(EventKind::Error),
            rage_clicks: count(EventKind::RageClick),
            dead_clicks: count(EventKind::DeadClick),
            timing: None,
            never_activated: !snapshot.activated,
            bot,
        }
    }

    /// Whether this is a failed view: status 500 and above, a fatal error, or a failed journey.
    pub fn is_failed(&self) -> bool {
        self.failed || self.fatal_error || self.journey_failed
    }

    /// A metric in micro units if it may be counted, else [`MISSING`]: what is written to the columns that statistics
    /// are made of.
    pub fn eligible_micro(&self, metric: Metric) -> u32 {
        if is_eligible(metric, self) { self.metrics.micro(metric) } else { MISSING }
    }
}

/// Whether a measured value says something about what a person felt.
///
/// Paints and load that ended after the page was first hidden, or of a page hidden from its start, waited for the
/// person and not the other way round; jumps of such a page nobody saw; a page from the back-forward cache or a route
/// change has no first byte. A value of 0 is a value.
pub fn is_eligible(metric: Metric, facts: &ViewFacts) -> bool {
    let Some(value) = facts.metrics.get(metric) else {
        return false;
    };
    // Bots are classified, not thrown out: their values count, in cells of their own.
    if facts.never_activated {
        return false;
    }
    let seen = !facts.hidden_at_start && facts.first_hidden_ms.is_none_or(|hidden| value < hidden);
    match metric {
        Metric::Lcp | Metric::Fcp | Metric::Usable | Metric::Load => seen,
        Metric::Cls => !facts.hidden_at_start,
        Metric::Ttfb => !matches!(facts.nav, Some(Nav::Bfcache | Nav::Soft)),
        _ => true,
    }
}

/// The anchors that a view is judged by; a site may have its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scales {
    /// For `usable`.
    pub usable: Anchors,
    /// For LCP.
    pub lcp: Anchors,
    /// For INP.
    pub inp: Anchors,
    /// For CLS.
    pub cls: Anchors,
}

impl Scales {
    /// That of a metric; `None` where the metric does not judge.
    pub fn of_mut(&mut self, metric: Metric) -> Option<&mut Anchors> {
        match metric {
            Metric::Usable => Some(&mut self.usable),
            Metric::Lcp => Some(&mut self.lcp),
            Metric::Inp => Some(&mut self.inp),
            Metric::Cls => Some(&mut self.cls),
            _ => None,
        }
    }
}

impl Default for Scales {
    fn default() -> Self {
        Self { usable: Anchors::WAIT, lcp: Anchors::LCP, inp: Anchors::INP, cls: Anchors::CLS }
    }
}

/// What a page view is worth.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Judgement {
    /// Its level; `None` where nothing about it can be judged.
    pub level: Option<Level>,
    /// What made it so; `None` where it delighted or could not be judged.
    pub cause: Option<Cause>,
}

/// Judges a page view by the standard anchors.
pub fn judge(facts: &ViewFacts) -> Judgement {
    judge_with(facts, &Scales::default())
}

/// Judges a page view by these anchors.
pub fn judge_with(facts: &ViewFacts, scales: &Scales) -> Judgement {
    let mut worst: Option<(Component, Level)> = None;
    for (component, level) in components(facts, scales) {
        if worst.is_none_or(|(_, held)| level > held) {
            worst = Some((component, level));
        }
    }
    Judgement {
        level: worst.map(|(_, level)| level),
        cause: worst.filter(|&(_, level)| level > Level::Delighted).map(|(component, _)| component.cause()),
    }
}

/// The gating components of a page view with their levels, in the order in which equally bad ones are the cause. Bots
/// and pages that nobody was shown have none.
pub fn components(facts: &ViewFacts, scales: &Scales) -> impl Iterator<Item = (Component, Level)> {
    let nobody = facts.bot || facts.never_activated;
    let level_of = |metric: Metric, anchors: &Anchors| {
        is_eligible(metric, facts).then(|| anchors.classify(facts.metrics.micro(metric)))
    };
    let found = [
        facts.is_failed().then_some((Component::Failure, Level::Brutal)),
        load(facts, scales),
        level_of(Metric::Inp, &scales.inp).map(|level| (Component::Inp, level)),
        facts.timing.map(|level| (Component::Timing, level)),
        level_of(Metric::Cls, &scales.cls).map(|level| (Component::Cls, level)),
        (facts.rage_clicks > 0).then_some((Component::Rage, Level::Painful)),
        (facts.errors > 0 || facts.dead_clicks > 0).then_some((Component::Error, Level::Annoying)),
    ];
    found.into_iter().flatten().filter(move |_| !nobody)
}

/// The load component: `usable` where the app sends it, else LCP. Where that value does not count because the person
/// left or looked away first, the time waited stands for it, if that was already too long to delight.
///
/// A missing LCP only means that somebody left before it where it was to be expected: not of a route change, and not once the
/// load event was seen (Safari before 26.2 has no LCP, and no one left it for that).
fn load(facts: &ViewFacts, scales: &Scales) -> Option<(Component, Level)> {
    let (metric, anchors) = match facts.metrics.get(Metric::Usable) {
        Some(_) => (Metric::Usable, &scales.usable),
        None => (Metric::Lcp, &scales.lcp),
    };
    if is_eligible(metric, facts) {
        return Some((Component::Load(metric), anchors.classify(facts.metrics.micro(metric))));
    }
    let unmeasured =
        facts.metrics.get(metric).is_none() && (facts.nav == Some(Nav::Soft) || is_eligible(Metric::Load, facts));
    if facts.hidden_at_start || unmeasured {
        return None;
    }
    let waited_ms = match (facts.first_hidden_ms, facts.left_ms) {
        (Some(hidden), Some(left)) => hidden.min(left),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => return None,
    };
    // Someone who kept the page open for an hour waited at least as long as a column can hold.
    let level = anchors.classify(crate::metric::to_micro(waited_ms).unwrap_or(MISSING));
    (level > Level::Delighted).then_some((Component::CensoredLoad, level))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(metrics: &[(Metric, f64)]) -> ViewFacts {
        ViewFacts { metrics: metrics.iter().copied().collect(), ..ViewFacts::default() }
    }

    #[test]
    fn the_worst_component_is_the_cause() {
        let slow = facts(&[(Metric::Lcp, 3_000.0), (Metric::Inp, 2_000.0), (Metric::Cls, 0.3)]);
        assert_eq!(judge(&slow), Judgement { level: Some(Level::Brutal), cause: Some(Cause::SlowReact) });
        let jumpy = facts(&[(Metric::Lcp, 100.0), (Metric::Cls, 0.3)]);
        assert_eq!(judge(&jumpy), Judgement { level: Some(Level::Painful), cause: Some(Cause::Jumped) });
        let raging = ViewFacts { rage_clicks: 1, ..facts(&[(Metric::Lcp, 100.0)]) };
        assert_eq!(judge(&raging), Judgement { level: Some(Level::Painful), cause: Some(Cause::Broke) });
        assert_eq!(judge(&facts(&[(Metric::Lcp, 100.0)])), Judgement { level: Some(Level::Delighted), cause: None });
    }

    #[test]
    fn of_equally_bad_components_the_first_in_the_stated_order_is_the_cause() {
        let both = facts(&[(Metric::Lcp, 9_000.0), (Metric::Inp, 2_000.0)]);
        assert_eq!(judge(&both).cause, Some(Cause::SlowOpen));
        assert_eq!(judge(&ViewFacts { failed: true, ..both }).cause, Some(Cause::Broke));
        let slow_and_raging = ViewFacts { rage_clicks: 3, errors: 1, ..facts(&[(Metric::Inp, 700.0)]) };
        assert_eq!(judge(&slow_and_raging).cause, Some(Cause::SlowReact));
    }

    #[test]
    fn who_left_before_it_was_there_gave_up() {
        let left = ViewFacts { left_ms: Some(4_500.0), ..ViewFacts::default() };
        assert_eq!(judge(&left), Judgement { level: Some(Level::Painful), cause: Some(Cause::GaveUp) });
        let looked_away = ViewFacts { first_hidden_ms: Some(3_000.0), ..facts(&[(Metric::Lcp, 60_000.0)]) };
        assert_eq!(judge(&looked_away), Judgement { level: Some(Level::Annoying), cause: Some(Cause::GaveUp) });
        // Where the app says when it is usable, so does its scale for those who did not wait.
        let before_usable =
            ViewFacts { left_ms: Some(1_500.0), first_hidden_ms: Some(1_400.0), ..facts(&[(Metric::Usable, 1_450.0)]) };
        assert_eq!(judge(&before_usable), Judgement { level: Some(Level::Annoying), cause: Some(Cause::GaveUp) });
        let all_day = ViewFacts { left_ms: Some(8e7), ..ViewFacts::default() };
        assert_eq!(judge(&all_day).level, Some(Level::Brutal));
    }

    #[test]
    fn a_browser_that_measures_no_lcp_is_not_a_visitor_who_gave_up() {
        let stayed = ViewFacts { left_ms: Some(60_000.0), ..facts(&[(Metric::Load, 2_100.0), (Metric::Cls, 0.3)]) };
        assert_eq!(judge(&stayed), Judgement { level: Some(Level::Painful), cause: Some(Cause::Jumped) });
        let routed = ViewFacts { nav: Some(Nav::Soft), left_ms: Some(60_000.0), ..facts(&[(Metric::Inp, 80.0)]) };
        assert_eq!(judge(&routed).level, Some(Level::Delighted));
        // A page from the back-forward cache has an LCP, so one without was left before it.
        let restored = ViewFacts { nav: Some(Nav::Bfcache), ..routed };
        assert_eq!(judge(&restored).cause, Some(Cause::GaveUp));
        let left_while_loading =
            ViewFacts { left_ms: Some(6_000.0), ..facts(&[(Metric::Load, 7_000.0), (Metric::Fcp, 900.0)]) };
        let hidden = ViewFacts { first_hidden_ms: Some(6_000.0), ..left_while_loading };
        assert_eq!(judge(&hidden).cause, Some(Cause::GaveUp));
    }

    #[test]
    fn usable_is_judged_instead_of_lcp_and_on_the_anchor_is_worse() {
        let facts = facts(&[(Metric::Usable, 1_000.0), (Metric::Lcp, 9_000.0)]);
        assert_eq!(judge(&facts), Judgement { level: Some(Level::Annoying), cause: Some(Cause::SlowOpen) });
    }

    #[test]
    fn bots_and_pages_never_shown_are_not_judged() {
        let slow = facts(&[(Metric::Lcp, 9_000.0)]);
        assert_eq!(judge(&ViewFacts { bot: true, failed: true, ..slow }), Judgement::default());
        assert_eq!(judge(&ViewFacts { never_activated: true, ..slow }), Judgement::default());
        assert_eq!(ViewFacts { never_activated: true, ..slow }.eligible_micro(Metric::Lcp), MISSING);
        assert_eq!(
            ViewFacts { bot: true, ..slow }.eligible_micro(Metric::Lcp),
            9_000_000,
            "bots have values of their own"
        );
    }
}
