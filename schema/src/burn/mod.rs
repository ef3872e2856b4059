//! Burn-rate alerts: several windows, each with a factor, decided in integers.
//!
//! A rule holds when its long and its short window both burn faster than its factor: the long one says that it matters, the short one
//! that it still goes on. The rules and factors are those of the SRE Workbook, "Alerting on SLOs", method 6:
//! <https://sre.google/workbook/alerting-on-slos/>. Where windows come from, and who is told, is other modules' business.

mod minutes;
mod state;

pub use minutes::{CATCH_UP_MIN, KEPT_MIN, Minutes, Sums};
pub use state::{Change, State};

use crate::budget::{Counts, Fraction, Objective};
use crate::happiness::wilson;

/// How soon somebody must look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Now, whatever the hour.
    Page,
    /// During the day.
    Ticket,
}

impl Severity {
    /// The name in answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Ticket => "ticket",
        }
    }
}

/// One rule: both windows must burn faster than the factor.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Its name in answers.
    pub name: String,
    /// How soon somebody must look.
    pub severity: Severity,
    /// Length of the window that says it matters.
    pub long_min: u32,
    /// Length of the window that says it goes on.
    pub short_min: u32,
    /// Burn rate above which it holds.
    pub factor: Fraction,
    /// Minutes for which it must hold before it fires; 0 fires at once.
    pub for_min: u32,
}

/// The four rules for a period of 30 days: 14.4 over 1 h and 5 min, 6 over 6 h and 30 min, 3 over 1 d and 2 h, 1 over 3 d and 6 h.
/// A factor is the share of the budget that may go in the long window, times period over long window; so other periods have others.
pub fn standard_rules(period_min: u32) -> Vec<Rule> {
    [
        ("page_fast", Severity::Page, 60, 5, 2),
        ("page_slow", Severity::Page, 360, 30, 5),
        ("ticket_fast", Severity::Ticket, 1_440, 120, 10),
        ("ticket_slow", Severity::Ticket, 4_320, 360, 10),
    ]
    .into_iter()
    .map(|(name, severity, long_min, short_min, budget_percent)| Rule {
        name: name.into(),
        severity,
        long_min,
        short_min,
        factor: Fraction::new(budget_percent * i128::from(period_min.max(1)), 100 * i128::from(long_min)),
        for_min: 0,
    })
    .collect()
}

/// What a missing answer means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NoData {
    /// Nothing is known: what fires goes on firing.
    #[default]
    Hold,
    /// Nobody is there to be hurt: what fires resolves.
    Resolve,
}

/// How rules are judged.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Options {
    /// Whether exactly the factor is enough. Felt's own rules need more than it.
    pub at_the_factor: bool,
    /// What windows without events mean.
    pub no_data: NoData,
    /// No rule holds before there is a whole long window of history.
    pub full_long_window: bool,
    /// Events that the long window needs.
    pub valid_min: i64,
    /// Bad events that the long window needs.
    pub bad_min: i64,
    /// The bad share at which every rule holds at the latest: the remedy for rules that could never fire.
    pub ratio_cap: Option<Fraction>,
    /// The long window must exceed with the lower Wilson bound of its bad share, so that one view among sixty pages nobody.
    pub wilson: bool,
}

/// What a rule says of two windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Both windows burn too fast.
    Holds,
    /// At least one does not.
    Clear,
    /// A window has no events.
    Unknown,
}

impl Rule {
    /// The share of bad events above which the rule holds: factor · (1 − objective), at most the cap.
    pub fn bad_share(&self, objective: Objective, options: &Options) -> Fraction {
        let share = self.factor.times(objective.allowed());
        options.ratio_cap.map_or(share, |cap| share.min(cap))
    }

    /// Whether any share of bad events could make it hold. At an objective of 75 %, six hours of nothing but bad views fire no rule.
    pub fn is_reachable(&self, objective: Objective, options: &Options) -> bool {
        !self.bad_share(objective, options).is_one_or_more()
    }

    /// Judges the counts of the two windows. `history_min` is how long there has been data at all.
    pub fn judge(
        &self,
        objective: Objective,
        options: &Options,
        long: Counts,
        short: Counts,
        history_min: u32,
    ) -> Verdict {
        if long.valid <= 0 || short.valid <= 0 {
            return Verdict::Unknown;
        }
        let limit = self.bad_share(objective, options);
        let enough = long.valid >= options.valid_min
            && long.bad() >= options.bad_min
            && (!options.full_long_window || history_min >= self.long_min)
            && (!options.wilson || surely_exceeds(long, limit));
        let holds = enough && [long, short].into_iter().all(|counts| exceeds(counts, limit, options.at_the_factor));
        if holds { Verdict::Holds } else { Verdict::Clear }
    }
}

fn exceeds(counts: Counts, limit: Fraction, or_equals: bool) -> bool {
    let bad = i128::from(counts.bad()) * limit.denominator();
    let allowed = limit.numerator() * i128::from(counts.valid);
    bad > allowed || (or_equals && bad == allowed)
}

fn surely_exceeds(counts: Counts, limit: Fraction) -> bool {
    wilson(counts.bad() as f64, counts.valid as f64).0 > limit.to_f64()
}
