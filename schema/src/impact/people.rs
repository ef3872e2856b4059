//! Who was there, who was hurt, and how hard the crowd came back.

use super::{View, within};
use crate::anchors::Level;
use crate::happiness::wilson;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// People and visits in a window.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Exposure {
    /// People with a page view in it.
    pub people: i64,
    /// Those of them with a failed view.
    pub people_hard: i64,
    /// Those of them with a painful or worse view, and no failed one.
    pub people_soft: i64,
    /// Visits with a page view in it.
    pub sessions: i64,
    /// Those of them with a failed view.
    pub sessions_hard: i64,
    /// Page views in it.
    pub views: i64,
    /// Those of them that failed.
    pub views_failed: i64,
    /// People hurt hard, by the page that failed them; somebody failed by two pages counts on both.
    pub people_hard_by_page: BTreeMap<String, i64>,
}

impl Exposure {
    /// Share of the people there who were hurt hard, with its 95 % interval; None when nobody was there.
    pub fn share_hard(&self) -> Option<(f64, (f64, f64))> {
        let (hard, all) = (self.people_hard as f64, self.people as f64);
        (self.people > 0).then(|| (hard / all, wilson(hard, all)))
    }

    /// Failed views that each person hurt hard saw; None when nobody was.
    pub fn failures_each(&self) -> Option<f64> {
        (self.people_hard > 0).then(|| self.views_failed as f64 / self.people_hard as f64)
    }
}

/// Who had a view in the window, and whom it hurt.
pub fn exposure(views: &[View<'_>], window: &Range<i64>) -> Exposure {
    let views = within(views, window);
    let people: BTreeSet<_> = views.iter().map(|view| view.person).collect();
    let failed = || views.iter().filter(|view| view.failed);
    let hard: BTreeSet<_> = failed().map(|view| view.person).collect();
    let pained = |view: &&View<'_>| view.level.is_some_and(|level| level >= Level::Painful);
    let soft: BTreeSet<_> = views.iter().filter(pained).map(|view| view.person).collect();
    let mut by_page: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for view in failed() {
        by_page.entry(view.page).or_default().insert(view.person);
    }
    let count = |set: BTreeSet<&str>| set.len() as i64;
    Exposure {
        people: count(people),
        people_soft: soft.difference(&hard).count() as i64,
        people_hard: count(hard),
        sessions: count(views.iter().map(|view| view.session).collect()),
        sessions_hard: count(failed().map(|view| view.session).collect()),
        views: views.len() as i64,
        views_failed: failed().count() as i64,
        people_hard_by_page: by_page.into_iter().map(|(page, people)| (page.to_owned(), count(people))).collect(),
    }
}

/// Page views of each minute from the span's start on, failed ones beside all: `(views, failed)`.
pub fn views_per_minute(views: &[View<'_>], span: &Range<i64>) -> Vec<(i64, i64)> {
    const MINUTE_MS: i64 = 60_000;
    let minutes =
        (span.end - span.start).max(0).div_euclid(MINUTE_MS) + i64::from((span.end - span.start) % MINUTE_MS > 0);
    let mut found = vec![(0, 0); usize::try_from(minutes).unwrap_or(0)];
    for view in within(views, span) {
        let minute = ((view.at_ms - span.start) / MINUTE_MS) as usize;
        found[minute].0 += 1;
        found[minute].1 += i64::from(view.failed);
    }
    found
}
