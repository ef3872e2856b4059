//! `attribution`: what is to blame for a metric. Elements, events, scripts and resources as page views name them, and the phases
//! that the time was spent in; each with its share of the poor views, the worst first.
//!
//! [`anatomy`] says what is known about which metric, [`blame`] counts it. From single page views only, so it reaches back as far
//! as those are kept.

mod anatomy;
mod blame;
mod happened;

pub(crate) use anatomy::Anatomy;

use crate::answer::{Answer, Data, echo};
use crate::calls::{Question, respond};
use crate::figures::COUNT_TO_JUDGE;
use crate::grammar::{Call, Fault, Measure};
use crate::planner::scope::Scope;
use crate::planner::{Ask, Sample, SourceKind, plan};
use crate::record::Record;
use crate::state::{QueryState, fault_problem};
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use blame::{Blame, Whole};
use felt_http::Problem;
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::Map;

/// What is to blame for a metric: a row per element, event, script, resource and phase, those with the most poor views first.
#[utoipa::path(
    get, path = "/api/v1/sites/{site}/attribution", tag = "metrics", operation_id = "attribution",
    params(("site" = String, Path, description = "The site's key"), crate::openapi::AttributionParameters),
    responses((status = 200, description = "A row per culprit", body = crate::openapi::Attribution,
        headers(("ETag" = String, description = "Send it back as If-None-Match"))), crate::openapi::Problems),
    security(("bearer" = ["read:metrics"]))
)]
pub async fn attribution(
    State(state): State<QueryState>,
    Path(site): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    respond(state, Call::Attribution, (site, String::new()), query, headers, compute).await
}

fn compute(question: Question) -> BoxFuture<'static, Result<Answer, Problem>> {
    async move {
        let Question { state, site, query, window, now_ms, .. } = &question;
        let anatomy = anatomy(query.metrics.first()).map_err(fault_problem)?;
        let plan = plan(&Ask::counts(&query.filters, query.who), *window, *now_ms, Some(SourceKind::Raw));
        let plan = plan.map_err(fault_problem)?;
        let views = |scope: &mut Scope, sample: Option<&Sample>| blame::rows(scope, &question, sample);
        let sample = question.sample(views).await;
        let plan = plan.sampled(sample.as_ref());
        let wholes = Whole::of(&question, &anatomy, sample.as_ref()).await?;
        let mut blames = Blame::of(&question, &anatomy, sample.as_ref()).await?;
        blames.extend(wholes.iter().flat_map(|whole| whole.phases(&anatomy)));
        blames.retain(|blame| plan.one_in().times(blame.views) >= i64::try_from(query.min).unwrap_or(i64::MAX).max(1));
        blames.sort_by_key(Blame::rank);
        blames.truncate(query.limit as usize);

        let (valid, poor): (i64, i64) = (wholes.iter().map(|w| w.valid).sum(), wholes.iter().map(|w| w.poor).sum());
        let one_in = plan.one_in();
        let mut warnings = question.warnings(&plan).await?;
        if (1..COUNT_TO_JUDGE).contains(&poor) {
            warnings.push(format!("{poor} of at least {COUNT_TO_JUDGE} poor page views, too few to judge"));
        }
        let row = |blame: &Blame| blame.row(query, &anatomy, &wholes, one_in);
        let rows: Vec<Record> = blames.iter().map(row).collect();
        let more =
            [("count", valid), ("poor", poor)].map(|(name, count)| (name.to_owned(), one_in.times(count).into()));
        Ok(Answer {
            query: echo(query, *window, None),
            source: plan.kind(),
            sample_rate: state.sample_rate(site, *now_ms).await,
            views: one_in.times(wholes.iter().map(|whole| whole.views).sum()),
            warnings,
            groups: None,
            next: None,
            more: Map::from_iter(more),
            data: Data::Rows(rows),
        })
    }
    .boxed()
}

fn anatomy(measure: Option<&Measure>) -> Result<Anatomy, Fault> {
    let metric = match measure {
        Some(Measure::Value(metric)) => Anatomy::of(*metric),
        _ => None,
    };
    metric.ok_or_else(|| {
        let name = measure.map_or_else(String::new, |measure| measure.name().into_owned());
        let known = Anatomy::KNOWN.map(|metric| metric.name());
        let unknown = Fault::unknown("metric", "metric", &name, known);
        let detail = format!("nothing tells what `{name}` is made of; it is known of: {}", known.join(", "));
        Fault { detail, ..unknown }
    })
}
