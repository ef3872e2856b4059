//! What is left of an error budget, and when it will be gone.
//!
//! Rolling windows forget: the forecast lets their oldest hours expire while new ones come at the pace of the look-back. Calendar
//! windows end: their budget is that of the whole period, at the traffic expected for the rest of it.

use super::{Counts, Objective, Series, Window, WindowError};
use std::ops::Range;

/// Hours whose pace a forecast takes for the pace to come.
pub const LOOKBACK_H: i64 = 24;
const HOUR_S: i64 = 3_600;

/// How an SLO stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Nothing was measured in the window.
    NoData,
    /// Budget is left, and lasts at the present pace.
    Ok,
    /// Budget is left, but not for long at the present pace.
    AtRisk,
    /// Exactly nothing is left.
    Exhausted,
    /// More was spent than there was.
    Breached,
}

impl Status {
    /// The name in answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::NoData => "no_data",
            Self::Ok => "ok",
            Self::AtRisk => "at_risk",
            Self::Exhausted => "exhausted",
            Self::Breached => "breached",
        }
    }
}

/// A calendar window's budget over its whole length.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FullPeriod {
    /// Events so far, and those expected until the end at the look-back's pace.
    pub expected_total: f64,
    /// Bad events that the objective allows among them.
    pub allowed_bad: f64,
    /// Share of those that is left; below 0 when more were bad. None without events.
    pub remaining: Option<f64>,
}

/// When the budget will be gone at the look-back's pace.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Forecast {
    /// Of a rolling window.
    Rolling {
        /// Remaining × period / burn, as if nothing expired; None when nothing burns or nothing is left.
        simple_h: Option<f64>,
        /// The first full hour after which nothing is left, old hours expiring; None when that does not come within one period.
        projected_h: Option<i64>,
    },
    /// Of a calendar window.
    Calendar {
        /// Hours until the period's budget is spent; None when nothing burns.
        exhausts_in_h: Option<f64>,
        /// Whether that is before the window ends, or has been already.
        before_end: bool,
    },
}

/// An error budget at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Budget {
    /// `[start, end)` in Unix seconds.
    pub window: Range<i64>,
    /// Events in the window so far.
    pub counts: Counts,
    /// Share of good events; None without events.
    pub sli: Option<f64>,
    /// Share of the budget spent: (1 − sli) / (1 − objective); None without events.
    pub consumed: Option<f64>,
    /// 1 − consumed, below 0 when overspent; None without events.
    pub remaining: Option<f64>,
    /// Bad events that the objective allows among those so far.
    pub allowed_bad: f64,
    /// For calendar windows.
    pub full: Option<FullPeriod>,
    /// Burn rate of the look-back; None without events in it.
    pub burn_lookback: Option<f64>,
    /// When it will be gone.
    pub forecast: Forecast,
    /// In one word.
    pub status: Status,
}

/// The budget of `objective` over `window`, as it stood at `now_s`, forecast by the pace of the last `lookback_h` hours.
///
/// # Errors
/// When the window leaves the range of dates.
pub fn evaluate(
    objective: Objective,
    window: &Window,
    series: &Series,
    now_s: i64,
    lookback_h: i64,
) -> Result<Budget, WindowError> {
    let span = window.around(now_s)?;
    let counts = series.sum(span.start, now_s);
    let lookback = Lookback::new(objective, series, now_s, lookback_h);
    let consumed = burn_rate(objective, counts);
    let remaining = consumed.map(|consumed| 1.0 - consumed);
    let (full, forecast, status) = match window {
        Window::Rolling { .. } => {
            let left = spent(objective, counts.bad().into(), counts.valid.into());
            let forecast = lookback.rolling(series, &span, counts, remaining, left);
            let risk = matches!(forecast, Forecast::Rolling { projected_h: Some(_), .. });
            (None, forecast, status(counts, left, risk))
        }
        Window::Calendar { .. } => {
            let (full, left) = lookback.full_period(counts, span.end - now_s);
            let forecast = lookback.calendar(&full, counts, span.end - now_s, left);
            let risk = matches!(forecast, Forecast::Calendar { before_end: true, .. });
            (Some(full), forecast, status(counts, left, risk))
        }
    };
    Ok(Budget {
        window: span,
        counts,
        sli: counts.share(),
        consumed,
        remaining,
        allowed_bad: counts.valid as f64 * objective.allowed().to_f64(),
        full,
        burn_lookback: burn_rate(objective, lookback.counts),
        forecast,
        status,
    })
}

