//! Durations as OpenSLO writes them: a positive whole number and one letter, such as `28d` or `1M`.

use std::fmt;

/// Longest number: more digits than any window needs.
const DIGITS_MAX: usize = 6;

/// What a duration is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unit {
    /// `m`
    Minute,
    /// `h`
    Hour,
    /// `d`
    Day,
    /// `w`
    Week,
    /// `M`
    Month,
    /// `Q`
    Quarter,
    /// `Y`
    Year,
}

impl Unit {
    const ALL: [(char, Self); 7] = [
        ('m', Self::Minute),
        ('h', Self::Hour),
        ('d', Self::Day),
        ('w', Self::Week),
        ('M', Self::Month),
        ('Q', Self::Quarter),
        ('Y', Self::Year),
    ];

    /// Minutes of one; `None` where that depends on the calendar.
    pub const fn minutes(self) -> Option<i64> {
        match self {
            Self::Minute => Some(1),
            Self::Hour => Some(60),
            Self::Day => Some(24 * 60),
            Self::Week => Some(7 * 24 * 60),
            Self::Month | Self::Quarter | Self::Year => None,
        }
    }

    /// Days of the longest one there is, for limits.
    const fn days_max(self) -> i64 {
        match self {
            Self::Minute | Self::Hour | Self::Day => 1,
            Self::Week => 7,
            Self::Month => 31,
            Self::Quarter => 92,
            Self::Year => 366,
        }
    }
}

/// So many of a unit; never none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Duration {
    /// How many.
    pub count: u32,
    /// Of what.
    pub unit: Unit,
}

/// Why a text is no duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// Not a number and a letter.
    #[error("is not a duration: write a whole number and one of m, h, d, w, M, Q, Y, such as 28d or 1M")]
    Malformed,
    /// Nothing at all.
    #[error("must be longer than nothing")]
    Zero,
}

impl Duration {
    /// So many of a unit.
    pub const fn new(count: u32, unit: Unit) -> Self {
        Self { count, unit }
    }

    /// Reads `28d`.
    pub fn parse(text: &str) -> Result<Self, DurationError> {
        match Self::parse_or_zero(text)? {
            Self { count: 0, .. } => Err(DurationError::Zero),
            duration => Ok(duration),
        }
    }

    /// Reads `28d`, and `0m`, which some fields take for "at once".
    pub fn parse_or_zero(text: &str) -> Result<Self, DurationError> {
        let letter = text.chars().last().ok_or(DurationError::Malformed)?;
        let unit = Unit::ALL.iter().find(|(known, _)| *known == letter).ok_or(DurationError::Malformed)?.1;
        let digits = &text[..text.len() - letter.len_utf8()];
        let plain = (1..=DIGITS_MAX).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        let count = if plain {
            digits.parse().map_err(|_| DurationError::Malformed)?
        } else {
            return Err(DurationError::Malformed);
        };
        Ok(Self { count, unit })
    }

    /// Its length; `None` where that depends on the calendar.
    pub fn minutes(self) -> Option<i64> {
        self.unit.minutes().map(|minutes| minutes * i64::from(self.count))
    }

    /// Days that it has at most, rounded up.
    pub fn days_max(self) -> i64 {
        match self.minutes() {
            Some(minutes) => (minutes + 24 * 60 - 1) / (24 * 60),
            None => self.unit.days_max() * i64::from(self.count),
        }
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = Unit::ALL.iter().find(|(_, unit)| *unit == self.unit).map_or('?', |(letter, _)| *letter);
        write!(f, "{}{letter}", self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_and_print() {
        for text in ["1m", "12h", "28d", "4w", "1M", "1Q", "1Y", "365d", "999999m"] {
            assert_eq!(Duration::parse(text).map(|duration| duration.to_string()).as_deref(), Ok(text));
        }
        for text in ["", "d", "28", "28 d", "-1d", "+1d", "1.5d", "1s", "1D", "d28", "1000000m", "١d", "28dd", "1ü"] {
            assert_eq!(Duration::parse(text), Err(DurationError::Malformed), "{text}");
        }
        assert_eq!(Duration::parse("0d"), Err(DurationError::Zero));
        assert_eq!(Duration::parse("4w").map(Duration::minutes), Ok(Some(40_320)));
        assert_eq!(Duration::parse("1Q").map(Duration::days_max), Ok(92));
    }
}
