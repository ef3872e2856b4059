//! `scales`: reading and trying out need `read:metrics`, writing `admin`.

use super::definition::{self, Kept, SCALES_MAX, current, newest, same_target, versions};
use super::preview;
use super::shapes::{PreviewAnswer, PreviewQuestion, ScaleDefinition, ScaleList, ScaleSaved};
use crate::documents::calls::{author, looked_at, room, take_back};
use crate::documents::{Document, Kind};
use crate::fields::{Wrong, check_id, object};
use crate::grammar::{Who, rfc3339};
use crate::people::reply;
use crate::planner::Ask;
use crate::record::{Record, number, number_or_null};
use crate::state::{QueryState, store_problem};
use crate::words::last;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use felt_http::{Problem, Scope};
use felt_schema::anchors::{Edge, Level};
use felt_schema::happiness::LevelCounts;
use felt_schema::metric::TIMING_PREFIX;
use felt_schema::scale::{Effective, METRICS, Measured, Scale, TEXT_BYTES_MAX, takes_effect_ms};
use serde_json::{Value, json};

/// Before the ids of the built-in scales; nobody else's begin so.
const BUILT_IN: &str = "built-in.";
/// The time that a preview looks at where nobody says.
const PREVIEW_RANGE: &str = "28d";

/// The scales that views are judged by: the site's own, then the built-in ones.
#[utoipa::path(
    get, path = "/api/v1/sites/{site}/scales", tag = "scales", operation_id = "scales",
    params(("site" = String, Path, description = "The site's key")),
    responses((status = 200, description = "By their ids; CSV and NDJSON too", body = ScaleList), crate::openapi::Problems),
    security(("bearer" = ["read:metrics"]))
)]
pub async fn scales(
    State(state): State<QueryState>,
    Path(site): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    state.site(&site, felt_http::bearer(&headers), Scope::ReadMetrics).await?;
    let now_ms = state.clock.now_ms();
    let versions = versions(&state, &site).await?;
    let own = current(&versions, now_ms).into_iter().map(|(kept, scale)| row(kept, scale, now_ms));
    Ok(reply::rows(&headers, own.chain(METRICS.map(|metric| built_in(&Measured::Metric(metric)))).collect()))
}

