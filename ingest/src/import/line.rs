//! One line of an import: when, who, and the snapshot.

use super::report::LineFault;
use crate::beacon::{self, Origin};
use crate::state::Shared;
use felt_eventlog::Entry;
use felt_schema::outcome::RefuseReason;
use felt_schema::site::Site;
use felt_schema::snapshot::parse_snapshot;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// How far ahead of our clock a view may have begun: clocks differ.
const AHEAD_MS_MAX: i64 = 5 * 60_000;

/// As it is written. Unknown fields are kept out.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    at: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    ua: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    country: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    region: Option<Cow<'a, str>>,
    #[serde(borrow)]
    snapshot: Option<&'a RawValue>,
}

/// The line as a log entry.
pub(super) fn entry(shared: &Shared, site: &Site, now_ms: i64, bytes: &[u8]) -> Result<Entry, LineFault> {
    let line: Line<'_> = serde_json::from_slice(bytes).map_err(|error| {
        let name = if error.is_data() { "invalid_field" } else { "not_json" };
        let detail = format!("{error}; a line is {{\"at\", \"ua\", \"country\", \"snapshot\"}}").into();
        LineFault { name, detail, reason: RefuseReason::NotJson }
    })?;
    let started_at_ms = started_at(line.at.as_deref(), now_ms)?;
    let Some(snapshot) = line.snapshot else {
        let detail = "write the page view as `snapshot`".into();
        return Err(LineFault { name: "no_snapshot", detail, reason: RefuseReason::InvalidView });
    };
    let parsed = parse_snapshot(snapshot.get().as_bytes())
        .map_err(|error| LineFault {
            name: error.reason().name(),
            detail: error.to_string().into(),
            reason: error.reason(),
        })?
        .map_err(|refusal| LineFault {
            name: refusal.reason().name(),
            detail: refusal.to_string().into(),
            reason: refusal.reason(),
        })?;
    let country = code(line.country.as_deref(), 2);
    let region = code(line.region.as_deref(), 8);
    let ua = line.ua.as_deref().map_or(Cow::Borrowed(""), |ua| beacon::user_agent(ua.as_bytes()));
    let origin = Origin { country: &country, region: &region, ua: &ua };
    Ok(beacon::entry(shared, site, parsed, now_ms, Some(started_at_ms), origin))
}

fn started_at(at: Option<&str>, now_ms: i64) -> Result<i64, LineFault> {
    let fault =
        |name, detail: &'static str| LineFault { name, detail: detail.into(), reason: RefuseReason::InvalidTime };
    let at = at.ok_or_else(|| fault("no_at", "write when the view began as `at`, such as 2026-11-01T10:00:00Z"))?;
    let at: jiff::Timestamp = at
        .parse()
        .map_err(|_| fault("invalid_at", "write `at` as RFC 3339 with an offset, such as 2026-11-01T10:00:00Z"))?;
    match at.as_millisecond() {
        ms if ms < 0 => Err(fault("invalid_at", "`at` lies before 1970")),
        ms if ms > now_ms + AHEAD_MS_MAX => {
            Err(fault("at_in_future", "`at` lies more than 5 minutes ahead of the server's clock"))
        }
        ms => Ok(ms),
    }
}

/// A short code in capitals; nothing when it cannot be one.
fn code(text: Option<&str>, length_max: usize) -> String {
    let text = text.unwrap_or("").trim();
    let is_code = text.len() <= length_max && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if is_code { text.to_ascii_uppercase() } else { String::new() }
}
