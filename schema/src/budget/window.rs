//! The windows of an SLO: rolling ones of elapsed time, and calendar ones counted in local time from an anchor.

use jiff::{Span, civil::DateTime, tz::TimeZone};
use std::ops::Range;

/// What a calendar window is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Calendar days: 23, 24 or 25 hours.
    Day,
    /// Seven calendar days.
    Week,
    /// Calendar months.
    Month,
    /// Three calendar months.
    Quarter,
    /// Calendar years.
    Year,
}

/// A calendar duration, as `1M` or `4w`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Every {
    /// How many units; at least 1.
    pub count: u16,
    /// Of what.
    pub unit: Unit,
}

impl Every {
    /// `times` of this duration, as months and days.
    fn span(self, times: i64) -> Result<Span, WindowError> {
        let count = times * i64::from(self.count);
        let span = match self.unit {
            Unit::Day => Span::new().try_days(count),
            Unit::Week => Span::new().try_weeks(count),
            Unit::Month => Span::new().try_months(count),
            Unit::Quarter => Span::new().try_months(count * 3),
            Unit::Year => Span::new().try_years(count),
        };
        span.map_err(|_| WindowError)
    }

    /// About how long it is; only to know where to start looking.
    fn about_s(self) -> i64 {
        let days = match self.unit {
            Unit::Day => 1,
            Unit::Week => 7,
            Unit::Month => 30,
            Unit::Quarter => 91,
            Unit::Year => 365,
        };
        days * i64::from(self.count.max(1)) * 86_400
    }
}

/// Over which time an objective is to hold.
#[derive(Clone, Debug)]
pub enum Window {
    /// The last so many seconds of elapsed time; a rolling day has 24 hours whatever the clocks do.
    Rolling {
        /// Its length.
        length_s: i64,
    },
    /// Windows one after another in local time, counted from an anchor.
    Calendar {
        /// Local time at which window 0 starts.
        start: DateTime,
        /// Length of each.
        every: Every,
        /// Whose clocks.
        tz: TimeZone,
    },
}

/// The window lies outside the years that dates can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the window lies outside the years -9999 to 9999: choose a start nearer to today")]
pub struct WindowError;

impl Window {
    /// The window that `at_s` lies in, as `[start, end)` in Unix seconds; a rolling one ends there.
    ///
    /// # Errors
    /// When the window leaves the range of dates.
    pub fn around(&self, at_s: i64) -> Result<Range<i64>, WindowError> {
        match self {
            Self::Rolling { length_s } => Ok(at_s - length_s..at_s),
            Self::Calendar { start, every, tz } => {
                let begin = |index: i64| {
                    let local = start.checked_add(every.span(index)?).map_err(|_| WindowError)?;
                    instant_of(local, tz)
                };
                let mut index = (at_s - begin(0)?).div_euclid(every.about_s());
                while begin(index)? > at_s {
                    index -= 1;
                }
                while begin(index + 1)? <= at_s {
                    index += 1;
                }
                Ok(begin(index)?..begin(index + 1)?)
            }
        }
    }
}

/// The instant of a local time, in Unix seconds: in a gap it moves forward by the gap, where it comes twice the earlier one is meant.
///
/// # Errors
/// When the instant leaves the range of dates.
pub fn instant_of(local: DateTime, tz: &TimeZone) -> Result<i64, WindowError> {
    tz.to_ambiguous_zoned(local).compatible().map(|zoned| zoned.timestamp().as_second()).map_err(|_| WindowError)
}
