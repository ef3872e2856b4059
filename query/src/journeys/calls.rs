//! `journeys` and what is asked about one: reading needs `read:metrics`, defining `write:slos`.

use super::definition::{self, JOURNEYS_MAX, Known};
use super::figures::{read_spans, read_totals, speed_rows, speed_statement, totals_statement};
use super::shapes::{
    FunnelAnswer, JourneyAnswer, JourneyDefinition, JourneyList, JourneyParameters, JourneySaved, SpeedAnswer,
};
use crate::answer::{Answer, Data, echo};
use crate::calls::{Question, respond};
use crate::documents::calls::{author, room, take_back};
use crate::documents::{Document, Kind};
use crate::fields::{check_id, object};
use crate::grammar::{Call, Dimension};
use crate::people::reply;
use crate::planner::{Ask, Plan};
use crate::record::Record;
use crate::state::{QueryState, store_problem};
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use felt_http::{Problem, Scope};
use felt_schema::journey::{like_with_like, wait_words};
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Between an id and what else an answer depends on; no id has it.
const BESIDE: char = '\n';
const UNKNOWN: &str = "nobody defined such a journey, and no events of that time tell one";

/// Journeys with what visits made of them: those that people defined, then those that events tell.
#[utoipa::path(
    get, path = "/api/v1/sites/{site}/journeys", tag = "journeys", operation_id = "journeys",
    params(("site" = String, Path, description = "The site's key"), JourneyParameters),
    responses((status = 200, description = "A row per journey; CSV and NDJSON too", body = JourneyList,
        headers(("ETag" = String, description = "Send it back as If-None-Match"))), crate::openapi::Problems),
    security(("bearer" = ["read:metrics"]))
)]
pub async fn journeys(
    State(state): State<QueryState>,
    Path(site): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    ask(state, (site, ""), "list", query, headers, compute_list).await
}

