//! `calibration`: do people leave more often, and say worse things, where views felt worse?

use super::shapes::CalibrationAnswer;
use crate::answer::{Answer, Data, echo};
use crate::calls::{Question, respond};
use crate::grammar::{Call, Dimension, Query, Who};
use crate::journeys::JourneyParameters;
use crate::planner::conditions::{conditions, raw_column};
use crate::planner::scope::{Scope, SiteTable, Statement};
use crate::planner::{Ask, Window, window_conditions};
use crate::record::{Record, number, number_or_null, share};
use crate::state::QueryState;
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use felt_http::Problem;
use felt_schema::anchors::{LEVEL_NOT_JUDGED, Level};
use felt_schema::happiness::{Calibration, calibrate};
use felt_store::{JsonRow, Param};
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::Value;

/// A visit whose last view began so short a time ago may still go on.
const VISIT_PAUSE_MS: i64 = 30 * 60 * 1_000;
/// Fewest views of a level that words are made of.
const VIEWS_MIN: i64 = 30;

/// How often people stayed after views of each level, and what they said of them.
#[utoipa::path(
    get, path = "/api/v1/sites/{site}/calibration", tag = "scales", operation_id = "calibration",
    params(("site" = String, Path, description = "The site's key"), JourneyParameters),
    responses((status = 200, description = "A row per level; CSV and NDJSON too", body = CalibrationAnswer), crate::openapi::Problems),
    security(("bearer" = ["read:metrics"]))
)]
pub async fn calibration(
    State(state): State<QueryState>,
    Path(site): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    respond(state, Call::Calibration, (site, String::new()), query, headers, compute).await
}

fn compute(question: Question) -> BoxFuture<'static, Result<Answer, Problem>> {
    async move {
        let Question { state, site, query, window, now_ms, .. } = &question;
        // Nothing but single views can tell this.
        let by_path = Ask { by: vec![Dimension::Path], ..Ask::counts(&query.filters, query.who) };
        let plan = state.plan(&by_path, *window)?;
        let over_ms = window.to_ms.min(*now_ms) - VISIT_PAUSE_MS;
        let stays = state.rows("calibration", site, &stays(site, query, *window, over_ms)).await?;
        let said = state.rows("calibration", site, &feedback(site, query, *window)).await?;
        let by_level = |rows: &[JsonRow], column: usize| {
            std::array::from_fn(|level| {
                let row = rows.iter().find(|row| row.first().and_then(Value::as_u64) == Some(level as u64));
                row.and_then(|row| row.get(column)?.as_f64())
            })
        };
        let counts = |column| by_level(&stays, column).map(|count: Option<f64>| count.unwrap_or(0.0) as i64);
        let (views, left) = (counts(1), counts(2));
        let fitted = calibrate(views, left);
        let feedback: [Option<f64>; 4] = by_level(&said, 1);
        let means: [Option<f64>; 4] = by_level(&said, 2);
        let row = |level: &Level| {
            let place = *level as usize;
            Record::new()
                .with("level", level.name())
                .with("weight_now", number(level.points() as f64 / 4.0))
                .with("views", views[place])
                .with("left", left[place])
                .with("stayed", share(views[place] - left[place], views[place]))
                .with("stayed_fitted", number_or_null(fitted.stay[place]))
                .with("weight", number_or_null(fitted.weights.map(|weights| weights[place])))
                .with("feedback", feedback[place].unwrap_or(0.0) as i64)
                .with("feedback_mean", number_or_null(means[place]))
        };
        let data = Data::Rows(Level::ALL.iter().map(row).collect());
        let sample_rate = state.sample_rate(site, *now_ms).await;
        let more = [("words".to_owned(), Value::from(words(views, &fitted)))].into_iter().collect();
        let (source, warnings) = (plan.kind(), plan.warnings.clone());
        let told = Answer::plain(echo(query, plan.window, None), views.iter().sum(), data);
        Ok(Answer { source, sample_rate, warnings, more, ..told })
    }
    .boxed()
}

