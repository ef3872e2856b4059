//! `series`: a row for each point and metric. Every point is there; what was not measured is null.

use super::{Question, respond, summary};
use crate::answer::{Answer, Data, echo};
use crate::figures::{LevelStyle, figures};
use crate::grammar::{Call, rfc3339};
use crate::planner::{Ask, Cell, Group, edges};
use crate::record::Record;
use crate::state::{QueryState, fault_problem};
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use felt_http::Problem;
use futures::FutureExt;
use futures::future::BoxFuture;
use std::collections::HashMap;

/// Points over time: a row per point and metric. A gap has the count 0 and null figures.
#[utoipa::path(
    get, path = "/api/v1/sites/{site}/series", tag = "metrics", operation_id = "series",
    params(("site" = String, Path, description = "The site's key"), crate::openapi::SeriesParameters),
    responses((status = 200, description = "A row per point and metric", body = crate::openapi::Series,
        headers(("ETag" = String, description = "Send it back as If-None-Match"))), crate::openapi::Problems),
    security(("bearer" = ["read:metrics"]))
)]
pub async fn series(
    State(state): State<QueryState>,
    Path(site): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    respond(state, Call::Series, (site, String::new()), query, headers, compute).await
}

fn compute(question: Question) -> BoxFuture<'static, Result<Answer, Problem>> {
    async move {
        let Question { state, site, query, window, .. } = &question;
        let (step, mut starts) = edges(query.step, *window, &query.zone).map_err(fault_problem)?;
        let eras = question.eras(&query.metrics).await?;
        let mut ask = Ask { edges: Some(starts.clone()), eras, ..summary::ask(query) };
        let plan = question.plan(&ask).await?;
        if plan.window != *window {
            // A window that was widened may touch one more point.
            starts = edges(query.step, plan.window, &query.zone).map_err(fault_problem)?.1;
            ask.edges = Some(starts.clone());
        }
        let cells = state.cells("series", site, &ask, &plan).await?;
        let points: HashMap<u32, &Group> =
            cells.groups.iter().filter_map(|group| Some((group.start?, group))).collect();
        let none = Cell::default();
        let mut rows = Vec::with_capacity(starts.len() * query.metrics.len());
        for start in starts {
            let time = rfc3339(i64::from(start) * 1000);
            for measure in &query.metrics {
                let cell = points.get(&start).and_then(|group| group.cell(&ask.measures, measure)).unwrap_or(&none);
                let mut row = Record::new().with("time", time.as_str());
                row.extend(figures(measure, cell, &query.stats, LevelStyle::Columns));
                rows.push(row);
            }
        }
        Ok(Answer {
            query: echo(query, plan.window, Some(step)),
            source: plan.kind(),
            sample_rate: question.sample_rate(&plan, cells.sample_rate()).await,
            views: cells.views(),
            warnings: question.warnings(&plan).await?,
            groups: None,
            next: None,
            more: serde_json::Map::new(),
            data: Data::Rows(rows),
        })
    }
    .boxed()
}
