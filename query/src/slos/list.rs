//! `GET slos`: every promise of a site, as it stands or as a file for another tool.

use super::promise::Promise;
use super::shapes::{SloData, SloList};
use super::standing::standing;
use crate::alerts;
use crate::grammar::{Fault, codec};
use crate::people::reply;
use crate::record::Record;
use crate::state::{QueryState, fault_problem, store_problem};
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use felt_http::{Problem, Scope};
use felt_schema::slo::{Slo, export};
use futures::StreamExt;

/// Promises that are worked out at the same time for a list.
const AT_ONCE: usize = 4;

/// Writes promises of a service as a file.
type Export = fn(&str, &[Slo]) -> String;

/// The files that there are.
const EXPORTS: [(&str, Export); 4] = [
    ("openslo", export::openslo),
    ("sloth", export::sloth),
    ("pyrra", export::pyrra),
    ("prometheus-rules", export::prometheus_rules),
];

/// What the list is asked for.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListParameters {
    /// A file for another tool instead of figures: `openslo`, `sloth`, `pyrra` or `prometheus-rules`, as YAML.
    pub format: Option<String>,
}

/// The promises of a site, and how each stands; or, with `format`, a file of them for another tool.
#[utoipa::path(
    get, path = "/api/v1/sites/{site}/slos", tag = "slos", operation_id = "slos",
    params(("site" = String, Path, description = "The site's key"), ListParameters),
    responses((status = 200, description = "By their ids; CSV and NDJSON too", body = SloList), crate::openapi::Problems),
    security(("bearer" = ["read:metrics"]))
)]
pub async fn slos(
    State(state): State<QueryState>,
    Path(site): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    state.site(&site, felt_http::bearer(&headers), Scope::ReadMetrics).await?;
    let export = export_asked(query.as_deref().unwrap_or_default()).map_err(fault_problem)?;
    let promises = Promise::of_site(&state, &site).await.map_err(store_problem)?;
    if let Some(export) = export {
        let slos: Vec<Slo> = promises.into_iter().map(|promise| promise.slo).collect();
        return Ok(reply::body("application/yaml", export(&site, &slos).into_bytes()));
    }
    let now_ms = state.clock.now_ms();
    let firing = alerts::firing(&state, &site).await.map_err(store_problem)?;
    let (state, firing) = (&state, firing.as_slice());
    let found: Vec<Result<SloData, Problem>> = futures::stream::iter(promises)
        .map(async |promise| Ok(SloData::of(&promise, &standing(state, &promise, firing, now_ms).await?, now_ms)))
        .buffered(AT_ONCE)
        .collect()
        .await;
    let found: Vec<SloData> = found.into_iter().collect::<Result<_, _>>()?;
    Ok(reply::rows(
        &headers,
        found.iter().filter_map(|data| Some(Record::of(serde_json::to_value(data).ok()?))).collect(),
    ))
}

fn export_asked(query: &str) -> Result<Option<Export>, Fault> {
    let mut asked = None;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = codec::decode_form(value).ok_or_else(|| Fault::new(name, "this is not UTF-8"))?;
        if name != "format" {
            return Err(Fault::unknown(name, "parameter", name, ["format"]));
        }
        let known = EXPORTS.iter().find(|(name, _)| *name == value);
        let (_, export) =
            known.ok_or_else(|| Fault::unknown("format", "format", &value, EXPORTS.map(|(name, _)| name)))?;
        asked = Some(*export);
    }
    Ok(asked)
}
