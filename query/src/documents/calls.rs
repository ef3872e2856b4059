//! What the calls that write documents have in common: who writes, whether there is room for one more, how one is taken back.

use super::{Document, Kind};
use crate::people::reply;
use crate::state::{QueryState, store_problem};
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
