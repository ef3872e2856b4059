//! `slos`, `slos/{id}` and what is asked about one: reading needs `read:metrics`, writing `write:slos`.

use super::counting::{HUMANS, sums};
use super::minutes;
use super::promise::{self, Promise, SLOS_MAX};
use super::shapes::{
    BudgetAnswer, BudgetPoint, SloData, SloList, SloSaved, Spender, SpenderList, finding_words, unreachable_words,
};
use super::standing::{Alert, objective, options, rules, standing, window};
use crate::grammar::{Dimension, Fault, codec, rfc3339};
use crate::people::reply;
use crate::planner::conditions::{dimension_sql, raw_column};
use crate::planner::scope::SiteTable;
use crate::record::{Record, number, number_or_null};
use crate::state::{QueryState, fault_problem, store_problem};
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use felt_http::{Problem, Scope};
use felt_schema::budget::{Counts, LOOKBACK_H, Series, evaluate};
use felt_schema::burn;
use felt_schema::slo::openslo::{self, File};
use felt_schema::slo::{Checks, FILE_BYTES_MAX, Finding, Slo};
use felt_store::Param;
use futures::StreamExt;
use serde_json::{Value, json};

/// Promises that are worked out at the same time for a list.
const AT_ONCE: usize = 4;
/// Points of a burn-down.
const POINTS_MAX: i64 = 400;
/// Spenders where nobody says how many, and at most.
const SPENDERS: usize = 20;
const SPENDERS_MAX: usize = 1_000;
/// Raw page views are kept for 30 days.
const RAW_KEPT_S: i64 = 30 * 86_400;

/// The promises of a site, and how each stands.
#[utoipa::path(
    get, path = "/api/v1/sites/{site}/slos", tag = "slos", operation_id = "slos",
    params(("site" = String, Path, description = "The site's key")),
    responses((status = 200, description = "By their ids; CSV and NDJSON too", body = SloList), crate::openapi::Problems),
    security(("bearer" = ["read:metrics"]))
)]
pub async fn slos(
    State(state): State<QueryState>,
    Path(site): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    state.site(&site, felt_http::bearer(&headers), Scope::ReadMetrics).await?;
    let promises = Promise::of_site(&state, &site).await.map_err(store_problem)?;
    let now_ms = state.clock.now_ms();
    let state = &state;
    let found: Vec<Result<SloData, Problem>> = futures::stream::iter(promises)
        .map(async |promise| Ok(SloData::of(&promise, &standing(state, &promise, now_ms).await?, now_ms)))
        .buffered(AT_ONCE)
        .collect()
        .await;
    let found: Vec<SloData> = found.into_iter().collect::<Result<_, _>>()?;
    Ok(reply::rows(
        &headers,
        found.iter().filter_map(|data| Some(Record::of(serde_json::to_value(data).ok()?))).collect(),
    ))
}

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
    let data = SloData::of(&promise, &standing(&state, &promise, now_ms).await?, now_ms);
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
    warnings.extend(unreachable(&promise.slo));
    Ok(plain(status, &SloSaved { data: promise.slo.to_json(), warnings }))
}

fn unreachable(slo: &Slo) -> Vec<String> {
    let Some(objective) = objective(slo) else { return Vec::new() };
    let alert = |rule: burn::Rule| {
        let reachable = rule.is_reachable(objective, &options(slo));
        Alert { rule, state: burn::State::Inactive, reachable }
    };
    rules(slo).into_iter().map(alert).filter_map(|alert| unreachable_words(&alert)).collect()
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
    let standing = standing(&state, &promise, now_ms).await?;
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

/// What spenders are asked for.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SpenderParameters {
    /// A dimension; `page` where nobody says.
    pub by: Option<String>,
    /// How many, at most 1,000.
    pub limit: Option<usize>,
}

