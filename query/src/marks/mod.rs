//! Marks on the line of time: releases and annotations. Both are documents ([`crate::documents`]); releases are seen in the data too, marked
//! or not.

mod annotations;
mod releases;

#[doc(hidden)]
pub use annotations::{__path_annotate, __path_annotations, __path_change_annotation, __path_delete_annotation};
pub use annotations::{annotate, annotations, change_annotation, delete_annotation};
pub(crate) use releases::released;
#[doc(hidden)]
pub use releases::{__path_delete_release, __path_mark_release, __path_releases};
pub use releases::{delete_release, mark_release, releases};

use crate::fields::{Fields, Wrong};
use crate::grammar::{Call, Query};
use crate::planner::Window;
use crate::state::{QueryState, fault_problem};
use axum::http::HeaderMap;
use felt_http::{Problem, Scope};

/// Bytes of a note, and of an annotation's text.
const TEXT_BYTES_MAX: usize = felt_schema::limits::VALUE_BYTES_MAX;
/// Most marks of a kind on one site: more is a script that runs wild.
const MARKS_MAX: usize = 10_000;

/// Who may read marks, and what was asked.
async fn asked(
    state: &QueryState,
    site: &str,
    headers: &HeaderMap,
    call: Call,
    query: Option<&str>,
) -> Result<(Query, Window), Problem> {
    state.site(site, felt_http::bearer(headers), Scope::ReadMetrics).await?;
    let query = Query::parse(call, query.unwrap_or_default())?;
    let (from_ms, to_ms) = query.range.resolve(state.clock.now_ms()).map_err(fault_problem)?;
    Ok((query, Window { from_ms, to_ms }))
}

/// A time of a body, in Unix milliseconds.
fn time(fields: &mut Fields, field: &'static str, wrong: &mut Wrong) -> Option<i64> {
    let text = fields.text(field, 64, wrong)?;
    let ms = text.parse::<jiff::Timestamp>().ok().map(|time| time.as_millisecond());
    let ms = ms.filter(|ms| (0..=4_102_444_800_000).contains(ms));
    if ms.is_none() {
        wrong.add(fields.name(field), "must be a time as RFC 3339, such as 2026-11-22T10:00:00Z");
    }
    ms
}

fn too_many(what: &str) -> Problem {
    Problem::bad_request("too-many", format!("a site keeps at most {MARKS_MAX} {what}: delete some first"))
}