/// A journey: its definition, and what visits made of it.
#[utoipa::path(
    get, path = "/api/v1/sites/{site}/journeys/{id}", tag = "journeys", operation_id = "journey",
    params(("site" = String, Path, description = "The site's key"), ("id" = String, Path, description = "The journey's id"), JourneyParameters),
    responses((status = 200, description = "The journey", body = JourneyAnswer), crate::openapi::Problems),
    security(("bearer" = ["read:metrics"]))
)]
pub async fn journey(
    State(state): State<QueryState>,
    Path((site, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    ask(state, (site, &id), "one", query, headers, compute_one).await
}

/// A row per step: who reached it, who went on, who left, how long it took, how it felt.
#[utoipa::path(
    get, path = "/api/v1/sites/{site}/journeys/{id}/funnel", tag = "journeys", operation_id = "journey_funnel",
    params(("site" = String, Path, description = "The site's key"), ("id" = String, Path, description = "The journey's id"), JourneyParameters),
    responses((status = 200, description = "A row per step; CSV and NDJSON too", body = FunnelAnswer), crate::openapi::Problems),
    security(("bearer" = ["read:metrics"]))
)]
pub async fn journey_funnel(
    State(state): State<QueryState>,
    Path((site, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    ask(state, (site, &id), "funnel", query, headers, compute_funnel).await
}

/// Completion by how long visitors waited for the page on which they began, like compared with like.
#[utoipa::path(
    get, path = "/api/v1/sites/{site}/journeys/{id}/speed", tag = "journeys", operation_id = "journey_speed",
    params(("site" = String, Path, description = "The site's key"), ("id" = String, Path, description = "The journey's id"), JourneyParameters),
    responses((status = 200, description = "A row per span of waiting; CSV and NDJSON too", body = SpeedAnswer), crate::openapi::Problems),
    security(("bearer" = ["read:metrics"]))
)]
pub async fn journey_speed(
    State(state): State<QueryState>,
    Path((site, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    ask(state, (site, &id), "speed", query, headers, compute_speed).await
}

/// Defines a journey, or says anew what it is. It holds for the past as well: what visits did is kept, not what it was called.
#[utoipa::path(
    put, path = "/api/v1/sites/{site}/journeys/{id}", tag = "journeys", operation_id = "put_journey",
    params(("site" = String, Path, description = "The site's key"), ("id" = String, Path, description = "The journey's id")),
    request_body = JourneyDefinition,
    responses((status = 200, description = "It was there already", body = JourneySaved),
        (status = 201, description = "It is new", body = JourneySaved), crate::openapi::Problems),
    security(("bearer" = ["write:slos"]))
)]
pub async fn put_journey(
    State(state): State<QueryState>,
    Path((site, id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let author = author(&state, &site, &headers, Scope::WriteSlos).await?;
    check_id(&id)?;
    let journey = definition::read(object(&headers, body).await?)?;
    let defined = definition::defined(&state, &site).await?;
    let new = !defined.iter().any(|known| known.id == id);
    if new {
        room(defined.len(), JOURNEYS_MAX, "too-many-journeys")?;
    }
    let text = serde_json::to_string(&journey).map_err(|_| Problem::internal())?;
    Document::put(&state, Kind::Journey, &site, &id, &text, &author).await.map_err(store_problem)?;
    let known = Known { id, journey, defined: true };
    let mut data = known.definition();
    data["id"] = known.id.into();
    Ok(reply::one(if new { StatusCode::CREATED } else { StatusCode::OK }, data))
}

/// Takes a journey's definition back. Where events tell it, it is still there.
#[utoipa::path(
    delete, path = "/api/v1/sites/{site}/journeys/{id}", tag = "journeys", operation_id = "delete_journey",
    params(("site" = String, Path, description = "The site's key"), ("id" = String, Path, description = "The journey's id")),
    responses((status = 204, description = "It is gone"), crate::openapi::Problems),
    security(("bearer" = ["write:slos"]))
)]
pub async fn delete_journey(
    State(state): State<QueryState>,
    Path((site, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let author = author(&state, &site, &headers, Scope::WriteSlos).await?;
    take_back(&state, Kind::Journey, (&site, &id), &author, UNKNOWN).await
}

fn unknown() -> Problem {
    Problem::not_found(UNKNOWN)
}

/// Asks about the journeys as they are defined now: an answer is kept for these definitions only.
async fn ask(
    state: QueryState,
    (site, id): (String, &str),
    what: &'static str,
    query: Option<String>,
    headers: HeaderMap,
    compute: fn(Question) -> BoxFuture<'static, Result<Answer, Problem>>,
) -> Result<Response, Problem> {
    state.site(&site, felt_http::bearer(&headers), Scope::ReadMetrics).await?;
    let mut hash = Sha256::new();
    hash.update(what);
    for known in definition::defined(&state, &site).await? {
        hash.update(format!("{}{BESIDE}{}{BESIDE}", known.id, known.definition()));
    }
    let version: String = hash.finalize()[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    respond(state, Call::Journeys, (site, format!("{id}{BESIDE}{version}")), query, headers, compute).await
}

impl Known {
    /// What it is, as `PUT` takes it.
    fn definition(&self) -> Value {
        serde_json::to_value(&self.journey).unwrap_or(Value::Null)
    }
}

impl Question {
    /// Nothing but single views can tell journeys; the plan says how far back they reach.
    fn single_views(&self) -> Result<Plan, Problem> {
        let by_path = Ask { by: vec![Dimension::Path], ..Ask::counts(&self.query.filters, self.query.who) };
        self.state.plan(&by_path, self.window)
    }

    /// The journey that is asked about.
    async fn known(&self) -> Result<Known, Problem> {
        let id = self.path.rsplit_once(BESIDE).map_or("", |(id, _)| id);
        if let Some(known) = definition::find(&self.state, &self.site, id).await? {
            return Ok(known);
        }
        let told = definition::told(&self.state, &self.site, &self.query, self.window, Some(id)).await?;
        told.into_iter().next().ok_or_else(unknown)
    }

    async fn told(self, plan: Plan, views: i64, data: Data) -> Answer {
        let sample_rate = self.state.sample_rate(&self.site, self.now_ms).await;
        let warnings = plan.warnings.clone();
        Answer {
            source: plan.kind(),
            sample_rate,
            warnings,
            ..Answer::plain(echo(&self.query, plan.window, None), views, data)
        }
    }
}

fn compute_list(question: Question) -> BoxFuture<'static, Result<Answer, Problem>> {
    async move {
        let Question { state, site, query, window, .. } = &question;
        let plan = question.single_views()?;
        let mut known = definition::defined(state, site).await?;
        let told = definition::told(state, site, query, *window, None).await?;
        let ids: Vec<String> = known.iter().map(|known| known.id.clone()).collect();
        known.extend(told.into_iter().filter(|told| !ids.contains(&told.id)));
        let mut rows = Vec::new();
        if !known.is_empty() {
            rows = state.rows("journeys", site, &totals_statement(site, &known, query, *window, false)).await?;
        }
        let totals = read_totals(&known, &rows);
        let views = totals.iter().map(|totals| totals.views).sum();
        let warnings: Vec<String> =
            known.iter().zip(&totals).filter_map(|(known, totals)| known.currencies(totals)).collect();
        let data: Vec<Record> = known.iter().zip(&totals).map(|(known, totals)| known.row(totals)).collect();
        let mut answer = question.told(plan, views, Data::Rows(data)).await;
        answer.warnings.extend(warnings);
        Ok(answer)
    }
    .boxed()
}

fn compute_one(question: Question) -> BoxFuture<'static, Result<Answer, Problem>> {
    async move {
        let plan = question.single_views()?;
        let known = [question.known().await?];
        let statement = totals_statement(&question.site, &known, &question.query, question.window, false);
        let rows = question.state.rows("journeys", &question.site, &statement).await?;
        let ([known], totals) = (&known, read_totals(&known, &rows).pop().unwrap_or_default());
        let mut data = serde_json::to_value(known.row(&totals)).unwrap_or(json!({}));
        data["definition"] = known.definition();
        let mut answer = question.told(plan, totals.views, Data::One(data)).await;
        answer.warnings.extend(known.currencies(&totals));
        Ok(answer)
    }
    .boxed()
}

fn compute_funnel(question: Question) -> BoxFuture<'static, Result<Answer, Problem>> {
    async move {
        let plan = question.single_views()?;
        let known = [question.known().await?];
        let statement = totals_statement(&question.site, &known, &question.query, question.window, true);
        let rows = question.state.rows("funnel", &question.site, &statement).await?;
        let ([known], totals) = (&known, read_totals(&known, &rows).pop().unwrap_or_default());
        Ok(question.told(plan, totals.views, Data::Rows(known.funnel(&totals))).await)
    }
    .boxed()
}

fn compute_speed(question: Question) -> BoxFuture<'static, Result<Answer, Problem>> {
    async move {
        let plan = question.single_views()?;
        let known = question.known().await?;
        let statement = speed_statement(&question.site, &known, &question.query, question.window);
        let mut spans = read_spans(&question.state.rows("speed", &question.site, &statement).await?);
        let unmeasured: i64 = spans.pop().iter().flatten().map(|(_, taken)| taken.started).sum();
        let matched = like_with_like(&spans);
        let views = matched.iter().map(|span| span.taken.started).sum();
        let mut answer = question.told(plan, views, Data::Rows(speed_rows(&matched))).await;
        answer.more.insert("words".into(), wait_words(&matched).into());
        if unmeasured > 0 {
            let left_out = format!("{unmeasured} visits are left out: how long their first page took was not measured");
            answer.warnings.push(left_out);
        }
        Ok(answer)
    }
    .boxed()
}
