//! `summary`: a record for each metric.

use super::{Question, respond};
use crate::answer::{Answer, Data, echo};
use crate::figures::{LevelStyle, figures, too_few};
use crate::grammar::{Call, DAY_MS, Fault, Measure, Query};
use crate::planner::{Ask, Cell, Eras, Plan};
use crate::scales;
use crate::state::{QueryState, fault_problem};
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use felt_http::Problem;
use futures::FutureExt;
use futures::future::BoxFuture;

/// Most versions of a site's scales that one statement holds views against.
const ERAS_MAX: usize = 24;

/// A record per metric: percentiles with their intervals, shares, count and rating; happiness with its causes; Apdex with its zones.
#[utoipa::path(
    get, path = "/api/v1/sites/{site}/summary", tag = "metrics", operation_id = "summary",
    params(("site" = String, Path, description = "The site's key"), crate::openapi::SummaryParameters),
    responses((status = 200, description = "A record per metric", body = crate::openapi::Summary,
        headers(("ETag" = String, description = "Send it back as If-None-Match"))), crate::openapi::Problems),
    security(("bearer" = ["read:metrics"]))
)]
pub async fn summary(
    State(state): State<QueryState>,
    Path(site): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    respond(state, Call::Summary, (site, String::new()), query, headers, compute).await
}

/// Whether a question needs histograms.
pub(super) fn needs_histograms(query: &Query) -> bool {
    let values = query.metrics.iter().any(Measure::has_values);
    values && query.stats.iter().any(|stat| stat.percentile().is_some())
}

/// The cells that a question asks for, not grouped.
pub(super) fn ask(query: &Query) -> Ask {
    Ask {
        measures: query.metrics.clone(),
        histograms: needs_histograms(query),
        ..Ask::counts(&query.filters, query.who)
    }
}

fn compute(question: Question) -> BoxFuture<'static, Result<Answer, Problem>> {
    async move {
        let Question { state, site, query, .. } = &question;
        let ask = Ask { eras: question.eras(&query.metrics).await?, ..ask(query) };
        let plan = question.plan(&ask).await?;
        let cells = state.cells("summary", site, &ask, &plan).await?;
        let none = Cell::default();
        let whole = cells.groups.first();
        let cell_of = |measure: &Measure| whole.and_then(|group| group.cell(&ask.measures, measure)).unwrap_or(&none);
        let mut warnings = question.warnings(&plan).await?;
        warnings.extend(query.metrics.iter().filter_map(|measure| too_few(measure, cell_of(measure))));
        let rows =
            query.metrics.iter().map(|measure| figures(measure, cell_of(measure), &query.stats, LevelStyle::List));
        Ok(Answer {
            query: echo(query, plan.window, None),
            source: plan.kind(),
            sample_rate: question.sample_rate(&plan, cells.sample_rate()).await,
            views: cells.views(),
            warnings,
            groups: None,
            next: None,
            more: serde_json::Map::new(),
            data: Data::Rows(rows.collect()),
        })
    }
    .boxed()
}

impl Question {
    /// What the page views of the question were judged by, where Apdex is among what is measured.
    pub(crate) async fn eras(&self, measures: &[Measure]) -> Result<Eras, Problem> {
        if !measures.contains(&Measure::Apdex) {
            return Ok(Eras::new());
        }
        // A view may be received so long after it began.
        let (from_ms, to_ms) = (self.window.from_ms, self.window.to_ms + DAY_MS);
        let eras = scales::history(&self.state, &self.site).await?.between(from_ms, to_ms);
        if eras.len() > ERAS_MAX {
            let detail =
                format!("the site's scales were changed more than {ERAS_MAX} times in this time: take a shorter range");
            return Err(fault_problem(Fault::new("range", detail)));
        }
        Ok(eras)
    }

    /// What is to be said about the plan, and about values that were folded into one.
    pub(crate) async fn warnings(&self, plan: &Plan) -> Result<Vec<String>, Problem> {
        let mut warnings = plan.warnings.clone();
        warnings.extend(plan.one_in().warning());
        warnings.extend(super::health::folded(self, plan).await?);
        Ok(warnings)
    }
}
