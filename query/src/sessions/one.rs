//! `sessions/{id}`: one visit, from its first page view to its last, with everything that happened.

use super::timeline::timeline;
use super::visit::Visit;
use super::{Happened, View, too_wide};
use crate::answer::{Answer, Data, echo};
use crate::calls::{Question, respond};
use crate::grammar::{Call, DAY_MS, HOUR_MS, rfc3339};
use crate::planner::scope::Scope;
use crate::planner::{SourceKind, VIEWS_KEPT_DAYS, Window};
use crate::state::QueryState;
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use felt_http::Problem;
use felt_schema::limits::ID_CHARS_MAX;
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::{Map, Value, json};

/// Days back in which a session's id is looked for, one after the other, where nobody says when it was.
const DAYS_BACK: [i64; 3] = [1, 7, VIEWS_KEPT_DAYS + 1];
/// Longest time before and after a second that its visit may reach.
const REACH_MS: i64 = DAY_MS;

/// One visit with its timeline. `id` is a visit's `id` from `sessions`, or the id of a session, of which the latest visit is told.
#[utoipa::path(
    get, path = "/api/v1/sites/{site}/sessions/{id}", tag = "sessions", operation_id = "session",
    params(("site" = String, Path, description = "The site's key"),
        ("id" = String, Path, description = "A visit's `id`, or a session's")),
    responses((status = 200, description = "The visit; CSV and NDJSON give its timeline", body = crate::openapi::VisitAnswer,
        headers(("ETag" = String, description = "Send it back as If-None-Match"))), crate::openapi::Problems),
    security(("bearer" = ["read:sessions"]))
)]
pub async fn session(
    State(state): State<QueryState>,
    Path((site, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    respond(state, Call::Session, (site, id), query, headers, compute).await
}

fn compute(question: Question) -> BoxFuture<'static, Result<Answer, Problem>> {
    async move {
        let (session, second) = parse(&question.path).ok_or_else(unknown)?;
        let visits = visits(&question, session, second).await?;
        let others: Vec<Value> = visits
            .iter()
            .map(|visit| json!({"id": visit.id(), "started_at": rfc3339(visit.span().from_ms), "views": visit.views.len()}))
            .collect();
        let mut visit = pick(visits, second).ok_or_else(unknown)?;
        let mut happened = happened(&question, session, &visit).await?;
        visit.take(&mut happened);
        let (row, lines) = (visit.row(), timeline(&visit));
        let row = row.with("timeline", json!(lines)).with("visits", others);
        let Question { state, site, query, window, now_ms, .. } = &question;
        Ok(Answer {
            query: echo(query, *window, None),
            source: SourceKind::Raw,
            sample_rate: state.sample_rate(site, *now_ms).await,
            views: i64::try_from(visit.views.len()).unwrap_or(i64::MAX),
            warnings: Vec::new(),
            groups: None,
            next: None,
            more: Map::new(),
            data: Data::Told { one: json!(row), rows: lines },
        })
    }
    .boxed()
}

fn unknown() -> Problem {
    Problem::not_found("there is no such session, or it is gone: single page views are kept for 30 days")
}

/// A session's id, and a second in which the visit went on where that is said: `ID` or `ID.SECOND`.
fn parse(id: &str) -> Option<(&str, Option<i64>)> {
    let (session, second) = match id.split_once('.') {
        Some((session, second)) => (session, Some(second)),
        None => (id, None),
    };
    let plain = |letter: u8| letter.is_ascii_alphanumeric() || letter == b'-' || letter == b'_';
    if session.is_empty() || session.len() > ID_CHARS_MAX || !session.bytes().all(plain) {
        return None;
    }
    let second = match second {
        None => None,
        Some(text) if (1..=10).contains(&text.len()) && text.bytes().all(|digit| digit.is_ascii_digit()) => {
            Some(text.parse().ok()?)
        }
        Some(_) => return None,
    };
    Some((session, second))
}

/// The visits of a session id, around a second or the latest.
async fn visits(question: &Question, session: &str, second: Option<i64>) -> Result<Vec<Visit>, Problem> {
    let to_ms = question.now_ms + HOUR_MS;
    let windows: Vec<Window> = match second {
        Some(second) => {
            let at_ms = second * 1_000;
            vec![Window { from_ms: at_ms - REACH_MS, to_ms: at_ms + REACH_MS }]
        }
        None => DAYS_BACK.iter().map(|days| Window { from_ms: question.now_ms - days * DAY_MS, to_ms }).collect(),
    };
    for window in windows {
        let mut scope = Scope::of(&question.site);
        let ours = format!("session = {}", scope.text(session));
        let statement = View::statement(scope, (window, None), ours);
        let rows = question.state.rows("session", &question.site, &statement).await.map_err(too_wide)?;
        if !rows.is_empty() {
            return Ok(Visit::of_views(rows.into_iter().map(View::read).collect()));
        }
    }
    Ok(Vec::new())
}

/// The visit that went on at that second, or the last one.
fn pick(mut visits: Vec<Visit>, second: Option<i64>) -> Option<Visit> {
    let Some(second) = second else { return visits.pop() };
    let on = |visit: &Visit| {
        let span = visit.span();
        span.from_ms.div_euclid(1_000) <= second && second <= span.to_ms.div_euclid(1_000) + LATE_S
    };
    let index = visits.iter().rposition(on)?;
    Some(visits.swap_remove(index))
}

/// Seconds after a visit's last known moment in which something may still have happened in it: less than what ends a visit.
const LATE_S: i64 = felt_schema::visit::GAP_MS / 1_000 - 1;

async fn happened(question: &Question, session: &str, visit: &Visit) -> Result<Vec<Happened>, Problem> {
    let span = visit.span();
    let window = Window { from_ms: span.from_ms, to_ms: span.to_ms + REACH_MS };
    let mut scope = Scope::of(&question.site);
    let mut conditions = Happened::within(&mut scope, window);
    conditions.push(format!("session = {}", scope.text(session)));
    let statement = Happened::statement(scope, &conditions, "");
    let rows = question.state.rows("session", &question.site, &statement).await.map_err(too_wide)?;
    Ok(rows.into_iter().map(Happened::read).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_may_name_a_second_and_nothing_else() {
        assert_eq!(parse("9ab1-c_D"), Some(("9ab1-c_D", None)));
        assert_eq!(parse("9ab1cdef.1790000000"), Some(("9ab1cdef", Some(1_790_000_000))));
        let long = "a".repeat(65);
        for wrong in ["", ".", ".5", "a b", "a'", "ä", "a.x", "a.", "a.5.6", "a.-5", "a.99999999999", long.as_str()] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
