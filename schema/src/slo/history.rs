//! What history says of a promise: whether an objective would have held, how often its rules would have fired, which one to choose.
//!
//! The same code as for today, asked once for the end of each day gone by.

use super::standing::{objective, options, rules, without_alerts};
use super::{Share, Slo};
use crate::budget::{Series, WindowError};
use crate::burn::{Change, State};

const DAY_S: i64 = 86_400;
const MINUTE_S: i64 = 60;
/// Objectives that people choose from.
pub const CANDIDATES: [f64; 14] = [0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.97, 0.98, 0.99, 0.995, 0.999, 0.9995];
/// An objective is suggested when it would have held at the end of so many of a hundred days.
const HELD_PERCENT: usize = 95;

/// How the promise would have stood at the end of a day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Day {
    /// When, in Unix seconds.
    pub at_s: i64,
    /// Share of good in the window; `None` without data.
    pub sli: Option<f64>,
    /// Share of the budget that was left.
    pub remaining: Option<f64>,
}

/// How often a rule would have fired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fired {
    /// The rule.
    pub rule: String,
    /// How often.
    pub times: u32,
    /// For how long altogether.
    pub minutes: i64,
}

/// The past of a promise.
#[derive(Debug, Clone, PartialEq)]
pub struct Past {
    /// Its days, the oldest first; those without data too.
    pub days: Vec<Day>,
    /// Its rules.
    pub fired: Vec<Fired>,
}

impl Day {
    /// Whether something was left of the budget; `None` without data.
    pub fn held(&self) -> Option<bool> {
        self.remaining.map(|remaining| remaining > 0.0)
    }
}

impl Past {
    /// Whether the promise would have held on every day with data; `None` where there is none.
    pub fn held(&self) -> Option<bool> {
        let mut known = self.days.iter().filter_map(Day::held).peekable();
        known.peek()?;
        Some(known.all(|held| held))
    }

    /// The day with the least left.
    pub fn worst(&self) -> Option<&Day> {
        let known = self.days.iter().filter(|day| day.remaining.is_some());
        known.min_by(|one, other| one.remaining.unwrap_or_default().total_cmp(&other.remaining.unwrap_or_default()))
    }
}

/// The last `days` days up to `now_s`. The series is by the minute for as long as they and the longest rule look back, or rules tell less.
///
/// # Errors
/// When the window leaves the range of dates.
pub fn past(slo: &Slo, series: &Series, now_s: i64, days: u32) -> Result<Past, WindowError> {
    let at = |ago: u32| now_s - i64::from(ago) * DAY_S;
    let day = |ago: u32| {
        let standing = without_alerts(slo, series, at(ago))?;
        Ok(Day { at_s: at(ago), sli: standing.sli, remaining: standing.remaining })
    };
    let told = (0..days).rev().map(day).collect::<Result<_, _>>()?;
    Ok(Past { days: told, fired: fired(slo, series, at(days), now_s) })
}

fn fired(slo: &Slo, series: &Series, from_s: i64, to_s: i64) -> Vec<Fired> {
    let Some(objective) = objective(slo) else { return Vec::new() };
    let options = options(slo);
    let judge = |rule: crate::burn::Rule| {
        let mut state = State::default();
        let mut fired = Fired { rule: rule.name.clone(), times: 0, minutes: 0 };
        for minute in from_s.div_euclid(MINUTE_S)..to_s.div_euclid(MINUTE_S) {
            let end_s = (minute + 1) * MINUTE_S;
            let sum = |length_min: u32| series.sum(end_s - i64::from(length_min) * MINUTE_S, end_s);
            let verdict = rule.judge(objective, &options, sum(rule.long_min), sum(rule.short_min), rule.long_min);
            let (next, change) = state.step(&rule, &options, verdict, minute);
            state = next;
            fired.times += u32::from(change == Some(Change::Fired));
            fired.minutes += i64::from(matches!(state, State::Firing { .. }));
        }
        fired
    };
    rules(slo).into_iter().map(judge).collect()
}

/// The candidates, each with the share of days at whose end it would have held; nothing without data.
pub fn candidates(slo: &Slo, series: &Series, now_s: i64, days: u32) -> Result<Vec<(f64, usize, usize)>, WindowError> {
    let mut all = Vec::new();
    for candidate in CANDIDATES {
        let Some(objective) = Share::of_ratio(candidate) else { continue };
        let slo = Slo { objective, ..slo.clone() };
        let mut known = 0;
        let mut held = 0;
        for ago in 0..days {
            let standing = without_alerts(&slo, series, now_s - i64::from(ago) * DAY_S)?;
            if let Some(remaining) = standing.remaining {
                known += 1;
                held += usize::from(remaining > 0.0);
            }
        }
        if known > 0 {
            all.push((candidate, held, known));
        }
    }
    Ok(all)
}

/// The highest candidate that would nearly always have held.
pub fn suggested(candidates: &[(f64, usize, usize)]) -> Option<f64> {
    let holds = |(_, held, known): &&(f64, usize, usize)| held * 100 >= known * HELD_PERCENT;
    candidates.iter().filter(holds).map(|(objective, ..)| *objective).max_by(f64::total_cmp)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Counts;
    use crate::slo::{Checks, read_json};

    fn slo(objective: f64) -> Slo {
        let body = format!(
            r#"{{"promise": "x", "objective": {objective}, "window": {{"rolling": "7d"}}, "sli": {{"kind": "works"}}}}"#
        );
        read_json("x", body.as_bytes(), Checks::NONE).unwrap().0
    }

    #[test]
    fn the_day_that_broke_it_is_found_and_what_would_have_held_is_suggested() {
        let now_s = 30 * DAY_S;
        // 96 of 100 in every minute, but for an hour of nothing good five days ago.
        let bad = now_s - 5 * DAY_S - 3_600..now_s - 5 * DAY_S;
        let minute = |at: i64| (at, Counts { good: if bad.contains(&at) { 0 } else { 96 }, valid: 100 });
        let series = Series::new((0..now_s / 60).map(|n| minute(n * 60)), []);
        let kept = past(&slo(0.95), &series, now_s, 14).unwrap();
        assert_eq!(kept.held(), Some(true));
        // Four bad ones of a hundred burn 0.8 times as fast as a week allows: both tickets hold all the time, the pages for that hour.
        let minutes: Vec<bool> = kept.fired.iter().map(|fired| fired.times == 1 && fired.minutes > 1_000).collect();
        assert_eq!(minutes, [false, false, true, true], "{:?}", kept.fired);
        assert_eq!(kept.worst().unwrap().at_s, now_s - 5 * DAY_S);
        assert_eq!(past(&slo(0.97), &series, now_s, 14).unwrap().held(), Some(false));
        let candidates = candidates(&slo(0.5), &series, now_s, 14).unwrap();
        assert_eq!(suggested(&candidates), Some(0.95));
        assert_eq!(suggested(&[]), None);
    }
}
