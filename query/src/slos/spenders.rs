//! Which segments spend a promise's budget, counted from the raw page views of a span.
//!
//! A page view has one value of a dimension, so its segments make the whole. Sessions and attempts of journeys may touch several pages: they count
//! for each that they touched, and are bad by those where they went wrong, so their rows may sum up to more than the whole.

use super::calls::known;
use super::counting::{HUMANS, sums};
use super::looks;
use super::promise::Promise;
use super::shapes::{Spender, SpenderList};
use super::{of_journeys, of_sessions};
use crate::grammar::{Dimension, Fault, codec};
use crate::people::reply;
use crate::planner::conditions::{dimension_sql, raw_column};
use crate::planner::scope::{Rows, Scope as SiteScope, SiteTable, Statement};
use crate::record::{Record, number, number_or_null};
use crate::sessions::too_wide;
use crate::state::{QueryState, fault_problem, store_problem};
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use felt_http::{Problem, Scope};
use felt_schema::slo::Of;
use felt_schema::slo::standing::{objective, window};
use felt_store::{JsonRow, Param, StoreError};
use serde_json::Value;
use std::ops::Range;

/// Spenders where nobody says how many, and at most.
const SPENDERS: usize = 20;
const SPENDERS_MAX: usize = 1_000;
/// Raw page views are kept for 30 days.
const RAW_KEPT_S: i64 = 30 * 86_400;

/// What spenders are asked for.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SpenderParameters {
    /// A dimension; `page` where nobody says.
    pub by: Option<String>,
    /// How many, at most 1,000.
    pub limit: Option<usize>,
}

/// Which segments spend a promise's budget, counted from the raw page views of its window, of 30 days at most. Sessions, and attempts of a
/// journey, count for every segment that they touched.
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
    if looks::is_fresh(&promise) {
        return Err(Problem::bad_request("no-spenders", "looks at our own pipeline have no page and no country"));
    }
    let now_s = state.clock.now_ms().div_euclid(1_000);
    let (Some(window), Some(objective)) = (window(&promise.slo), objective(&promise.slo)) else {
        return Err(Problem::internal());
    };
    let span = window.around(now_s).map_err(|error| Problem::bad_request("window", error.to_string()))?;
    let span = span.start.max(now_s - RAW_KEPT_S)..span.end.min(now_s);
    let statement = statement(&state, &promise, &by, (span, limit)).await.map_err(store_problem)?;
    let found = match statement {
        Some(statement) => state.rows("spenders", &site, &statement).await.map_err(too_wide)?,
        None => Vec::new(),
    };
    let allowed = objective.allowed().to_f64();
    let spenders = found.iter().filter_map(|row| of_row(row, &by, allowed)).filter(|spender| spender.valid > 0);
    let row = |spender: Spender| Some(Record::of(serde_json::to_value(spender).ok()?));
    Ok(reply::rows(&headers, spenders.filter_map(row).collect()))
}

/// The segments of `by` in `span`, in Unix seconds, who spends most first: segment, valid, bad, valid and bad in all. `None` where nothing
/// is counted: of looks at our own pipeline, and while there is no such journey.
///
/// # Errors
/// As ClickHouse says.
pub(crate) async fn statement(
    state: &QueryState,
    promise: &Promise,
    by: &Dimension,
    (span, limit): (Range<i64>, usize),
) -> Result<Option<Statement>, StoreError> {
    if looks::is_fresh(promise) {
        return Ok(None);
    }
    Ok(match promise.slo.sli.of {
        Of::Views => Some(of_views_statement(promise, by, span, limit)),
        Of::Sessions => Some(of_sessions_statement(promise, by, span, limit)),
        Of::Journeys => of_journeys_statement(state, promise, by, span, limit).await?,
    })
}

fn of_views_statement(promise: &Promise, by: &Dimension, span: Range<i64>, limit: usize) -> Statement {
    let mut scope = SiteScope::of(&promise.site);
    let from = scope.bind("Int64", Param::Int(span.start));
    let to = scope.bind("Int64", Param::Int(span.end));
    let sums = sums(&mut scope, promise);
    let value = dimension_sql(&mut scope, by, &raw_column);
    let conditions =
        [HUMANS.to_owned(), format!("started_at >= toDateTime64({from}, 3) AND started_at < toDateTime64({to}, 3)")];
    let rows = scope.rows(SiteTable::PageViews, "*", &conditions);
    let select = format!(
        "toString({value}) AS segment, {} AS valid, valid - {} AS bad, sum(valid) OVER () AS valid_all, sum(bad) OVER () AS bad_all",
        sums.valid, sums.good
    );
    scope.statement(&select, rows, &format!("GROUP BY segment ORDER BY bad DESC, valid, segment LIMIT {limit}"))
}

fn of_sessions_statement(promise: &Promise, by: &Dimension, span: Range<i64>, limit: usize) -> Statement {
    let mut scope = SiteScope::of(&promise.site);
    let spent = of_sessions::spent(&mut scope, promise, by, &span);
    by_segment(scope, spent, limit)
}

async fn of_journeys_statement(
    state: &QueryState,
    promise: &Promise,
    by: &Dimension,
    span: Range<i64>,
    limit: usize,
) -> Result<Option<Statement>, StoreError> {
    let known = match of_journeys::defined(state, promise).await? {
        Some((known, _)) => Some(known),
        None => of_journeys::told(state, promise).await?,
    };
    let fresh_to_ms = state.watermark.current(&state.store).await?.fresh_to_ms;
    let (Some(known), Some(fresh_to_ms)) = (known, fresh_to_ms) else { return Ok(None) };
    let decided_ms = fresh_to_ms - of_journeys::ON_ITS_WAY_S * 1_000;
    let mut scope = SiteScope::of(&promise.site);
    let spent = of_journeys::spent(&mut scope, promise, &known, by, (&span, decided_ms));
    Ok(spent.map(|spent| by_segment(scope, spent, limit)))
}

/// The segments of rows that have `touched` (values), `each` (what a row counts), `spent` (values with what was bad there) and `lost` (what was bad of
/// the row), with the whole beside each.
fn by_segment(scope: SiteScope, spent: Rows, limit: usize) -> Statement {
    let segments = spent
        .select(
            "each, lost, spent, \
             arrayJoin(arrayConcat([(1, '')], arrayMap(value -> (0, value), touched))) AS place",
            "",
        )
        .select(
            "place.1 AS whole, place.2 AS segment, toInt64(sum(each)) AS valid, \
             toInt64(sum(if(whole = 1, lost, arraySum(part -> if(part.1 = segment, part.2, 0), spent)))) AS bad",
            "GROUP BY whole, segment",
        )
        .select(
            "whole, segment, valid, bad, sum(if(whole = 1, valid, 0)) OVER () AS valid_all, \
             sum(if(whole = 1, bad, 0)) OVER () AS bad_all",
            "",
        );
    let rest = format!("WHERE whole = 0 ORDER BY bad DESC, valid, segment LIMIT {limit}");
    scope.statement("segment, valid, bad, valid_all, bad_all", segments, &rest)
}

fn of_row(row: &JsonRow, by: &Dimension, allowed: f64) -> Option<Spender> {
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