/// Which segments spend a promise's budget, counted from the raw page views of its window, of 30 days at most.
#[utoipa::path(
    get, path = "/api/v1/sites/{site}/slos/{id}/spenders", tag = "slos", operation_id = "slo_spenders",
    params(("site" = String, Path, description = "The site's key"), ("id" = String, Path, description = "The SLO's id"), SpenderParameters),
    responses((status = 200, description = "Who spends most comes first; CSV and NDJSON too", body = SpenderList),
        crate::openapi::Problems),
    security(("bearer" = ["read:metrics"]))
)]
pub async fn slo_spenders(
    State(state): State<QueryState>,
    Path((site, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let promise = known(&state, &site, &id, &headers, Scope::ReadMetrics).await?;
    let (by, limit) = spender_parameters(query.as_deref().unwrap_or_default()).map_err(fault_problem)?;
    let now_s = state.clock.now_ms().div_euclid(1_000);
    let (Some(window), Some(objective)) = (window(&promise.slo), objective(&promise.slo)) else {
        return Err(Problem::internal());
    };
    let budget = evaluate(objective, &window, &Series::new([], []), now_s, LOOKBACK_H);
    let span = budget.map_err(|error| Problem::bad_request("window", error.to_string()))?.window;
    let mut scope = crate::planner::scope::Scope::of(&site);
    let from = scope.bind("Int64", Param::Int(span.start.max(now_s - RAW_KEPT_S)));
    let to = scope.bind("Int64", Param::Int(span.end.min(now_s)));
    let sums = sums(&mut scope, &promise);
    let value = dimension_sql(&mut scope, &by, &raw_column);
    let conditions =
        [HUMANS.to_owned(), format!("started_at >= toDateTime64({from}, 3) AND started_at < toDateTime64({to}, 3)")];
    let rows = scope.rows(SiteTable::PageViews, "*", &conditions);
    let select = format!(
        "toString({value}) AS segment, {} AS valid, valid - {} AS bad, sum(valid) OVER () AS valid_all, sum(bad) OVER () AS bad_all",
        sums.valid, sums.good
    );
    let statement =
        scope.statement(&select, rows, &format!("GROUP BY segment ORDER BY bad DESC, valid, segment LIMIT {limit}"));
    let allowed = objective.allowed().to_f64();
    let spender = |row: &felt_store::JsonRow| {
        let number_at = |index: usize| row.get(index).and_then(Value::as_i64);
        let (valid, bad) = (number_at(1)?, number_at(2)?);
        let (valid_all, bad_all) = (number_at(3)? as f64, number_at(4)? as f64);
        let share = |part: f64, whole: f64| number_or_null((whole > 0.0).then(|| part / whole));
        let size = valid as f64 / valid_all.max(1.0);
        Some(Spender {
            dimension: by.name().into_owned(),
            value: row.first()?.as_str()?.to_owned(),
            valid,
            bad,
            share_of_bad: share(bad as f64, bad_all),
            share_of_budget: share(bad as f64, valid_all * allowed),
            lift: if bad_all > 0.0 && size > 0.0 { number(bad as f64 / bad_all / size) } else { Value::Null },
        })
    };
    let spenders: Vec<Spender> = state.rows("spenders", &site, &statement).await?.iter().filter_map(spender).collect();
    let rows = spenders.iter().filter(|spender| spender.valid > 0);
    Ok(reply::rows(
        &headers,
        rows.filter_map(|spender| Some(Record::of(serde_json::to_value(spender).ok()?))).collect(),
    ))
}

fn spender_parameters(query: &str) -> Result<(Dimension, usize), Fault> {
    let (mut by, mut limit) = (Dimension::Page, SPENDERS);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = codec::decode_form(value).ok_or_else(|| Fault::new(name, "this is not UTF-8"))?;
        match name {
            "by" => by = Dimension::parse("by", &value)?,
            "limit" => {
                let wanted = value.parse().ok().filter(|limit| (1..=SPENDERS_MAX).contains(limit));
                let detail = format!("this must be a number from 1 to {SPENDERS_MAX}");
                limit = wanted.ok_or_else(|| Fault::new("limit", detail))?;
            }
            other => return Err(Fault::unknown(other, "parameter", other, ["by", "limit"])),
        }
    }
    Ok((by, limit))
}

/// The promise, for whoever may do that with it.
async fn known(
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

fn plain(status: StatusCode, data: &impl serde::Serialize) -> Response {
    let mut response = reply::body("application/json", serde_json::to_vec(data).unwrap_or_default()).into_response();
    *response.status_mut() = status;
    response
}
