//! What a time is compared with: the time before it, the same time a week or a year earlier, any other time, or a release.

use super::{DAY_MS, Fault, HOUR_MS, Range, Zone, fault::cut, nearest, rfc3339};

/// Most bytes of a release's name; ingest does not keep longer ones.
const RELEASE_BYTES_MAX: usize = felt_schema::limits::NAME_BYTES_MAX;
/// A year that begins on the same day of the week.
const YEAR_MS: i64 = 364 * DAY_MS;
const WEEK_MS: i64 = 7 * DAY_MS;

/// What is compared with.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum Vs {
    /// The time right before, of the same length.
    #[default]
    Prev,
    /// The same time a week earlier.
    Week,
    /// The same time 364 days earlier, so that days of the week match.
    Year,
    /// The same time, but the page views of one release.
    Release(String),
    /// The same, of the release before the one that is asked about.
    ReleaseBefore,
    /// From one instant up to, but not including, another; Unix milliseconds.
    Between(i64, i64),
}

impl Vs {
    /// The forms, as they are told.
    pub const FORMS: [&'static str; 6] = ["prev", "week", "year", "release", "release:NAME", "FROM/TO"];

    /// Reads `vs`.
    ///
    /// # Errors
    /// When it is none of the forms, or its times are wrong.
    pub fn parse(text: &str, zone: &Zone) -> Result<Self, Fault> {
        match text {
            "prev" => return Ok(Vs::Prev),
            "week" => return Ok(Vs::Week),
            "year" => return Ok(Vs::Year),
            "release" => return Ok(Vs::ReleaseBefore),
            _ => {}
        }
        if let Some(release) = text.strip_prefix("release:") {
            let wrong =
                release.is_empty() || release.len() > RELEASE_BYTES_MAX || release.chars().any(char::is_control);
            let detail = format!("`release:NAME` needs a name of 1 to {RELEASE_BYTES_MAX} bytes, such as release:411");
            return if wrong { Err(Fault::new("vs", detail)) } else { Ok(Vs::Release(release.to_owned())) };
        }
        if let Some((from, to)) = text.split_once('/') {
            let range = Range::between(from, Some(to), zone).map_err(|fault| Fault {
                detail: format!("of `FROM/TO`, {} is wrong: {}", fault.parameter, fault.detail),
                parameter: "vs".into(),
                ..fault
            })?;
            if let Range::Between(from_ms, to_ms) = range {
                return Ok(Vs::Between(from_ms, to_ms));
            }
        }
        let detail = format!(
            "`{}` is nothing to compare with: write prev, week, year, release, release:NAME, or FROM/TO such as 2026-11-01/2026-11-08",
            cut(text)
        );
        Err(Fault { did_you_mean: nearest(text, &Self::FORMS), ..Fault::new("vs", detail) })
    }

    /// As it is written.
    pub fn print(&self) -> String {
        match self {
            Vs::Prev => "prev".to_owned(),
            Vs::Week => "week".to_owned(),
            Vs::Year => "year".to_owned(),
            Vs::Release(release) => format!("release:{release}"),
            Vs::ReleaseBefore => "release".to_owned(),
            Vs::Between(from_ms, to_ms) => format!("{}/{}", rfc3339(*from_ms), rfc3339(*to_ms)),
        }
    }

    /// The span `[from, to)` that `[from_ms, to_ms)` is compared with, in Unix milliseconds.
    ///
    /// Minutes are kept for a week. What lies further back begins and ends with an hour when it is six hours long or longer,
    /// a difference of less than one, so that it need not be counted from single views.
    ///
    /// # Errors
    /// When the two overlap: a view must not be compared with itself.
    pub fn resolve(&self, (from_ms, to_ms): (i64, i64), now_ms: i64) -> Result<(i64, i64), Fault> {
        let length_ms = to_ms - from_ms;
        let earlier = |by_ms: i64| {
            let whole = from_ms - by_ms < now_ms - WEEK_MS && length_ms >= LENGTH_IN_HOURS_MS;
            let grain_ms = if whole { HOUR_MS } else { 1 };
            let start_ms = (from_ms - by_ms).div_euclid(grain_ms) * grain_ms;
            let end_ms = (to_ms - by_ms).div_euclid(grain_ms) * grain_ms;
            (start_ms, end_ms.min(from_ms))
        };
        let too_long = |name: &str, days: i64| {
            let detail =
                format!("a range longer than {days} days overlaps `vs={name}`: take a shorter range, or vs=prev");
            Fault { did_you_mean: Some("prev".into()), ..Fault::new("vs", detail) }
        };
        match *self {
            Vs::Release(_) | Vs::ReleaseBefore => Ok((from_ms, to_ms)),
            Vs::Prev => Ok(earlier(length_ms)),
            Vs::Week if length_ms > WEEK_MS => Err(too_long("week", 7)),
            Vs::Week => Ok(earlier(WEEK_MS)),
            Vs::Year if length_ms > YEAR_MS => Err(too_long("year", 364)),
            Vs::Year => Ok(earlier(YEAR_MS)),
            Vs::Between(start_ms, end_ms) if start_ms < to_ms && from_ms < end_ms => {
                let detail = format!(
                    "the times overlap: what is compared is {} to {}, so end `vs` by {} or begin it at {}",
                    rfc3339(from_ms),
                    rfc3339(to_ms),
                    rfc3339(from_ms),
                    rfc3339(to_ms)
                );
                Err(Fault::new("vs", detail))
            }
            Vs::Between(start_ms, end_ms) => Ok((start_ms, end_ms)),
        }
    }
}

/// Spans of this length and more lose nothing when an older one begins and ends with an hour.
const LENGTH_IN_HOURS_MS: i64 = 6 * HOUR_MS;

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(vs: &str, from: &str, to: &str, now: &str) -> Result<String, Fault> {
        let ms = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_millisecond();
        let (from_ms, to_ms) = Vs::parse(vs, &Zone::default())?.resolve((ms(from), ms(to)), ms(now))?;
        Ok(format!("{}/{}", rfc3339(from_ms), rfc3339(to_ms)))
    }

