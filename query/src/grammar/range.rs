//! The time asked about: the last while (`7d`), or `[from, to)`; and the time zone of day boundaries.

use super::{Fault, RANGE_DAYS_MAX, fault::cut};
use jiff::{Timestamp, civil, tz::TimeZone};
use std::hash::{Hash, Hasher};

/// Milliseconds of a minute.
pub const MINUTE_MS: i64 = 60_000;
/// Milliseconds of an hour.
pub const HOUR_MS: i64 = 60 * MINUTE_MS;
/// Milliseconds of 24 hours.
pub const DAY_MS: i64 = 24 * HOUR_MS;

/// Ranges that are offered; any other number works as well.
pub const RANGES: [&str; 6] = ["1h", "24h", "7d", "28d", "90d", "365d"];

/// The unit of a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // Each is what its name says.
pub enum Unit {
    Minutes,
    Hours,
    Days,
}

impl Unit {
    fn letter(self) -> char {
        match self {
            Unit::Minutes => 'm',
            Unit::Hours => 'h',
            Unit::Days => 'd',
        }
    }

    fn length_ms(self) -> i64 {
        match self {
            Unit::Minutes => MINUTE_MS,
            Unit::Hours => HOUR_MS,
            Unit::Days => DAY_MS,
        }
    }
}

/// The time asked about, before it is known what "now" is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Range {
    /// The last while, up to the end of the current minute.
    Last(u32, Unit),
    /// From an instant up to the end of the current minute; Unix milliseconds.
    Since(i64),
    /// From one instant up to, but not including, another; Unix milliseconds.
    Between(i64, i64),
}

impl Default for Range {
    fn default() -> Self {
        Range::Last(7, Unit::Days)
    }
}

impl Range {
    /// Reads `range`.
    ///
    /// # Errors
    /// When it is not a number and a unit, or too long.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let wrong = || {
            let detail =
                format!("`{}` is not a range: a number of minutes, hours, days or weeks, such as 24h or 7d", cut(text));
            Fault { parameter: "range".into(), detail, did_you_mean: Some(suggest(text)) }
        };
        let split = text.len().checked_sub(1).filter(|&split| text.is_char_boundary(split)).ok_or_else(wrong)?;
        let (digits, unit) = text.split_at(split);
        let plain = digits.len() <= 6 && digits.bytes().all(|byte| byte.is_ascii_digit());
        let count: u32 = if plain { digits.parse().map_err(|_| wrong())? } else { return Err(wrong()) };
        let (count, unit) = match unit {
            "m" => (count, Unit::Minutes),
            "h" => (count, Unit::Hours),
            "d" => (count, Unit::Days),
            "w" => (count * 7, Unit::Days),
            _ => return Err(wrong()),
        };
        let length_ms = i64::from(count) * unit.length_ms();
        if length_ms == 0 || length_ms > i64::from(RANGE_DAYS_MAX) * DAY_MS {
            return Err(Fault::new("range", format!("a range is at least 1m and at most {RANGE_DAYS_MAX}d long")));
        }
        Ok(Range::Last(count, unit))
    }

    /// Reads `from` and `to`.
    ///
    /// # Errors
    /// When either is not a time, or they are in the wrong order or too far apart.
    pub fn between(from: &str, to: Option<&str>, zone: &Zone) -> Result<Self, Fault> {
        let from_ms = instant("from", from, zone)?;
        let Some(to) = to else { return Ok(Range::Since(from_ms)) };
        let to_ms = instant("to", to, zone)?;
        if from_ms >= to_ms {
            return Err(Fault::new("to", "`to` must be later than `from`"));
        }
        if to_ms - from_ms > i64::from(RANGE_DAYS_MAX) * DAY_MS {
            return Err(Fault::new("from", format!("`from` and `to` are more than {RANGE_DAYS_MAX} days apart")));
        }
        Ok(Range::Between(from_ms, to_ms))
    }

    /// The parameters that say this.
    pub fn print(&self) -> Vec<(&'static str, String)> {
        match *self {
            Range::Last(count, unit) => vec![("range", format!("{count}{}", unit.letter()))],
            Range::Since(from_ms) => vec![("from", rfc3339(from_ms))],
            Range::Between(from_ms, to_ms) => vec![("from", rfc3339(from_ms)), ("to", rfc3339(to_ms))],
        }
    }

    /// The half-open span `[from, to)` in Unix milliseconds, at a given now.
    ///
    /// # Errors
    /// When the range begins in the future or has grown too long.
    pub fn resolve(&self, now_ms: i64) -> Result<(i64, i64), Fault> {
        // A minute that has begun is part of the answer.
        let minute_end_ms = (now_ms.div_euclid(MINUTE_MS) + 1) * MINUTE_MS;
        match *self {
            Range::Last(count, unit) => {
                let length_ms = i64::from(count) * unit.length_ms();
                let from_ms = minute_end_ms - length_ms;
                // Minutes are kept for 7 days; whole hours for longer.
                let grain_ms = if length_ms > 7 * DAY_MS { HOUR_MS } else { MINUTE_MS };
                Ok((from_ms.div_euclid(grain_ms) * grain_ms, minute_end_ms))
            }
            Range::Since(from_ms) if from_ms >= minute_end_ms => Err(Fault::new("from", "`from` is in the future")),
            Range::Since(from_ms) if minute_end_ms - from_ms > i64::from(RANGE_DAYS_MAX) * DAY_MS => {
                Err(Fault::new("from", format!("`from` is more than {RANGE_DAYS_MAX} days ago: give `to` as well")))
            }
            Range::Since(from_ms) => Ok((from_ms, minute_end_ms)),
            Range::Between(from_ms, to_ms) => Ok((from_ms, to_ms)),
        }
    }
}

