//! Windows and slices: what both forms, JSON and OpenSLO, hold to the same limits.

use jiff::civil::DateTime;
use jiff::tz::TimeZoneDatabase;

use super::finding::{Findings, Severity, quoted};
use super::tree::{At, Fields};
use super::{Budgeting, Duration, Empty, Share, Unit, WINDOW_DAYS_MAX, Window};

/// How strictly an anchor is to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartStyle {
    /// `2026-01-01T00:00:00`, or with a space: both are ours.
    Json,
    /// `2026-01-01 00:00:00`; anything else is taken with a warning.
    OpenSlo,
}

/// Reads a duration.
pub fn duration(at: &At<'_>, out: &mut Findings) -> Option<Duration> {
    let text = at.text(out)?;
    match Duration::parse(text) {
        Ok(duration) => Some(duration),
        Err(error) => {
            at.error(out, format!("`{}` {error}", quoted(text)));
            None
        }
    }
}

/// Makes a rolling window of a duration. What is of no fixed length becomes days, with a warning.
pub fn rolling(at: &At<'_>, duration: Duration, out: &mut Findings) -> Option<Window> {
    let days = match duration.unit {
        Unit::Month => 30,
        Unit::Quarter => 90,
        Unit::Year => 365,
        _ => 0,
    };
    let fixed = if days == 0 { duration } else { Duration::new(duration.count.saturating_mul(days), Unit::Day) };
    if fixed != duration {
        at.warning(out, format!("a rolling window of {duration} has no fixed length: it is taken as {fixed}"));
    }
    fits(at, fixed, out).then_some(Window::Rolling(fixed))
}

/// Whether a window's length is within limits.
fn fits(at: &At<'_>, duration: Duration, out: &mut Findings) -> bool {
    if duration.days_max() > WINDOW_DAYS_MAX + i64::from(duration.unit == Unit::Year) {
        at.error(out, format!("a window of {duration} is longer than the {WINDOW_DAYS_MAX} days that are kept"));
        return false;
    }
    true
}

