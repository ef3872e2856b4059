//! How a promise stands at a moment: its budget, how fast it burns, its alert rules, and how much of the time was measured.
//!
//! Pure, over a series of good and valid: the same code answers the API, the alerts, the command line and a backtest.

use super::{Budgeting, Empty, Happy, SliKind, Slo, Unit, Window};
use crate::budget::{
    self, Budget, Counts, Every, Fraction, LOOKBACK_H, Objective, Series, SliceBudget, WindowError, evaluate_slices,
};
use crate::burn::{NoData, Options, Rule, State, standard_rules};
use jiff::tz::TimeZone;
use std::ops::Range;

const MINUTE_S: i64 = 60;
const HOUR_S: i64 = 3_600;
const DAY_S: i64 = 86_400;
/// The longest look of an alert rule.
pub const RULES_LOOK_S: i64 = 3 * DAY_S;
/// How long ago an alert may have begun to fire and still be told since when.
pub const ALERTS_REPLAYED_MIN: i64 = 24 * 60;
/// Windows whose burn rates are told.
pub const BURN_WINDOWS: [(&str, i64); 4] = [("5m", 300), ("1h", HOUR_S), ("6h", 6 * HOUR_S), ("3d", 3 * DAY_S)];

/// Everything that is told of a promise.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The budget by occurrences; for time slices, with the slices as events.
    pub budget: Budget,
    /// What is left, as the method and the window count it.
    pub remaining: Option<f64>,
    /// The share of good, as the method counts it.
    pub sli: Option<f64>,
    /// Burn rates by [`BURN_WINDOWS`]; `None` without events.
    pub burn: [Option<f64>; 4],
    /// Share of the window's hours so far in which anything counted; `None` before the first.
    pub coverage: Option<f64>,
    /// The rules, and how they stand.
    pub alerts: Vec<Alert>,
}

/// One rule.
#[derive(Debug, Clone)]
pub struct Alert {
    /// Which.
    pub rule: Rule,
    /// How it stands; times are Unix minutes.
    pub state: State,
    /// Whether it could fire at all.
    pub reachable: bool,
}

/// Works out how a promise stood at `now_s`.
///
/// # Errors
/// When its window leaves the range of dates.
pub fn standing(slo: &Slo, series: &Series, now_s: i64) -> Result<Standing, WindowError> {
    let mut standing = without_alerts(slo, series, now_s)?;
    standing.alerts = alerts(slo, objective(slo).ok_or(WindowError)?, series, now_s);
    Ok(standing)
}

/// The same without its rules, which take most of the time: for who asks again and again, as a backtest does.
///
/// # Errors
/// When its window leaves the range of dates.
pub fn without_alerts(slo: &Slo, series: &Series, now_s: i64) -> Result<Standing, WindowError> {
    let (window, objective) = window(slo).zip(objective(slo)).ok_or(WindowError)?;
    let mut budget = budget::evaluate(objective, &window, series, now_s, LOOKBACK_H)?;
    let (mut sli, mut remaining) = (budget.sli, budget.full.map_or(budget.remaining, |full| full.remaining));
    if let Some(slices) = slices(slo, objective, series, budget.window.start..now_s) {
        (sli, remaining) = match slo.budgeting {
            Budgeting::RatioTimeslices { .. } => (slices.mean_share, slices.remaining_shares),
            _ => (slices.slices.share(), slices.remaining_slices),
        };
        budget.consumed = remaining.map(|remaining| 1.0 - remaining);
        budget.status = status(remaining);
    }
    let burn = BURN_WINDOWS.map(|(_, length_s)| budget::burn_rate(objective, series.sum(now_s - length_s, now_s)));
    let coverage = coverage(series, budget.window.start..now_s);
    Ok(Standing { coverage, alerts: Vec::new(), budget, remaining, sli, burn })
}

/// A promise's objective; `None` for what reading would have refused.
pub fn objective(slo: &Slo) -> Option<Objective> {
    Objective::try_from(slo.objective.ratio()).ok()
}

/// The window that is evaluated; `None` for what reading would have refused.
pub fn window(slo: &Slo) -> Option<budget::Window> {
    match &slo.window {
        Window::Rolling(length) => Some(budget::Window::Rolling { length_s: length.minutes()? * MINUTE_S }),
        Window::Calendar { every, start, tz } => {
            let unit = match every.unit {
                Unit::Day => budget::Unit::Day,
                Unit::Week => budget::Unit::Week,
                Unit::Month => budget::Unit::Month,
                Unit::Quarter => budget::Unit::Quarter,
                Unit::Year => budget::Unit::Year,
                Unit::Minute | Unit::Hour => return None,
            };
            let every = Every { count: every.count.try_into().ok()?, unit };
            Some(budget::Window::Calendar { start: *start, every, tz: TimeZone::get(tz).ok()? })
        }
    }
}