/// The offered range nearest to what was written: by its digits and first letter if it has them, else by spelling.
fn suggest(text: &str) -> String {
    let digits: String = text.chars().filter(char::is_ascii_digit).take(3).collect();
    let unit = text.chars().find(|letter| letter.is_alphabetic()).map(|letter| letter.to_ascii_lowercase());
    let guess = match unit {
        Some('y') => "365d".to_owned(),
        Some(unit @ ('m' | 'h' | 'd' | 'w')) if !digits.is_empty() => {
            let months = unit == 'm' && text.to_ascii_lowercase().contains("mo");
            if months { "28d".to_owned() } else { format!("{digits}{unit}") }
        }
        _ if !digits.is_empty() => format!("{digits}d"),
        _ => "7d".to_owned(),
    };
    // The guess has to be something that works.
    if guess != text && Range::parse(&guess).is_ok() { guess } else { "7d".to_owned() }
}

/// An RFC 3339 time, or a date, which is its first instant in `zone`. Cut to milliseconds, as times are stored.
fn instant(parameter: &str, text: &str, zone: &Zone) -> Result<i64, Fault> {
    // A plus sign that was not escaped arrives as a space, and a time has no other space in it.
    let text = text.replace(' ', "+");
    let parsed = match text.parse::<Timestamp>() {
        Ok(timestamp) => Some(timestamp),
        Err(_) => text
            .parse::<civil::Date>()
            .ok()
            .filter(|_| text.len() == 10)
            .and_then(|date| date.to_zoned(zone.tz.clone()).ok().map(|zoned| zoned.timestamp())),
    };
    let Some(timestamp) = parsed else {
        let detail = format!("`{}` is not a time: write RFC 3339, such as 2026-11-22T10:00:00Z, or a date", cut(&text));
        return Err(Fault::new(parameter, detail));
    };
    // The tables count seconds from 1970 in 32 bits.
    let ms = timestamp.as_millisecond();
    if !(0..=4_102_444_800_000).contains(&ms) {
        return Err(Fault::new(parameter, "times lie between 1970 and 2100"));
    }
    Ok(ms)
}

/// RFC 3339 in UTC, as short as the instant allows.
pub fn rfc3339(ms: i64) -> String {
    Timestamp::from_millisecond(ms).map_or_else(|_| String::new(), |timestamp| timestamp.to_string())
}