/// Makes a calendar window.
pub fn calendar(
    every: (&At<'_>, Duration),
    start: Option<DateTime>,
    tz: Option<String>,
    out: &mut Findings,
) -> Option<Window> {
    let fits = fits(every.0, every.1, out);
    let (start, tz) = (start?, tz?);
    fits.then_some(Window::Calendar { every: every.1, start, tz })
}

/// Reads the anchor of a calendar window: local time, without a zone.
pub fn start(at: &At<'_>, style: StartStyle, out: &mut Findings) -> Option<DateTime> {
    const HOW: &str = "write local time without a zone, such as 2026-01-01 00:00:00";
    let text = at.text(out)?;
    // The parser would take and forget a zone in brackets.
    let plain = text.len() <= 19 && text.bytes().all(|byte| byte.is_ascii_digit() || b"-: T".contains(&byte));
    let parsed = if plain { text.parse::<DateTime>().ok() } else { None };
    let Some(start) = parsed.filter(|start| (1970..=2100).contains(&start.year())) else {
        at.error(out, format!("`{}` is not a time between 1970 and 2100: {HOW}", quoted(text)));
        return None;
    };
    if style == StartStyle::OpenSlo && (text.len() != 19 || !text.contains(' ')) {
        at.warning(out, format!("others may refuse `{}`: {HOW}", quoted(text)));
    }
    Some(start)
}

/// Reads a time zone's name and gives it as the database spells it.
pub fn zone(at: &At<'_>, out: &mut Findings) -> Option<String> {
    let text = at.text(out)?;
    // The names that come with the program: a promise must not hang on what the machine has installed.
    let known = TimeZoneDatabase::bundled();
    let found = known.get(text).ok().and_then(|zone| zone.iana_name().map(str::to_owned));
    if found.is_none() {
        let names: Vec<String> = known.available().map(|name| name.to_string()).collect();
        let city = format!("/{}", text.rsplit('/').next().unwrap_or_default()).to_ascii_lowercase();
        let by_city = names.iter().find(|name| name.to_ascii_lowercase().ends_with(&city));
        let candidates = by_city.map_or_else(|| names.iter().collect(), |name| vec![name]);
        let word = by_city.map_or(text, |name| name.as_str());
        let detail = format!("there is no time zone `{}` in the IANA database", quoted(text));
        out.unknown(Severity::Error, (at.line(), &at.path), detail, word, candidates.into_iter().map(String::as_str));
    }
    found
}

/// Reads `{"rolling": "28d"}` or `{"calendar": "1M", "start": …, "tz": …}`.
pub fn read(at: &At<'_>, out: &mut Findings) -> Option<Window> {
    let mut fields = at.fields(out)?;
    let window = match (fields.get("rolling"), fields.get("calendar")) {
        (Some(at), None) => duration(&at, out).and_then(|duration| rolling(&at, duration, out)),
        (None, Some(at)) => {
            let every = duration(&at, out);
            let start = fields.required("start", out).and_then(|at| start(&at, StartStyle::Json, out));
            let tz = match fields.get("tz") {
                Some(at) => zone(&at, out),
                None => Some("UTC".to_owned()),
            };
            every.and_then(|every| calendar((&at, every), start, tz, out))
        }
        (Some(_), Some(_)) => {
            at.error(out, "is either `rolling` or `calendar`, not both");
            None
        }
        (None, None) => {
            at.error(out, "needs `rolling`, such as \"28d\", or `calendar`, such as \"1M\"");
            None
        }
    };
    fields.refuse_others(out);
    window
}

/// Reads the length of a slice; a number alone is minutes.
pub fn slice(at: &At<'_>, out: &mut Findings) -> Option<Duration> {
    let text = at.text(out)?;
    let slice = match text.parse::<u32>() {
        Ok(minutes) if minutes > 0 => Duration::new(minutes, Unit::Minute),
        _ => duration(at, out)?,
    };
    match slice.minutes() {
        Some(minutes) if minutes <= 24 * 60 => Some(slice),
        _ => {
            at.error(out, format!("a slice of {slice} is longer than a day"));
            None
        }
    }
}

/// Reads a share of at most one.
pub fn slice_objective(at: &At<'_>, out: &mut Findings) -> Option<Share> {
    let number = at.number(out)?;
    let share = Share::of_ratio(number);
    if share.is_none() {
        at.error(out, "must be more than 0 and at most 1");
    }
    share
}

/// Reads `{"method": …}`.
pub fn budgeting(at: &At<'_>, out: &mut Findings) -> Option<Budgeting> {
    let mut fields: Fields<'_> = at.fields(out)?;
    let methods = [("occurrences", 0), ("timeslices", 1), ("ratiotimeslices", 2)];
    let method = fields.required("method", out).and_then(|at| at.one_of(out, &methods));
    let budgeting = match method {
        Some(0) => Some(Budgeting::Occurrences),
        Some(sliced) => {
            let length = fields.required("slice", out).and_then(|at| slice(&at, out));
            let empty = match fields.get("empty") {
                Some(at) => at.one_of(out, &Empty::NAMES),
                None => Some(Empty::Ignore),
            };
            if sliced == 1 {
                let objective = fields.required("slice_objective", out).and_then(|at| slice_objective(&at, out));
                length.zip(objective).zip(empty).map(|((slice, slice_objective), empty)| Budgeting::Timeslices {
                    slice,
                    slice_objective,
                    empty,
                })
            } else {
                length.zip(empty).map(|(slice, empty)| Budgeting::RatioTimeslices { slice, empty })
            }
        }
        None => {
            // Without a method nobody knows which of these belong here.
            for name in ["slice", "slice_objective", "empty"] {
                fields.has(name);
            }
            None
        }
    };
    fields.refuse_others(out);
    budgeting
}