/// Sets a scale. It holds for what arrives from the next full minute on that is at least a minute away, and changes nothing before.
#[utoipa::path(
    put, path = "/api/v1/sites/{site}/scales/{id}", tag = "scales", operation_id = "put_scale",
    params(("site" = String, Path, description = "The site's key"), ("id" = String, Path, description = "The scale's id")),
    request_body = ScaleDefinition,
    responses((status = 200, description = "It is a new version", body = ScaleSaved),
        (status = 201, description = "It is new", body = ScaleSaved), crate::openapi::Problems),
    security(("bearer" = ["admin"]))
)]
pub async fn put_scale(
    State(state): State<QueryState>,
    Path((site, id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let author = author(&state, &site, &headers, Scope::Admin).await?;
    check_id(&id)?;
    if id.starts_with(BUILT_IN) {
        return Err(Problem::bad_request("invalid-id", format!("ids that begin with {BUILT_IN} are not to be had")));
    }
    let (mut fields, mut wrong) = (object(&headers, body).await?, Wrong::default());
    let scale = definition::read(&mut fields, &mut wrong);
    fields.end(&mut wrong);
    let scale = wrong.check(scale)?;
    let before = versions(&state, &site).await?;
    let others: Vec<(&Kept, &Scale)> = newest(&before).into_iter().filter(|(kept, _)| kept.id != id).collect();
    if let Some((other, _)) = others.iter().find(|(_, other)| same_target(other, &scale)) {
        let detail = format!("the scale `{}` is for the same views and measures the same: change that one", other.id);
        return Err(Problem::bad_request("same-scale", detail));
    }
    let new = !newest(&before).iter().any(|(kept, _)| kept.id == id);
    if new {
        room(others.len(), SCALES_MAX, "too-many-scales")?;
    }
    let text = serde_json::to_string(&scale).map_err(|_| Problem::internal())?;
    let written = Document::put(&state, Kind::Scale, &site, &id, &text, &author).await.map_err(store_problem)?;
    let version = before.iter().filter(|kept| kept.id == id).count() + 1;
    let kept = Kept { id, version, since_ms: takes_effect_ms(written.version_ms), author, scale: None };
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    Ok(reply::one(status, row(&kept, &scale, state.clock.now_ms())))
}

/// Takes a scale back, from the next full minute on that is at least a minute away.
#[utoipa::path(
    delete, path = "/api/v1/sites/{site}/scales/{id}", tag = "scales", operation_id = "delete_scale",
    params(("site" = String, Path, description = "The site's key"), ("id" = String, Path, description = "The scale's id")),
    responses((status = 204, description = "It is gone"), crate::openapi::Problems),
    security(("bearer" = ["admin"]))
)]
pub async fn delete_scale(
    State(state): State<QueryState>,
    Path((site, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let author = author(&state, &site, &headers, Scope::Admin).await?;
    take_back(&state, Kind::Scale, (&site, &id), &author, "this site has no such scale of its own").await
}

/// What the page views of a time would have scored by other scales. Nothing is changed.
#[utoipa::path(
    post, path = "/api/v1/sites/{site}/scales/preview", tag = "scales", operation_id = "preview_scales",
    params(("site" = String, Path, description = "The site's key")),
    request_body = PreviewQuestion,
    responses((status = 200, description = "What they would have scored", body = PreviewAnswer), crate::openapi::Problems),
    security(("bearer" = ["read:metrics"]))
)]
pub async fn preview_scales(
    State(state): State<QueryState>,
    Path(site): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    state.site(&site, felt_http::bearer(&headers), Scope::ReadMetrics).await?;
    let (mut fields, mut wrong) = (object(&headers, body).await?, Wrong::default());
    let range = fields.text("range", TEXT_BYTES_MAX, &mut wrong).unwrap_or_else(|| PREVIEW_RANGE.into());
    let mut proposed: Vec<Scale> = Vec::new();
    for (index, item) in fields.list("scales", 0, SCALES_MAX, &mut wrong).unwrap_or_default().into_iter().enumerate() {
        if let Some(mut item) = fields.item("scales", index, item, &mut wrong) {
            // As `scales` lists them, they come with an id: that is no fault.
            let _ = item.take("id");
            proposed.extend(definition::read(&mut item, &mut wrong));
            item.end(&mut wrong);
        }
    }
    fields.end(&mut wrong);
    let proposed = wrong.check(Some(proposed))?;
    let window = looked_at(&range, state.clock.now_ms())?;
    let kept = versions(&state, &site).await?;
    let held = newest(&kept)
        .into_iter()
        .map(|(_, scale)| scale)
        .filter(|held| !proposed.iter().any(|one| same_target(one, held)));
    let scales = Effective::of(proposed.iter().chain(held).cloned().collect());
    let plan =
        state.plan(&Ask { by: vec![crate::grammar::Dimension::Path], ..Ask::counts(&[], Who::Humans) }, window)?;
    let rows = state.rows("preview", &site, &preview::statement(&site, &scales, window)).await?;
    let count = |index: usize| rows.first().and_then(|row| row.get(index)?.as_i64()).unwrap_or(0);
    let (now, other) =
        (LevelCounts(std::array::from_fn(count)), LevelCounts(std::array::from_fn(|level| count(4 + level))));
    Ok(reply::one(
        StatusCode::OK,
        json!({
            "from": rfc3339(window.from_ms), "to": rfc3339(window.to_ms),
            "happiness": number_or_null(other.score().value), "happiness_now": number_or_null(now.score().value),
            "views": other.count(), "levels": levels(&other), "levels_now": levels(&now),
            "words": words(&range, &other, &now), "warnings": plan.warnings,
        }),
    ))
}

fn levels(counts: &LevelCounts) -> Vec<Value> {
    Level::ALL.iter().map(|level| json!({"level": level.name(), "count": counts.of(*level)})).collect()
}

fn words(range: &str, other: &LevelCounts, now: &LevelCounts) -> String {
    let last = last(range);
    match (other.score().value, now.score().value) {
        (Some(other), Some(now)) => {
            format!("With these anchors {last} would have scored {other:.0}; they scored {now:.0}.")
        }
        _ => format!("Nothing of {last} could be judged."),
    }
}

fn edge(edge: Edge) -> &'static str {
    match edge {
        Edge::Worse => "worse",
        Edge::Better => "better",
    }
}

fn row(kept: &Kept, scale: &Scale, now_ms: i64) -> Record {
    Record::new()
        .with("id", kept.id.as_str())
        .with("pages", scale.page.as_deref())
        .with("journey", scale.journey.as_deref())
        .with("metric", scale.metric.name())
        .with("thresholds", scale.thresholds.map(number).to_vec())
        .with("edge", edge(scale.metric.edge()))
        .with("version", kept.version)
        .with("since", rfc3339(kept.since_ms))
        .with("in_effect", kept.since_ms <= now_ms)
        .with("author", kept.author.as_str())
        .with("built_in", false)
}

fn built_in(measured: &Measured) -> Record {
    let thresholds = match measured {
        Measured::Metric(metric) => metric.anchors().thresholds.map(|micro| number(metric.from_micro(micro))).to_vec(),
        Measured::Timing(_) => Vec::new(),
    };
    Record::new()
        .with("id", format!("{BUILT_IN}{}", measured.name().trim_start_matches(TIMING_PREFIX)))
        .with("pages", Value::Null)
        .with("journey", Value::Null)
        .with("metric", measured.name())
        .with("thresholds", thresholds)
        .with("edge", edge(measured.edge()))
        .with("version", 0)
        .with("since", Value::Null)
        .with("in_effect", true)
        .with("author", Value::Null)
        .with("built_in", true)
}
