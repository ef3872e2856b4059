//! `distribution`: bins of one metric, its limits among their edges; or the levels of happiness.

use super::{Question, respond};
use crate::answer::{Answer, Data, echo};
use crate::figures::{limits, too_few};
use crate::grammar::{Call, Measure};
use crate::planner::{Ask, Cell};
use crate::record::{Record, number, share};
use crate::state::QueryState;
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use felt_http::Problem;
use felt_schema::anchors::Level;
use felt_schema::metric::Rating;
use futures::FutureExt;
use futures::future::BoxFuture;

/// Histogram bins of one metric. The metric's limits are edges, and the counts on their sides are exact.
#[utoipa::path(
    get, path = "/api/v1/sites/{site}/distribution", tag = "metrics", operation_id = "distribution",
    params(("site" = String, Path, description = "The site's key"), crate::openapi::DistributionParameters),
    responses((status = 200, description = "A row per bin, lowest first", body = crate::openapi::Distribution,
        headers(("ETag" = String, description = "Send it back as If-None-Match"))), crate::openapi::Problems),
    security(("bearer" = ["read:metrics"]))
)]
pub async fn distribution(
    State(state): State<QueryState>,
    Path(site): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    respond(state, Call::Distribution, (site, String::new()), query, headers, compute).await
}

fn compute(question: Question) -> BoxFuture<'static, Result<Answer, Problem>> {
    async move {
        let Question { state, site, query, .. } = &question;
        let ask = Ask { measures: query.metrics.clone(), histograms: true, ..Ask::counts(&query.filters, query.who) };
        let plan = question.plan(&ask).await?;
        let cells = state.cells("distribution", site, &ask, &plan).await?;
        let none = Cell::default();
        let cell = cells.groups.first().and_then(|group| group.cells.first()).unwrap_or(&none);
        let mut warnings = question.warnings(&plan).await?;
        let mut rows = Vec::new();
        for measure in &query.metrics {
            warnings.extend(too_few(measure, cell));
            rows.extend(if *measure == Measure::Happiness { levels(cell) } else { bins(measure, cell) });
        }
        Ok(Answer {
            query: echo(query, plan.window, None),
            source: plan.kind(),
            sample_rate: question.sample_rate(&plan, cells.sample_rate()).await,
            views: cells.views(),
            warnings,
            groups: None,
            next: None,
            more: serde_json::Map::new(),
            data: Data::Rows(rows),
        })
    }
    .boxed()
}

fn bins(measure: &Measure, cell: &Cell) -> Vec<Record> {
    let shown = |micro: u64| number(micro as f64 / measure.micro_per_unit());
    let rating = |to: Option<u64>| {
        let (good, fair) = measure.limits_micro()?;
        Some(match to {
            Some(to) if to <= u64::from(good) => Rating::Good.name(),
            Some(to) if to <= u64::from(fair) => Rating::Fair.name(),
            _ => Rating::Poor.name(),
        })
    };
    let row = |bin: felt_schema::histogram::Bin| {
        Record::new()
            .with("metric", measure.name())
            .with("from", shown(bin.from))
            .with("to", bin.to.map(shown))
            .with("count", cell.one_in.times(bin.count))
            .with("share", share(bin.count, cell.valid))
            .with("rating", rating(bin.to))
    };
    cell.histogram.bins(&limits(measure, cell)).into_iter().map(row).collect()
}

fn levels(cell: &Cell) -> Vec<Record> {
    let whole: i64 = cell.levels.iter().sum();
    let row = |(level, count): (&Level, i64)| {
        Record::new()
            .with("metric", "happiness")
            .with("level", level.name())
            .with("count", cell.one_in.times(count))
            .with("share", share(count, whole))
    };
    Level::ALL.iter().zip(cell.levels).map(row).collect()
}