/// A time zone of the IANA database.
#[derive(Debug, Clone)]
pub struct Zone {
    name: String,
    tz: TimeZone,
}

impl Default for Zone {
    fn default() -> Self {
        Zone { name: "UTC".into(), tz: TimeZone::UTC }
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Zone {}

impl Hash for Zone {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl Zone {
    /// Finds a time zone by its name, in any case.
    ///
    /// # Errors
    /// When there is no such time zone.
    pub fn parse(name: &str) -> Result<Self, Fault> {
        if name.eq_ignore_ascii_case("utc") {
            return Ok(Zone::default());
        }
        match jiff::tz::db().get(name) {
            Ok(tz) => Ok(Zone { name: tz.iana_name().unwrap_or(name).to_owned(), tz }),
            Err(_) => {
                Err(Fault::unknown("tz", "time zone", name, jiff::tz::db().available().map(|known| known.to_string())))
            }
        }
    }

    /// Its IANA name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its rules.
    pub fn rules(&self) -> &TimeZone {
        &self.tz
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_and_wrong_ones_lead_to_right_ones() {
        assert_eq!(Range::parse("24h"), Ok(Range::Last(24, Unit::Hours)));
        assert_eq!(Range::parse("2w"), Ok(Range::Last(14, Unit::Days)));
        for (wrong, meant) in [
            ("7days", "7d"),
            ("24hours", "24h"),
            ("1y", "365d"),
            ("3 months", "28d"),
            ("30", "30d"),
            ("week", "7d"),
            ("", "7d"),
            ("-7d", "7d"),
            ("7ä", "7d"),
            ("99999999999d", "7d"),
        ] {
            assert_eq!(Range::parse(wrong).unwrap_err().did_you_mean.as_deref(), Some(meant), "{wrong}");
        }
        for wrong in ["0d", "401d", "999999h"] {
            assert!(Range::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_last_while_ends_with_the_current_minute_and_long_ones_begin_with_an_hour() {
        let now_ms = "2026-11-22T10:41:07.5Z".parse::<Timestamp>().unwrap().as_millisecond();
        let shown = |text: &str| {
            let (from_ms, to_ms) = Range::parse(text).unwrap().resolve(now_ms).unwrap();
            format!("{} {}", rfc3339(from_ms), rfc3339(to_ms))
        };
        assert_eq!(shown("7d"), "2026-11-15T10:42:00Z 2026-11-22T10:42:00Z");
        assert_eq!(shown("28d"), "2026-10-25T10:00:00Z 2026-11-22T10:42:00Z");
        assert_eq!(shown("5m"), "2026-11-22T10:37:00Z 2026-11-22T10:42:00Z");
    }

    #[test]
    fn times_are_instants_and_dates_begin_in_the_time_zone() {
        let berlin = Zone::parse("europe/berlin").unwrap();
        assert_eq!(berlin.name(), "Europe/Berlin");
        let between = |from: &str, to: &str| Range::between(from, Some(to), &berlin).map(|range| range.print());
        let printed = between("2026-03-29", "2026-03-30").unwrap();
        assert_eq!(printed, [("from", "2026-03-28T23:00:00Z".into()), ("to", "2026-03-29T22:00:00Z".into())]);
        let printed = between("2026-11-01T10:00:00 01:00", "2026-11-01T10:00:00.0015Z").unwrap();
        assert_eq!(printed, [("from", "2026-11-01T09:00:00Z".into()), ("to", "2026-11-01T10:00:00.001Z".into())]);
        for (from, to) in [
            ("2026-11-02T00:00:00Z", "2026-11-01T00:00:00Z"),
            ("yesterday", "2026-11-01T00:00:00Z"),
            ("2020-01-01", "2026-01-01"),
            ("1950-01-01", "1950-01-02"),
            ("2026-02-30", "2026-03-01"),
        ] {
            assert!(between(from, to).is_err(), "{from} {to}");
        }
        assert!(Zone::parse("Europe/Berlni").unwrap_err().did_you_mean.as_deref() == Some("Europe/Berlin"));
    }
}
