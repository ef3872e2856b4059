//! Customers who did not come back though people like them did, and what that costs.
//!
//! People hurt hard are compared with people of the control window whom nothing failed, stratum by stratum: returning or new, in the
//! journey or browsing. A stratum with too few controls borrows the rate of returning or new people, then that of all.

use super::{Spans, View, counting, within};
use crate::happiness::{Difference, Z_95, newcombe};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::Range;

/// Controls that a stratum needs to speak for itself.
const CONTROLS_MIN: i64 = 5;

/// One kind of people.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stratum {
    /// Those hurt hard.
    pub affected: i64,
    /// Of them, those who came back.
    pub affected_returned: i64,
    /// Those of the control window whom nothing failed.
    pub controls: i64,
    /// Of them, those who came back.
    pub controls_returned: i64,
    /// Whose rate is taken: `stratum`, `returning` or `all`.
    pub control_rate_from: &'static str,
    /// Share of controls who came back; None when there are no controls at all.
    pub control_rate: Option<f64>,
}

/// How many customers a window cost.
#[derive(Debug, Clone, PartialEq)]
pub struct LostCustomers {
    /// Everybody, as one stratum.
    pub total: Stratum,
    /// By `returning|new` / `journey|browse`.
    pub strata: BTreeMap<(&'static str, &'static str), Stratum>,
    /// Σ affected · control rate − affected who returned.
    pub lost: f64,
    /// Its 95 % interval, Wald.
    pub interval: (f64, f64),
    /// The drop of the return rate without strata, with its 95 % interval.
    pub unstratified: Option<Difference>,
}

/// Customers lost to the window.
pub fn lost_customers(views: &[View], spans: &Spans) -> LostCustomers {
    let mut strata = BTreeMap::new();
    for name in [("new", "browse"), ("new", "journey"), ("returning", "browse"), ("returning", "journey")] {
        strata.insert(name, Stratum::default());
    }
    let mut total = Stratum::default();
    let hurt = |views: &[View]| views.iter().any(|view| view.failed);
    for (span, affected) in [(&spans.window, true), (&spans.control, false)] {
        let cohort = Cohort::new(views, span, spans);
        for (person, seen) in &cohort.people {
            if hurt(seen) != affected {
                continue;
            }
            let returned = i64::from(cohort.returned.contains(person));
            for stratum in [strata.get_mut(&cohort.stratum(*person, seen)), Some(&mut total)].into_iter().flatten() {
                let (count, came_back) = if affected {
                    (&mut stratum.affected, &mut stratum.affected_returned)
                } else {
                    (&mut stratum.controls, &mut stratum.controls_returned)
                };
                *count += 1;
                *came_back += returned;
            }
        }
    }
    settle_rates(&mut strata, &mut total);
    let (mut lost, mut variance) = (0.0, 0.0);
    for stratum in strata.values().filter(|stratum| stratum.affected > 0) {
        let n = stratum.affected as f64;
        let rate = stratum.control_rate.unwrap_or(0.0);
        lost += n * rate - stratum.affected_returned as f64;
        let own = stratum.affected_returned as f64 / n;
        let controls = stratum.controls.max(1) as f64;
        variance += n * n * (own * (1.0 - own) / n + rate * (1.0 - rate) / controls);
    }
    let half = Z_95 * variance.sqrt();
    let [a, b, c, d] =
        [total.controls_returned, total.controls, total.affected_returned, total.affected].map(|n| n as f64);
    LostCustomers { unstratified: newcombe(a, b, c, d), total, strata, lost, interval: (lost - half, lost + half) }
}

/// Gives each stratum the rate it is compared with, and makes its controls those that the rate is of.
fn settle_rates(strata: &mut BTreeMap<(&'static str, &'static str), Stratum>, total: &mut Stratum) {
    let rate = |returned: i64, controls: i64| (controls > 0).then(|| returned as f64 / controls as f64);
    let known = strata.clone();
    for ((kind, _), stratum) in strata.iter_mut() {
        let alike = || known.iter().filter(|((other, _), _)| other == kind).map(|(_, stratum)| stratum);
        let (controls, returned) = alike().fold((0, 0), |sum, s| (sum.0 + s.controls, sum.1 + s.controls_returned));
        (stratum.control_rate_from, stratum.control_rate) = if stratum.controls >= CONTROLS_MIN {
            ("stratum", rate(stratum.controls_returned, stratum.controls))
        } else if controls >= CONTROLS_MIN {
            ("returning", rate(returned, controls))
        } else {
            ("all", rate(total.controls_returned, total.controls))
        };
    }
    (total.control_rate_from, total.control_rate) = ("all", rate(total.controls_returned, total.controls));
}