fn words(views: [i64; 4], fitted: &Calibration) -> String {
    let enough = |level: &&Level| views[**level as usize] >= VIEWS_MIN;
    let best = Level::ALL.iter().find(enough);
    let worst = Level::ALL.iter().rev().find(enough).filter(|worst| Some(*worst) != best);
    let stayed = |level: &Level| 100.0 * fitted.stay[*level as usize].unwrap_or(0.0);
    match (best, worst) {
        (Some(best), Some(worst)) => format!(
            "After {} views {:.0} % of visitors stayed, after {} ones {:.0} %.",
            best.name(),
            stayed(best),
            worst.name(),
            stayed(worst)
        ),
        _ => "Too few views to say whether people leave more where views felt worse.".to_owned(),
    }
}

fn view_conditions(scope: &mut Scope, query: &Query, window: Window) -> Vec<String> {
    let mut of_views = window_conditions(scope, window);
    match query.who {
        Who::Humans => of_views.push("bot = ''".into()),
        Who::Bots => of_views.push("bot != ''".into()),
        Who::All => {}
    }
    of_views.extend(conditions(scope, &query.filters, &raw_column));
    of_views
}

/// For each level its views, and after how many of them nothing more came of the visit. Visits that may still go on are left out.
fn stays(site: &str, query: &Query, window: Window, over_ms: i64) -> Statement {
    let mut scope = Scope::of(site);
    let mut of_views = view_conditions(&mut scope, query, window);
    of_views.push(format!("level != {LEVEL_NOT_JUDGED}"));
    let over = scope.bind("Int64", Param::Int(over_ms));
    let counts: Vec<String> = (0..4).map(|level| format!("sumIf(toInt64(sign), level = {level})")).collect();
    let counts = format!("[{}]", counts.join(", "));
    let rows = scope.rows(SiteTable::PageViews, "session, level, sign, seq, started_at", &of_views).select(
        &format!("argMaxIf(level, (started_at, seq), sign = 1) AS last_level, {counts} AS counts"),
        &format!("GROUP BY session HAVING max(started_at) < fromUnixTimestamp64Milli({over}, 'UTC') AND sum(sign) > 0"),
    );
    scope.statement(
        "toUInt8(place - 1) AS of_level, toInt64(sum(counted)), toInt64(countIf(last_level = place - 1))",
        rows,
        "ARRAY JOIN counts AS counted, arrayEnumerate(counts) AS place GROUP BY of_level",
    )
}

/// For each level the feedback that was given on its views, and its mean as a share of the scale.
fn feedback(site: &str, query: &Query, window: Window) -> Statement {
    let mut scope = Scope::of(site);
    let mut of_events = crate::journeys::event_conditions(&mut scope, window, query.who);
    if let Some(kind) = of_events.first_mut() {
        *kind = "type = 'feedback'".to_owned();
    }
    let given = |columns: &str, scope: &Scope| scope.rows(SiteTable::Events, columns, &of_events).within();
    let mut of_views = view_conditions(&mut scope, query, window);
    let (pages, views) = (given("DISTINCT page", &scope), given("DISTINCT view", &scope));
    of_views.push(format!("page IN {pages} AND view IN {views}"));
    let said = scope
        .rows(SiteTable::Events, "view, n, seq, sign, score, of", &of_events)
        .select("view, argMaxIf((score, of), seq, sign = 1) AS said", "GROUP BY view, n HAVING sum(sign) > 0")
        .within();
    let rows = scope
        .rows(SiteTable::PageViews, "view, level, seq, sign", &of_views)
        .select("view, argMaxIf(level, seq, sign = 1) AS of_level", "GROUP BY view HAVING sum(sign) > 0")
        .select("of_level, said.1 / said.2 AS share", &format!("AS judged INNER JOIN {said} AS told USING (view)"));
    scope.statement(
        "toUInt8(of_level), toInt64(count()), avg(share)",
        rows,
        &format!("WHERE of_level != {LEVEL_NOT_JUDGED} AND isFinite(share) GROUP BY of_level"),
    )
}