    #[test]
    fn earlier_times_have_the_same_length_and_lie_before() {
        let now = "2026-11-22T10:41:30Z";
        for (vs, from, to, expected) in [
            ("prev", "2026-11-22T09:42:00Z", "2026-11-22T10:42:00Z", "2026-11-22T08:42:00Z/2026-11-22T09:42:00Z"),
            // Further back than minutes are kept: whole hours.
            ("prev", "2026-11-15T10:42:00Z", "2026-11-22T10:42:00Z", "2026-11-08T10:00:00Z/2026-11-15T10:00:00Z"),
            ("week", "2026-11-21T10:42:00Z", "2026-11-22T10:42:00Z", "2026-11-14T10:00:00Z/2026-11-15T10:00:00Z"),
            ("week", "2026-11-22T10:12:00Z", "2026-11-22T10:42:00Z", "2026-11-15T10:12:00Z/2026-11-15T10:42:00Z"),
            ("year", "2026-11-22T00:00:00Z", "2026-11-22T10:00:00Z", "2025-11-23T00:00:00Z/2025-11-23T10:00:00Z"),
            (
                "2026-11-01/2026-11-02",
                "2026-11-22T00:00:00Z",
                "2026-11-22T10:00:00Z",
                "2026-11-01T00:00:00Z/2026-11-02T00:00:00Z",
            ),
            ("release:4", "2026-11-22T00:00:00Z", "2026-11-22T10:00:00Z", "2026-11-22T00:00:00Z/2026-11-22T10:00:00Z"),
            ("release", "2026-11-22T00:00:00Z", "2026-11-22T10:00:00Z", "2026-11-22T00:00:00Z/2026-11-22T10:00:00Z"),
        ] {
            assert_eq!(shown(vs, from, to, now).unwrap(), expected, "{vs} {from}");
        }
    }

    #[test]
    fn what_cannot_be_compared_says_how_to_mend_it() {
        let (from, to) = ("2026-11-01T00:00:00Z", "2026-11-22T10:00:00Z");
        for (vs, words, meant) in [
            ("previous", "write prev, week, year", Some("prev")),
            ("yaer", "write prev, week, year", Some("year")),
            ("release:", "such as release:411", None),
            ("2026-11-01/yesterday", "to is wrong", None),
            ("2026-11-05/2026-11-01", "must be later", None),
            ("2026-10-30/2026-11-03", "the times overlap", None),
            ("week", "longer than 7 days", Some("prev")),
        ] {
            let fault = shown(vs, from, to, to).unwrap_err();
            assert_eq!(fault.parameter, "vs");
            assert!(fault.detail.contains(words), "{vs}: {}", fault.detail);
            assert_eq!(fault.did_you_mean.as_deref(), meant, "{vs}");
        }
    }
}