/// How many times faster than allowed: bad share / (1 − objective). None without events.
pub fn burn_rate(objective: Objective, counts: Counts) -> Option<f64> {
    let allowed = objective.allowed();
    (counts.valid > 0).then(|| {
        counts.bad() as f64 * allowed.denominator() as f64 / (counts.valid as f64 * allowed.numerator() as f64)
    })
}

/// Bad events against those allowed among `valid` (both scaled alike): Greater is overspent, Equal is exactly spent.
fn spent(objective: Objective, bad: i128, valid: i128) -> std::cmp::Ordering {
    let allowed = objective.allowed();
    (bad * allowed.denominator()).cmp(&(valid * allowed.numerator()))
}

fn status(counts: Counts, left: std::cmp::Ordering, at_risk: bool) -> Status {
    match left {
        _ if counts.valid <= 0 => Status::NoData,
        std::cmp::Ordering::Greater => Status::Breached,
        std::cmp::Ordering::Equal => Status::Exhausted,
        std::cmp::Ordering::Less if at_risk => Status::AtRisk,
        std::cmp::Ordering::Less => Status::Ok,
    }
}

/// What the last hours were like; excluded time is not among them, so that a maintenance does not look like a lull.
struct Lookback {
    objective: Objective,
    counts: Counts,
    counted_s: i64,
}

impl Lookback {
    fn new(objective: Objective, series: &Series, now_s: i64, hours: i64) -> Self {
        let from_s = now_s - hours * HOUR_S;
        Self { objective, counts: series.sum(from_s, now_s), counted_s: series.counted_s(from_s, now_s).max(1) }
    }

    fn rolling(
        &self,
        series: &Series,
        span: &Range<i64>,
        counts: Counts,
        remaining: Option<f64>,
        left: std::cmp::Ordering,
    ) -> Forecast {
        let burn = burn_rate(self.objective, self.counts).filter(|burn| *burn > 0.0);
        let open = left == std::cmp::Ordering::Less && counts.valid > 0;
        let period_h = (span.end - span.start) as f64 / HOUR_S as f64;
        let simple_h = burn.zip(remaining).filter(|_| open).map(|(burn, remaining)| remaining * period_h / burn);
        let projected_h = (open && burn.is_some())
            .then(|| {
                (1..=(span.end - span.start) / HOUR_S).find(|hours| {
                    let kept = series.sum(span.start + hours * HOUR_S, span.end);
                    let [bad, valid] =
                        [(kept.bad(), self.counts.bad()), (kept.valid, self.counts.valid)].map(|(kept, pace)| {
                            i128::from(kept) * i128::from(self.counted_s)
                                + i128::from(pace) * i128::from(hours * HOUR_S)
                        });
                    valid > 0 && spent(self.objective, bad, valid) != std::cmp::Ordering::Less
                })
            })
            .flatten();
        Forecast::Rolling { simple_h, projected_h }
    }

    fn full_period(&self, counts: Counts, left_s: i64) -> (FullPeriod, std::cmp::Ordering) {
        let scale = i128::from(self.counted_s);
        let total = i128::from(counts.valid) * scale + i128::from(self.counts.valid) * i128::from(left_s);
        let left = spent(self.objective, i128::from(counts.bad()) * scale, total);
        let expected_total = total as f64 / scale as f64;
        let allowed_bad = expected_total * self.objective.allowed().to_f64();
        let remaining = (allowed_bad > 0.0).then(|| 1.0 - counts.bad() as f64 / allowed_bad);
        (FullPeriod { expected_total, allowed_bad, remaining }, left)
    }

    fn calendar(&self, full: &FullPeriod, counts: Counts, left_s: i64, left: std::cmp::Ordering) -> Forecast {
        let bad_per_h = self.counts.bad() as f64 * HOUR_S as f64 / self.counted_s as f64;
        let exhausts_in_h = (bad_per_h > 0.0).then(|| ((full.allowed_bad - counts.bad() as f64) / bad_per_h).max(0.0));
        let gone = left != std::cmp::Ordering::Less && counts.valid > 0;
        let before_end = gone || exhausts_in_h.is_some_and(|hours| hours < left_s as f64 / HOUR_S as f64);
        Forecast::Calendar { exhausts_in_h, before_end }
    }
}
