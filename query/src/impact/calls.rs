//! `impact` of a window that somebody names, and of an incident.

use super::WINDOW_MS_MAX;
use super::figures;
use super::reading::Reading;
use super::shapes::ImpactAnswer;
use crate::answer::{Answer, Data, echo};
use crate::calls::{Question, respond};
use crate::grammar::{Call, Fault, codec, rfc3339};
use crate::incidents;
use crate::planner::{Ask, SourceKind};
use crate::state::{QueryState, fault_problem};
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use felt_http::Problem;
use futures::FutureExt;
use futures::future::BoxFuture;

/// Whom a window of at most 7 days hurt, compared with the same window a week earlier: people, retries, journeys, lost customers, money,
/// and the same in words. Only people count, no bots.
#[utoipa::path(
    get, path = "/api/v1/sites/{site}/impact", tag = "impact", operation_id = "impact",
    params(("site" = String, Path, description = "The site's key"), crate::openapi::ImpactParameters),
    responses((status = 200, description = "Whom it hurt", body = ImpactAnswer,
        headers(("ETag" = String, description = "Send it back as If-None-Match"))), crate::openapi::Problems),
    security(("bearer" = ["read:metrics"]))
)]
pub async fn impact(
    State(state): State<QueryState>,
    Path(site): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    respond(state, Call::Impact, (site, String::new()), query, headers, compute).await
}

/// Whom an incident hurt; while it goes on, up to now.
#[utoipa::path(
    get, path = "/api/v1/sites/{site}/incidents/{id}/impact", tag = "impact", operation_id = "incident_impact",
    params(("site" = String, Path, description = "The site's key"), ("id" = String, Path, description = "The incident's id")),
    responses((status = 200, description = "Whom it hurt", body = ImpactAnswer,
        headers(("ETag" = String, description = "Send it back as If-None-Match"))), crate::openapi::Problems),
    security(("bearer" = ["read:metrics"]))
)]
pub async fn incident_impact(
    State(state): State<QueryState>,
    Path((site, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (_, incident) = incidents::find(&state, &site, &id, &headers).await?;
    let mut pairs = vec![format!("from={}", rfc3339(incident.from_ms))];
    pairs.extend(incident.to_ms.map(|to_ms| format!("to={}", rfc3339(to_ms))));
    pairs.extend(incident.journey.as_ref().map(|journey| format!("journey={}", codec::encode(journey))));
    pairs.extend(incident.filters.iter().map(|filter| format!("f={filter}")));
    respond(state, Call::Impact, (site, id), Some(pairs.join("&")), headers, compute).await
}

fn compute(question: Question) -> BoxFuture<'static, Result<Answer, Problem>> {
    async move {
        let Question { state, query, window, .. } = &question;
        if window.to_ms - window.from_ms > WINDOW_MS_MAX {
            let detail =
                "a window is at most 7 days long, because it is compared with the week before: give `from` and `to`";
            return Err(fault_problem(Fault::new("from", detail)));
        }
        // Nothing but single views tells who is who.
        let plan = state.plan(&Ask::counts(&query.filters, query.who), *window)?;
        let reading = Reading::of(&question).await?;
        let impact = figures::impact(&reading);
        let mut warnings = question.warnings(&plan).await?;
        warnings.extend(reading.warnings);
        if !reading.other_currencies.is_empty() {
            warnings.push(format!(
                "orders in {} are left out: name another by `currency`",
                reading.other_currencies.join(", ")
            ));
        }
        let sample_rate = state.sample_rate(&question.site, question.now_ms).await;
        if sample_rate.is_some_and(|rate| rate < 1.0) {
            warnings.push("the site samples: counts are of what was kept".into());
        }
        let (views, data) = (impact.exposed.views, serde_json::to_value(&impact).map_err(|_| Problem::internal())?);
        Ok(Answer {
            warnings,
            sample_rate,
            source: SourceKind::Raw,
            ..Answer::plain(echo(query, plan.window, None), views, Data::One(data))
        })
    }
    .boxed()
}
