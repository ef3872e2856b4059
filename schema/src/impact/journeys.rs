//! Journeys that the window broke off, and how many of them would have been anyway.

use super::{Spans, View, counting, within};
use crate::happiness::{Difference, newcombe};
use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

/// Journeys with a step in a span.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Journeys {
    /// Visits that took a step of it in the span.
    pub started: i64,
    /// Those that took the last step, without failure.
    pub completed: i64,
    /// Those that did not, but the same person did in another visit soon after the span.
    pub recovered: i64,
    /// The rest.
    pub abandoned: i64,
    /// Abandoned ones by the last step that went well: none, the first, the second and so on.
    pub abandoned_by_last_step: Vec<i64>,
}

impl Journeys {
    /// Share of abandoned ones; None when none was started.
    pub fn abandon_rate(&self) -> Option<f64> {
        (self.started > 0).then(|| self.abandoned as f64 / self.started as f64)
    }

    /// The journeys of a span; the journey has `steps` steps.
    pub fn of(views: &[View], span: &Range<i64>, recover_ms: i64, steps: u8) -> Self {
        let last = steps.saturating_sub(1);
        let touched: BTreeSet<u64> =
            counting(views, span).filter(|view| view.step.is_some()).map(|view| view.session).collect();
        let mut taken: HashMap<u64, Vec<&View>> = HashMap::new();
        for view in views.iter().filter(|view| view.step.is_some() && touched.contains(&view.session)) {
            taken.entry(view.session).or_default().push(view);
        }
        let completes = |view: &View| view.step == Some(last) && !view.failed;
        let soon_after = span.end..span.end + recover_ms;
        let mut completed_later: HashMap<u64, BTreeSet<u64>> = HashMap::new();
        for view in within(views, &soon_after).iter().filter(|view| completes(view)) {
            completed_later.entry(view.person).or_default().insert(view.session);
        }
        let mut found = Self { abandoned_by_last_step: vec![0; usize::from(steps)], ..Self::default() };
        for (session, views) in &taken {
            found.started += 1;
            let recovered = || {
                let others = completed_later.get(&views[0].person);
                others.is_some_and(|sessions| sessions.iter().any(|other| other != session))
            };
            if views.iter().any(|view| completes(view)) {
                found.completed += 1;
            } else if recovered() {
                found.recovered += 1;
            } else {
                found.abandoned += 1;
                let furthest = views.iter().filter(|view| !view.failed).filter_map(|view| view.step).max();
                found.abandoned_by_last_step[furthest.map_or(0, |step| usize::from(step) + 1)] += 1;
            }
        }
        found
    }
}

/// The window's journeys beside the control's.
#[derive(Debug, Clone, PartialEq)]
pub struct Abandonment {
    /// In the window.
    pub window: Journeys,
    /// In the control.
    pub control: Journeys,
    /// Journeys that would have been abandoned anyway: started · the control's rate. None without a control.
    pub expected: Option<f64>,
    /// Abandoned ones beyond those.
    pub excess: Option<f64>,
    /// Difference of the rates with its 95 % interval.
    pub rate_difference: Option<Difference>,
}

/// Journeys of the window and of its control.
pub fn abandonment(views: &[View], spans: &Spans, steps: u8) -> Abandonment {
    let window = Journeys::of(views, &spans.window, spans.recover_ms, steps);
    let control = Journeys::of(views, &spans.control, spans.recover_ms, steps);
    let expected = control.abandon_rate().map(|rate| window.started as f64 * rate);
    let excess = expected.map(|expected| window.abandoned as f64 - expected);
    let [a, b, c, d] = [window.abandoned, window.started, control.abandoned, control.started].map(|count| count as f64);
    Abandonment { rate_difference: newcombe(a, b, c, d), window, control, expected, excess }
}