/// About how long the window is, in minutes: exactly where it rolls, at most where it follows the calendar.
pub fn period_min(slo: &Slo) -> i64 {
    match &slo.window {
        Window::Rolling(length) => length.minutes().unwrap_or(0),
        Window::Calendar { every, .. } => every.days_max() * 24 * 60,
    }
}

/// The rules of a promise: a rule that looks back further than the window says nothing about it.
pub fn rules(slo: &Slo) -> Vec<Rule> {
    let period_min = period_min(slo);
    let mut rules = standard_rules(period_min.try_into().unwrap_or(u32::MAX));
    rules.retain(|rule| i64::from(rule.long_min) <= period_min);
    rules
}

/// How rules are judged: without data nothing changes, and one bad view among a few is no proof.
pub fn options(slo: &Slo) -> Options {
    Options { no_data: NoData::Hold, wilson: !is_score(slo), ..Options::default() }
}

/// The rules that no share of bad ones can make fire.
pub fn unreachable(slo: &Slo) -> Vec<Rule> {
    let Some(objective) = objective(slo) else { return Vec::new() };
    rules(slo).into_iter().filter(|rule| !rule.is_reachable(objective, &options(slo))).collect()
}

fn slices(slo: &Slo, objective: Objective, series: &Series, span: Range<i64>) -> Option<SliceBudget> {
    let (slice, target, empty) = match slo.budgeting {
        Budgeting::Occurrences => return None,
        Budgeting::Timeslices { slice, slice_objective, empty } => (slice, slice_objective.ratio(), empty),
        Budgeting::RatioTimeslices { slice, empty } => (slice, 0.0, empty),
    };
    let empty = match empty {
        Empty::Good => budget::Empty::Good,
        Empty::Bad => budget::Empty::Bad,
        Empty::Ignore => budget::Empty::Ignore,
    };
    Some(evaluate_slices(objective, series, span, slice.minutes()? * MINUTE_S, Fraction::from_decimal(target)?, empty))
}

fn status(remaining: Option<f64>) -> budget::Status {
    match remaining {
        None => budget::Status::NoData,
        Some(remaining) if remaining < 0.0 => budget::Status::Breached,
        Some(0.0) => budget::Status::Exhausted,
        Some(_) => budget::Status::Ok,
    }
}

/// Hours with anything in them of the hours since the first: time that was not measured is not uptime.
fn coverage(series: &Series, span: Range<i64>) -> Option<f64> {
    let first = series.buckets(span.start, span.end).find(|(_, counts)| counts.valid > 0)?.0.div_euclid(HOUR_S);
    let last = (span.end - 1).div_euclid(HOUR_S);
    let mut measured: Vec<i64> = series
        .buckets(span.start, span.end)
        .filter(|(_, counts)| counts.valid > 0)
        .map(|(start, _)| start.div_euclid(HOUR_S))
        .collect();
    measured.dedup();
    Some(measured.len() as f64 / (last - first + 1).max(1) as f64)
}

/// Judges the last day minute by minute, so that whoever asks learns since when an alert has been firing.
fn alerts(slo: &Slo, objective: Objective, series: &Series, now_s: i64) -> Vec<Alert> {
    let (options, now_min) = (options(slo), now_s.div_euclid(MINUTE_S));
    let judge = |rule: Rule| {
        let mut state = State::default();
        for minute in now_min - ALERTS_REPLAYED_MIN..now_min {
            let end_s = (minute + 1) * MINUTE_S;
            let sum = |length_min: u32| -> Counts { series.sum(end_s - i64::from(length_min) * MINUTE_S, end_s) };
            let verdict = rule.judge(objective, &options, sum(rule.long_min), sum(rule.short_min), rule.long_min);
            state = state.step(&rule, &options, verdict, minute).0;
        }
        Alert { reachable: rule.is_reachable(objective, &options), rule, state }
    };
    rules(slo).into_iter().map(judge).collect()
}

/// Quarter points are not trials, so their interval says nothing.
fn is_score(slo: &Slo) -> bool {
    matches!(slo.sli.kind, SliKind::Happy(Happy::Score))
}
