//! `slos`, `slos/{id}` and what is asked about one: reading needs `read:metrics`, writing `write:slos`.

use super::minutes;
use super::of_journeys;
use super::promise::{self, Promise, SLOS_MAX};
use super::shapes::{BudgetAnswer, BudgetPoint, SloData, SloSaved, finding_words, unreachable_words};
use super::standing::standing;
use crate::alerts;
use crate::grammar::rfc3339;
use crate::people::reply;
use crate::record::{Record, number_or_null};
use crate::state::{QueryState, store_problem};
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use felt_http::{Problem, Scope};
use felt_schema::budget::{Counts, Series};
use felt_schema::slo::openslo::{self, File};
use felt_schema::slo::standing::{objective, unreachable};
use felt_schema::slo::{Checks, FILE_BYTES_MAX, Finding, Slo};
use serde_json::{Value, json};

/// Points of a burn-down.
const POINTS_MAX: i64 = 400;

/// A promise, and how it stands.
#[utoipa::path(
    get, path = "/api/v1/sites/{site}/slos/{id}", tag = "slos", operation_id = "slo",
    params(("site" = String, Path, description = "The site's key"), ("id" = String, Path, description = "The SLO's id")),
    responses((status = 200, description = "How it stands", body = SloData), crate::openapi::Problems),
    security(("bearer" = ["read:metrics"]))
)]
pub async fn slo(
    State(state): State<QueryState>,
    Path((site, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let promise = known(&state, &site, &id, &headers, Scope::ReadMetrics).await?;
    let now_ms = state.clock.now_ms();
    let firing = alerts::firing(&state, &site).await.map_err(store_problem)?;
    let data = SloData::of(&promise, &standing(&state, &promise, &firing, now_ms).await?, now_ms);
    Ok(plain(StatusCode::OK, &data))
}

/// Makes a promise, or says an old one anew: JSON, or one OpenSLO document as YAML. Another definition is counted anew, from raw page
/// views as far back as they are kept.
#[utoipa::path(
    put, path = "/api/v1/sites/{site}/slos/{id}", tag = "slos", operation_id = "put_slo",
    params(("site" = String, Path, description = "The site's key"), ("id" = String, Path, description = "The SLO's id")),
    request_body(content((Object = "application/json"), (String = "application/yaml"))),
    responses((status = 200, description = "It was there already", body = SloSaved),
        (status = 201, description = "It is new", body = SloSaved), crate::openapi::Problems),
    security(("bearer" = ["write:slos"]))
)]
pub async fn put_slo(
    State(state): State<QueryState>,
    Path((site, id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    state.site(&site, felt_http::bearer(&headers), Scope::WriteSlos).await?;
    let (slo, findings) = read(&id, &headers, body).await?;
    let before = Promise::find(&state, &site, &id).await.map_err(store_problem)?;
    let status = if before.is_some() { StatusCode::OK } else { StatusCode::CREATED };
    if before.is_none() && Promise::of_site(&state, &site).await.map_err(store_problem)?.len() >= SLOS_MAX {
        let detail = format!("a site keeps at most {SLOS_MAX} SLOs: delete one first");
        return Err(Problem::bad_request("too-many-slos", detail));
    }
    let mut promise = match before {
        // The same counts hold where what is counted is the same.
        Some(before) if before.slo.sli == slo.sli => before.saying(slo),
        Some(before) => before.counting(slo, state.clock.now_ms()),
        None => Promise::new(&site, slo, state.clock.now_ms()),
    };
    promise.save(&state, false).await.map_err(store_problem)?;
    state.promises.notify_one();
    let mut warnings: Vec<String> = findings.iter().map(finding_words).collect();
    if !promise.journey().is_empty() && of_journeys::defined(&state, &promise).await.map_err(store_problem)?.is_none() {
        let words =
            "nobody defined it: its steps are those that events tell, in the order in which visits usually reach them";
        warnings.push(format!("sli.journey: `{}`: {words}", promise.journey()));
    }
    warnings.extend(unreachable(&promise.slo).iter().map(unreachable_words));
    Ok(plain(status, &SloSaved { data: promise.slo.to_json(), warnings }))
}

/// Takes a promise back. What was counted for it is forgotten in its own time.
#[utoipa::path(
    delete, path = "/api/v1/sites/{site}/slos/{id}", tag = "slos", operation_id = "delete_slo",
    params(("site" = String, Path, description = "The site's key"), ("id" = String, Path, description = "The SLO's id")),
    responses((status = 204, description = "It is gone"), crate::openapi::Problems),
    security(("bearer" = ["write:slos"]))
)]
pub async fn delete_slo(
    State(state): State<QueryState>,
    Path((site, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut promise = known(&state, &site, &id, &headers, Scope::WriteSlos).await?;
    promise.save(&state, true).await.map_err(store_problem)?;
    Ok(reply::nothing())
}

/// The burn-down of a promise's budget over its window.
#[utoipa::path(
    get, path = "/api/v1/sites/{site}/slos/{id}/budget", tag = "slos", operation_id = "slo_budget",
    params(("site" = String, Path, description = "The site's key"), ("id" = String, Path, description = "The SLO's id")),
    responses((status = 200, description = "What was left, step by step; CSV and NDJSON too", body = BudgetAnswer),
        crate::openapi::Problems),
    security(("bearer" = ["read:metrics"]))
)]
pub async fn slo_budget(
    State(state): State<QueryState>,
    Path((site, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let promise = known(&state, &site, &id, &headers, Scope::ReadMetrics).await?;
    let now_ms = state.clock.now_ms();
    let standing = standing(&state, &promise, &[], now_ms).await?;
    let now = SloData::of(&promise, &standing, now_ms);
    let span = standing.budget.window.start..now_ms.div_euclid(1_000);
    let series = minutes::series(&state, &promise, span.clone()).await?;
    let points = burn_down(&promise.slo, &series, span);
    let rows = points.iter().filter_map(|point| Some(Record::of(serde_json::to_value(point).ok()?))).collect();
    match crate::format::Format::accepted(&headers) {
        crate::format::Format::Json => Ok(plain(StatusCode::OK, &BudgetAnswer { budget: now.budget, data: points })),
        _ => Ok(reply::rows(&headers, rows)),
    }
}

/// What was left at the end of each step, of the budget that the events up to then allow.
fn burn_down(slo: &Slo, series: &Series, span: std::ops::Range<i64>) -> Vec<BudgetPoint> {
    let Some(objective) = objective(slo) else { return Vec::new() };
    // Whole hours, because that is how the older part of the series is told; minutes in a short window.
    let unit_s = if span.end - span.start > 86_400 { 3_600 } else { 60 };
    let step_s = ((span.end - span.start) / POINTS_MAX / unit_s + 1) * unit_s;
    let mut so_far = Counts::default();
    let mut points = Vec::new();
    let mut start = span.start;
    while start < span.end {
        let end = ((start.div_euclid(step_s) + 1) * step_s).min(span.end);
        let counts = series.sum(start, end);
        so_far += counts;
        let remaining = felt_schema::budget::burn_rate(objective, so_far).map(|consumed| 1.0 - consumed);
        let time = rfc3339(start * 1_000);
        points.push(BudgetPoint { time, good: counts.good, valid: counts.valid, remaining: number_or_null(remaining) });
        start = end;
    }
    points
}

/// The promise, for whoever may do that with it.
pub(crate) async fn known(
    state: &QueryState,
    site: &str,
    id: &str,
    headers: &HeaderMap,
    scope: Scope,
) -> Result<Promise, Problem> {
    state.site(site, felt_http::bearer(headers), scope).await?;
    let found = Promise::find(state, site, id).await.map_err(store_problem)?;
    found.ok_or_else(|| Problem::not_found("there is no such SLO on this site"))
}

/// The body of a `PUT`, as JSON or as OpenSLO.
async fn read(id: &str, headers: &HeaderMap, body: Body) -> Result<(Slo, Vec<Finding>), Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let bytes = axum::body::to_bytes(body, FILE_BYTES_MAX).await.map_err(|_| {
        Problem::bad_request("invalid-slo", format!("an SLO's definition has at most {FILE_BYTES_MAX} bytes"))
    })?;
    let read = match kind.as_str() {
        "application/json" => promise::read(id, &bytes),
        "application/yaml" | "application/x-yaml" | "text/yaml" | "text/x-yaml" => openslo_one(id, &bytes),
        _ => {
            let problem = Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not-json", "Send JSON or YAML");
            return Err(problem.detail("send Content-Type: application/json, or application/yaml for OpenSLO"));
        }
    };
    read.map_err(|findings| {
        let text: Vec<String> = findings.iter().map(finding_words).collect();
        let errors: Vec<Value> = findings
            .iter()
            .map(|finding| {
                json!({"field": finding.field, "line": finding.line, "severity": finding.severity.name(),
                       "detail": finding.detail, "did_you_mean": finding.did_you_mean})
            })
            .collect();
        Problem::bad_request("invalid-slo", text.join("; ")).field("errors", errors)
    })
}

/// The one SLO of an OpenSLO file, read by the same rules as JSON.
fn openslo_one(id: &str, bytes: &[u8]) -> Result<(Slo, Vec<Finding>), Vec<Finding>> {
    let mut import = openslo::read(&[File { name: "", content: bytes }], Checks::NONE);
    if !import.is_valid() {
        return Err(import.findings);
    }
    let mut named: Vec<Slo> = import.slos.drain(..).map(|imported| imported.slo).collect();
    let place = named.iter().position(|slo| slo.id == id).or((named.len() == 1).then_some(0));
    let definition = place.map(|place| named.swap_remove(place).to_json());
    let mut definition = definition.unwrap_or(Value::Null);
    if let Some(fields) = definition.as_object_mut() {
        // The address names the SLO; a document of one may call it something else.
        fields.remove("id");
    }
    let (slo, mut warnings) = promise::read(id, definition.to_string().as_bytes())?;
    warnings.extend(import.findings);
    Ok((slo, warnings))
}

pub(crate) fn plain(status: StatusCode, data: &impl serde::Serialize) -> Response {
    let mut response = reply::body("application/json", serde_json::to_vec(data).unwrap_or_default()).into_response();
    *response.status_mut() = status;
    response
}
