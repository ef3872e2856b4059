//! `feedback`: what visitors said, the newest first, joined to what they felt in that page view.
//!
//! Words are kept for thirteen months, single page views for a month: of older words it is not known any more how it felt.

mod read;

use crate::answer::{Answer, Data, echo};
use crate::calls::{Cursor, Question, respond};
use crate::grammar::{Call, rfc3339};
use crate::planner::{Ask, SourceKind, plan};
use crate::record::{Record, number, number_or_null};
use crate::sessions::{Happened, View};
use crate::state::{QueryState, fault_problem};
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use felt_http::Problem;
use felt_schema::anchors::Level;
use felt_schema::metric::Metric;
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::{Map, Value};

/// Scores and words of visitors, the newest first, with what they felt in that page view. `meta.mean` is the mean share of the
/// scale: 4 of 5 is 0.8.
#[utoipa::path(
    get, path = "/api/v1/sites/{site}/feedback", tag = "sessions", operation_id = "feedback",
    params(("site" = String, Path, description = "The site's key"), crate::openapi::FeedbackParameters),
    responses((status = 200, description = "A row per answer of a visitor", body = crate::openapi::FeedbackList,
        headers(("ETag" = String, description = "Send it back as If-None-Match"),
            ("Link" = String, description = "The next page, where there is one: rel=next"))), crate::openapi::Problems),
    security(("bearer" = ["read:sessions"]))
)]
pub async fn feedback(
    State(state): State<QueryState>,
    Path(site): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    respond(state, Call::Feedback, (site, String::new()), query, headers, compute).await
}

fn compute(question: Question) -> BoxFuture<'static, Result<Answer, Problem>> {
    async move {
        let Question { state, site, query, window, now_ms, .. } = &question;
        let skip = Cursor::skip_of(query);
        let totals = read::totals(&question).await?;
        let said = read::said(&question, skip).await?;
        let felt = read::felt(&question, &said).await?;
        let rows: Vec<Record> = said.iter().map(|said| row(said, felt.get(&said.view))).collect();
        let end = skip + rows.len();

        let raw = plan(&Ask::counts(&query.filters, query.who), *window, *now_ms, Some(SourceKind::Raw));
        let raw = raw.map_err(fault_problem)?;
        let more =
            [("count", totals.count.into()), ("scored", totals.scored.into()), ("mean", number_or_null(totals.mean))];
        Ok(Answer {
            query: echo(query, *window, None),
            source: raw.kind(),
            sample_rate: state.sample_rate(site, *now_ms).await,
            views: totals.views,
            warnings: question.warnings(&raw).await?,
            groups: Some(totals.count),
            next: (end < totals.count && !rows.is_empty()).then(|| Cursor::next(query, end, *window)),
            more: Map::from_iter(more.map(|(name, value)| (name.to_owned(), value))),
            data: Data::Rows(rows),
        })
    }
    .boxed()
}

fn row(said: &Happened, felt: Option<&View>) -> Record {
    let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let of_scale = match (said.score, said.of) {
        (Some(score), Some(of)) if of > 0.0 => number(score / of),
        _ => Value::Null,
    };
    let mut row = Record::new()
        .with("at", rfc3339(said.at_ms))
        .with("score", number_or_null(said.score))
        .with("of", number_or_null(said.of))
        .with("share", of_scale)
        .with("text", text(&said.text))
        .with("page", said.page.as_str())
        .with("view", said.view.as_str())
        .with("session", said.session.as_str())
        // Whoever may read this may read the visit.
        .with("visit", format!("{}.{}", said.session, said.at_ms.div_euclid(1_000)))
        .with("level", felt.and_then(View::level).map(Level::name))
        .with("cause", felt.and_then(|view| text(&view.cause)));
    for metric in [Metric::Lcp, Metric::Inp, Metric::Cls] {
        row.push(metric.name(), number_or_null(felt.and_then(|view| view.value(metric))));
    }
    row.with("country", text(&said.country)).with("device", text(&said.device)).with("release", text(&said.release))
}
