//! `timeWindow`: exactly one window, rolling or on the calendar.

use super::super::finding::{Findings, quoted};
use super::super::tree::{At, Fields};
use super::super::window::{self, StartStyle};
use super::super::{Duration, Unit, Window};
use super::Version;

/// Reads the window. `None` when there is none or it has faults; a window that is left out is said so.
pub fn read(fields: &mut Fields<'_>, version: Version, out: &mut Findings) -> Given {
    let Some(at) = fields.get("timeWindow") else {
        let field = fields.path_of("timeWindow");
        out.warning(fields.line(), &field, "others may refuse it without: it is taken as a rolling window of 28d");
        return Given::Absent;
    };
    let Some(items) = at.items(out) else { return Given::Faulty };
    let [item] = items.as_slice() else {
        at.error(out, format!("must hold exactly one window, not {}", items.len()));
        return Given::Faulty;
    };
    one(item, version, out).map_or(Given::Faulty, Given::Window)
}

/// What a document says about its window.
#[derive(Debug, Clone, PartialEq)]
pub enum Given {
    /// This.
    Window(Window),
    /// Nothing.
    Absent,
    /// Something that was refused.
    Faulty,
}

fn one(item: &At<'_>, version: Version, out: &mut Findings) -> Option<Window> {
    let mut fields = item.fields(out)?;
    let length = fields.required("duration", out).and_then(|at| Some((duration(&at, version, out)?, at)));
    let rolling = fields.get("isRolling").map(|at| at.boolean(out));
    let calendar = fields.get("calendar");
    let window = match (rolling, calendar) {
        (Some(Some(true)), Some(_)) => {
            item.error(
                out,
                "is rolling, so it cannot have a `calendar`: set `isRolling: false` or leave the calendar out",
            );
            None
        }
        (Some(Some(false)), None) => {
            item.error(out, "is not rolling, so it needs a `calendar`");
            None
        }
        (Some(Some(true)) | None, None) => {
            if rolling.is_none() {
                item.warning(out, "others may refuse it: say `isRolling: true`");
            }
            length.and_then(|(duration, at)| window::rolling(&at, duration, out))
        }
        (Some(Some(false)) | None, Some(at)) => {
            let (start, tz) = calendar_fields(&at, out);
            length.and_then(|(every, at)| window::calendar((&at, every), start, tz, out))
        }
        (Some(None), calendar) => {
            if let Some(at) = calendar {
                calendar_fields(&at, out);
            }
            None
        }
    };
    fields.refuse_others(out);
    window
}

fn calendar_fields(at: &At<'_>, out: &mut Findings) -> (Option<jiff::civil::DateTime>, Option<String>) {
    let Some(mut fields) = at.fields(out) else { return (None, None) };
    let start = fields.required("startTime", out).and_then(|at| window::start(&at, StartStyle::OpenSlo, out));
    let tz = fields.required("timeZone", out).and_then(|at| window::zone(&at, out));
    fields.refuse_others(out);
    (start, tz)
}

/// Reads a duration by the rules of a version.
pub fn duration(at: &At<'_>, version: Version, out: &mut Findings) -> Option<Duration> {
    let duration = window::duration(at, out)?;
    if version == Version::V2Alpha && matches!(duration.unit, Unit::Month | Unit::Quarter | Unit::Year) {
        let detail = format!(
            "`{}` is of openslo/v1: openslo.com/v2alpha counts in m, h, d and w",
            quoted(&duration.to_string())
        );
        at.error(out, detail);
        return None;
    }
    Some(duration)
}
