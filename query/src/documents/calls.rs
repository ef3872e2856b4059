//! What the calls that write documents have in common: who writes, whether there is room for one more, how one is taken back, and
//! over which time one is tried out first.

use super::{Document, Kind};
use crate::grammar::{DAY_MS, Fault, Range};
use crate::people::reply;
use crate::planner::{VIEWS_KEPT_DAYS, Window};
use crate::state::{QueryState, fault_problem, store_problem};
use axum::http::HeaderMap;
use axum::response::Response;
use felt_http::{Problem, Scope};

/// Who writes, if that is somebody who may.
pub(crate) async fn author(
    state: &QueryState,
    site: &str,
    headers: &HeaderMap,
    scope: Scope,
) -> Result<String, Problem> {
    let bearer = felt_http::bearer(headers);
    state.site(site, bearer, scope).await?;
    Ok(state.authorize.caller(bearer).await?.name)
}

/// Whether a site that has `known` documents of a kind may have one more, of `most`; else a problem of that slug, `too-many-incidents`.
pub(crate) fn room(known: usize, most: usize, slug: &'static str) -> Result<(), Problem> {
    if known < most {
        return Ok(());
    }
    let kind = slug.trim_start_matches("too-many-");
    Err(Problem::bad_request(slug, format!("a site keeps at most {most} {kind}: take one back first")))
}

/// Takes a document back in a writer's name, and answers so; `unknown` is what to say where there is none.
pub(crate) async fn take_back(
    state: &QueryState,
    kind: Kind,
    (site, id): (&str, &str),
    author: &str,
    unknown: &str,
) -> Result<Response, Problem> {
    match Document::delete(state, kind, site, id, author).await.map_err(store_problem)? {
        true => Ok(reply::nothing()),
        false => Err(Problem::not_found(unknown)),
    }
}

/// The time that a preview looks at: a preset, as far back as single page views are kept.
pub(crate) fn looked_at(range: &str, now_ms: i64) -> Result<Window, Problem> {
    let in_range = |fault: Fault| fault_problem(Fault { parameter: "range".into(), ..fault });
    let (from_ms, to_ms) = Range::parse(range).map_err(in_range)?.resolve(now_ms).map_err(in_range)?;
    if now_ms - from_ms > (VIEWS_KEPT_DAYS + 1) * DAY_MS {
        let detail = format!("single page views are kept for {} days", VIEWS_KEPT_DAYS + 1);
        return Err(fault_problem(Fault::new("range", detail)));
    }
    Ok(Window { from_ms, to_ms })
}
