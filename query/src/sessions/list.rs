//! `sessions`: visits in the order asked for, a page at a time, all pages about the same time.

use super::find::{Found, Page, base_rows, find};
use super::visit::Visit;
use super::{Happened, View, too_wide};
use crate::answer::{Answer, Data, echo};
use crate::calls::{Cursor, Question, respond};
use crate::grammar::Call;
use crate::planner::scope::Scope;
use crate::planner::{Ask, Sample, SourceKind, Window, plan, raw_views};
use crate::record::Record;
use crate::state::{QueryState, fault_problem};
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use felt_http::Problem;
use felt_schema::snapshot::EventKind;
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::Map;
use std::collections::HashMap;

/// Visits: page views of one session id with gaps under half an hour. A visit belongs to the time in which it began, and passes
/// the filters when any of its page views does; its row tells all of it. Reaches back as far as single page views are kept.
#[utoipa::path(
    get, path = "/api/v1/sites/{site}/sessions", tag = "sessions", operation_id = "sessions",
    params(("site" = String, Path, description = "The site's key"), crate::openapi::SessionsParameters),
    responses((status = 200, description = "A row per visit", body = crate::openapi::VisitList,
        headers(("ETag" = String, description = "Send it back as If-None-Match"),
            ("Link" = String, description = "The next page, where there is one: rel=next"))), crate::openapi::Problems),
    security(("bearer" = ["read:sessions"]))
)]
pub async fn sessions(
    State(state): State<QueryState>,
    Path(site): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    respond(state, Call::Sessions, (site, String::new()), query, headers, compute).await
}

fn compute(question: Question) -> BoxFuture<'static, Result<Answer, Problem>> {
    async move {
        let Question { state, site, query, window, now_ms, .. } = &question;
        // Rollups tell at once how many page views there are to be put together.
        let counted = Ask::counts(&[], query.who);
        let by_rollup = state.plan(&counted, *window)?;
        let views = state.cells("sessions", site, &counted, &by_rollup).await.map_err(too_wide)?.views();
        let skip = Cursor::skip_of(query);
        let page = find(&question, skip, views, sample(&question, views)).await?;
        let rows = rows(&question, &page).await?;
        // What is said about the time is said about single page views.
        let raw = plan(&counted, *window, *now_ms, Some(SourceKind::Raw)).map_err(fault_problem)?;
        let raw = raw.sampled(page.sample.as_ref());
        let next = page.more.then(|| Cursor::next(query, skip + page.found.len(), *window));
        Ok(Answer {
            query: echo(query, *window, None),
            source: raw.kind(),
            sample_rate: state.sample_rate(site, *now_ms).await,
            views: raw.one_in().times(page.views),
            warnings: question.warnings(&raw).await?,
            groups: page.total.map(|total| total * raw.one_in().get() as usize),
            next,
            more: Map::new(),
            data: Data::Rows(rows),
        })
    }
    .boxed()
}

/// Most page views that pass the question's filters of which all visits are looked for, however many there are of others.
const HITS_MAX: i64 = 200_000;

/// The sessions that are looked at where there are too many, of so many page views. Not where the filters leave few: whoever asks for those
/// wants all of them.
async fn sample(question: &Question, views: i64) -> Result<Option<Sample>, Problem> {
    let rows = |scope: &mut Scope, sample: Option<&Sample>| base_rows(scope, question, sample);
    let Some(part) = question.part(rows).await else { return Ok(None) };
    // To put visits together takes several times as long as to sum up their page views: a quarter of what sums read.
    let one_in = (0..2).fold(part.one_in, |one_in, _| one_in.half().unwrap_or(one_in));
    let part = Sample { one_in, ..part };
    let enough = question.is_enough(views / i64::from(part.one_in.get()));
    let many = question.query.filters.is_empty() || hits(question).await? > HITS_MAX;
    Ok(Some(part).filter(|_| enough && many))
}

/// The page views that pass the question's filters.
async fn hits(question: &Question) -> Result<i64, Problem> {
    let Question { state, site, query, window, .. } = question;
    let ask = Ask::counts(&query.filters, query.who);
    let plan = state.plan(&ask, *window)?;
    if plan.kind() == SourceKind::Raw {
        let rows = |scope: &mut Scope, sample: Option<&Sample>| raw_views(scope, &ask, (plan.window, sample), "sign");
        if let Some((sample, read)) = question.counted(rows).await {
            return Ok(sample.one_in.times(read));
        }
    }
    Ok(state.cells("sessions", site, &ask, &plan).await.map_err(too_wide)?.views())
}

/// The rows of a page, each made of everything that is known about its session.
async fn rows(question: &Question, page: &Page) -> Result<Vec<Record>, Problem> {
    let from_ms = page.found.iter().map(|found| found.from_ms).min();
    let to_ms = page.found.iter().map(|found| found.to_ms).max();
    let (Some(from_ms), Some(to_ms)) = (from_ms, to_ms) else { return Ok(Vec::new()) };
    let window = Window { from_ms, to_ms: to_ms + 1 };
    let mut visits = visits(question, &page.found, (window, page.sample.as_ref())).await?;
    let row = |found: &Found| visits.remove(&(found.session.clone(), found.from_ms)).map(|visit| visit.row());
    Ok(page.found.iter().filter_map(row).collect())
}

/// The visits that were found, by session and beginning.
async fn visits(
    question: &Question,
    found: &[Found],
    (window, sample): (Window, Option<&Sample>),
) -> Result<HashMap<(String, i64), Visit>, Problem> {
    let Question { state, site, query, .. } = question;
    let ids: Vec<String> = found.iter().map(|found| found.session.clone()).collect();
    let mut scope = Scope::of(site);
    let who = match query.who {
        crate::grammar::Who::Humans => " AND bot = ''",
        crate::grammar::Who::Bots => " AND bot != ''",
        crate::grammar::Who::All => "",
    };
    let ours = format!("session IN {}{who}", scope.texts(ids.clone()));
    let views =
        state.rows("sessions", site, &View::statement(scope, (window, sample), ours)).await.map_err(too_wide)?;
    let mut by_session: HashMap<String, Vec<View>> = HashMap::new();
    for view in views.into_iter().map(View::read) {
        by_session.entry(view.session.clone()).or_default().push(view);
    }

    let mut scope = Scope::of(site);
    let mut conditions = Happened::within(&mut scope, super::around(window, question.now_ms));
    conditions.push(Happened::only(&[EventKind::Step, EventKind::Feedback]));
    conditions.push(format!("session IN {}", scope.texts(ids)));
    let happened =
        state.rows("sessions", site, &Happened::statement(scope, &conditions, "")).await.map_err(too_wide)?;
    let mut happened_by: HashMap<String, Vec<Happened>> = HashMap::new();
    for event in happened.into_iter().map(Happened::read) {
        happened_by.entry(event.session.clone()).or_default().push(event);
    }

    let mut visits = HashMap::new();
    for (session, views) in by_session {
        let mut happened = happened_by.remove(&session).unwrap_or_default();
        for mut visit in Visit::of_views(views) {
            visit.take(&mut happened);
            visits.insert((session.clone(), visit.span().from_ms), visit);
        }
    }
    Ok(visits)
}
