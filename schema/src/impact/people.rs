//! Who was there, who was hurt, and how hard the crowd came back.

use super::{View, counting};
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
    /// Those of them with a painful or worse view, and no failed one.
    pub sessions_soft: i64,
    /// Page views in it.
    pub views: i64,
    /// Those of them that failed.
    pub views_failed: i64,
    /// Those of them that were painful or worse without failing.
    pub views_soft: i64,
    /// People hurt hard, by the page that failed them; somebody failed by two pages counts on both.
    pub people_hard_by_page: BTreeMap<u64, i64>,
}

impl Exposure {
    /// Share of the people there who were hurt hard, with its 95 % interval; None when nobody was there.
    pub fn share_hard(&self) -> Option<(f64, (f64, f64))> {
        self.share(self.people_hard)
    }

    /// Share of the people there who were hurt, but not hard, with its 95 % interval; None when nobody was there.
    pub fn share_soft(&self) -> Option<(f64, (f64, f64))> {
        self.share(self.people_soft)
    }

    fn share(&self, people: i64) -> Option<(f64, (f64, f64))> {
        let (part, all) = (people as f64, self.people as f64);
        (self.people > 0).then(|| (part / all, wilson(part, all)))
    }

    /// Failed views that each person hurt hard saw; None when nobody was.
    pub fn failures_each(&self) -> Option<f64> {
        (self.people_hard > 0).then(|| self.views_failed as f64 / self.people_hard as f64)
    }
}

/// Who had a view in the window, and whom it hurt.
pub fn exposure(views: &[View], window: &Range<i64>) -> Exposure {
    let views = counting(views, window);
    let failed = views.clone().filter(|view| view.failed);
    let pained = views.clone().filter(|view| view.level.is_some_and(|level| level >= Level::Painful));
    let people = |views: &mut dyn Iterator<Item = &View>| views.map(|view| view.person).collect::<BTreeSet<_>>();
    let sessions = |views: &mut dyn Iterator<Item = &View>| views.map(|view| view.session).collect::<BTreeSet<_>>();
    let (people_hard, sessions_hard) = (people(&mut failed.clone()), sessions(&mut failed.clone()));
    let mut by_page: BTreeMap<u64, BTreeSet<u64>> = BTreeMap::new();
    for view in failed.clone() {
        by_page.entry(view.page).or_default().insert(view.person);
    }
    Exposure {
        people: people(&mut views.clone()).len() as i64,
        people_soft: people(&mut pained.clone()).difference(&people_hard).count() as i64,
        people_hard: people_hard.len() as i64,
        sessions: sessions(&mut views.clone()).len() as i64,
        sessions_soft: sessions(&mut pained.clone()).difference(&sessions_hard).count() as i64,
        sessions_hard: sessions_hard.len() as i64,
        views: views.clone().count() as i64,
        views_soft: pained.filter(|view| !view.failed).count() as i64,
        views_failed: failed.count() as i64,
        people_hard_by_page: by_page.into_iter().map(|(page, people)| (page, people.len() as i64)).collect(),
    }
}

/// Page views of each minute from the span's start on, failed ones beside all: `(views, failed)`.
pub fn views_per_minute(views: &[View], span: &Range<i64>) -> Vec<(i64, i64)> {
    const MINUTE_MS: i64 = 60_000;
    let minutes =
        (span.end - span.start).max(0).div_euclid(MINUTE_MS) + i64::from((span.end - span.start) % MINUTE_MS > 0);
    let mut found = vec![(0, 0); usize::try_from(minutes).unwrap_or(0)];
    for view in counting(views, span) {
        let minute = ((view.at_ms - span.start) / MINUTE_MS) as usize;
        found[minute].0 += 1;
        found[minute].1 += i64::from(view.failed);
    }
    found
}