/// The people of one span, and what is known of them before and after it.
struct Cohort<'v> {
    people: BTreeMap<u64, Vec<View>>,
    here_before: HashSet<u64>,
    returned: HashSet<u64>,
    after: &'v [View],
}

impl<'v> Cohort<'v> {
    fn new(views: &'v [View], span: &Range<i64>, spans: &Spans) -> Self {
        let mut people: BTreeMap<u64, Vec<View>> = BTreeMap::new();
        for view in counting(views, span) {
            people.entry(view.person).or_default().push(*view);
        }
        let sessions: BTreeSet<u64> = within(views, span).iter().map(|view| view.session).collect();
        let before = within(views, &(span.start - spans.history_ms..span.start));
        let back_from = span.end + spans.washout_ms;
        // Open at its start, closed at its end.
        let after = within(views, &(back_from + 1..back_from + spans.return_ms + 1));
        Self {
            people,
            here_before: before.iter().map(|view| view.person).collect(),
            returned: after.iter().filter(|view| !sessions.contains(&view.session)).map(|view| view.person).collect(),
            after,
        }
    }

    fn stratum(&self, person: u64, seen: &[View]) -> (&'static str, &'static str) {
        let kind = if self.here_before.contains(&person) { "returning" } else { "new" };
        let place = if seen.iter().any(|view| view.step.is_some()) { "journey" } else { "browse" };
        (kind, place)
    }
}

/// Money at risk, in the currency's smallest unit.
#[derive(Debug, Clone, PartialEq)]
pub struct Revenue {
    /// Orders in the history before the window.
    pub orders: i64,
    /// Their mean; None without orders.
    pub average_order: Option<f64>,
    /// Journeys abandoned beyond the usual · the average order.
    pub immediate: Option<f64>,
    /// What a control who came back spent while coming back counts, on average; None when none came back.
    pub per_returning_control: Option<f64>,
    /// Customers lost · that.
    pub future: Option<f64>,
}

/// What was ordered in a span.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Orders {
    /// How many.
    pub count: i64,
    /// What was paid, in the currency's smallest unit.
    pub paid: i64,
}

impl Orders {
    /// The orders among the views of the history before the window.
    pub fn before(views: &[View], spans: &Spans) -> Self {
        let history = spans.window.start - spans.history_ms..spans.window.start;
        let orders = within(views, &history).iter().filter_map(View::order);
        orders.fold(Self::default(), |all, paid| Self { count: all.count + 1, paid: all.paid + paid })
    }

    /// What was paid on average; None without orders.
    pub fn average(&self) -> Option<f64> {
        (self.count > 0).then(|| self.paid as f64 / self.count as f64)
    }
}

/// What the window put at risk: the orders broken off, and those that lost customers would have made. `before` are the orders of its
/// history, whoever made them.
pub fn revenue(views: &[View], spans: &Spans, before: Orders, excess_abandoned: Option<f64>, lost: f64) -> Revenue {
    let average_order = before.average();
    let cohort = Cohort::new(views, &spans.control, spans);
    let back: HashSet<u64> = cohort
        .people
        .iter()
        .filter(|(person, seen)| cohort.returned.contains(*person) && !seen.iter().any(|view| view.failed))
        .map(|(person, _)| *person)
        .collect();
    let spent: i64 = cohort.after.iter().filter(|view| back.contains(&view.person)).filter_map(View::order).sum();
    let per_returning_control = (!back.is_empty()).then(|| spent as f64 / back.len() as f64);
    Revenue {
        orders: before.count,
        average_order,
        immediate: average_order.zip(excess_abandoned).map(|(average, excess)| average * excess.max(0.0)),
        per_returning_control,
        future: per_returning_control.map(|each| each * lost.max(0.0)),
    }
}
