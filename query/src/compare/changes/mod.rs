//! `changes`: what changed on which page, in which hour, and whom it hit.
//!
//! Looked for in the hour rollup alone, by exact counts: the share of unhappiness, and of values above a metric's good limit. [`series`] reads
//! them, `schema::compare::changes` finds, and [`suspects`] asks single page views whom the change hit.

mod series;
mod suspects;

use crate::answer::{Answer, Data, echo};
use crate::calls::{Question, respond};
use crate::grammar::{Call, DAY_MS, Dimension, Fault, Filter, HOUR_MS, Measure, Op, rfc3339};
use crate::planner::{Ask, Source, SourceKind, Window};
use crate::record::{Record, number, number_or_null};
use crate::state::{QueryState, fault_problem};
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use felt_http::Problem;
use felt_schema::compare::Verdict;
use felt_schema::compare::changes::{Change, DAYS_BACK, changes as find, threshold};
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, TryStreamExt};
use series::Series;

/// Longest range that is looked through.
const DAYS_MAX: i64 = 31;
/// Changes that are told with percentiles and suspects; further ones are counted.
const TOLD_MAX: usize = 20;
/// Changes that are looked into at the same time.
const AT_ONCE: usize = 4;
/// What is looked at of a change, from its first hour on.
const LOOKED_AT_MS: i64 = DAY_MS;
const WEEK_MS: i64 = 7 * DAY_MS;

/// Changes of happiness and of metrics, page by page and hour by hour against the same hours of the days before, the newest first, each with
/// the values of dimensions that are over-represented among the bad page views.
#[utoipa::path(
    get, path = "/api/v1/sites/{site}/changes", tag = "metrics", operation_id = "changes",
    params(("site" = String, Path, description = "The site's key"), crate::openapi::ChangesParameters),
    responses((status = 200, description = "A row per change", body = crate::openapi::Changes,
        headers(("ETag" = String, description = "Send it back as If-None-Match"))), crate::openapi::Problems),
    security(("bearer" = ["read:metrics"]))
)]
pub async fn changes(
    State(state): State<QueryState>,
    Path(site): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    respond(state, Call::Changes, (site, String::new()), query, headers, compute).await
}

/// A change with the series that it is of.
struct Found<'a> {
    series: &'a Series,
    change: Change,
    at_ms: i64,
    end_ms: i64,
}

fn compute(question: Question) -> BoxFuture<'static, Result<Answer, Problem>> {
    async move {
        let Question { state, query, window, now_ms, .. } = &question;
        let dimension = query.by.first().cloned().unwrap_or(Dimension::Page);
        // Whole hours that are over: what has begun lacks views that would come to look missing.
        let hour = |ms: i64| ms.div_euclid(HOUR_MS) * HOUR_MS;
        let judged = Window { from_ms: hour(window.from_ms), to_ms: hour(window.to_ms.min(*now_ms)) };
        if judged.to_ms - judged.from_ms > DAYS_MAX * DAY_MS {
            let detail = format!("changes are looked for in at most {DAYS_MAX} days: take a shorter range");
            return Err(fault_problem(Fault::new("range", detail)));
        }
        if let Some(measure) = query.metrics.iter().find(|measure| !series::is_watched(measure)) {
            let detail = format!("`{}` has no limits, and changes are those of shares beyond a limit", measure.name());
            return Err(fault_problem(Fault::new("metrics", detail)));
        }
        let ask = Ask { by: vec![dimension.clone()], measures: query.metrics.clone(), ..Ask::counts(&query.filters, query.who) };
        let read = Window { from_ms: judged.from_ms - DAYS_BACK as i64 * DAY_MS, to_ms: judged.to_ms };
        let plan = state.plan(&ask, read)?;
        let Source::Rollup { grouping, .. } = plan.source else {
            let detail = "changes are looked for in rollups: by page (with filters by page and device), device, country, release or \
                          browser, each with filters by itself";
            return Err(fault_problem(Fault { did_you_mean: Some("page".into()), ..Fault::new("by", detail) }));
        };
        let all = series::read(&question, &ask, grouping, read).await?;
        let hours = usize::try_from((judged.to_ms - judged.from_ms) / HOUR_MS).unwrap_or(0);
        let from = DAYS_BACK * 24;
        let limit = threshold(all.len(), hours);
        let mut found = Vec::new();
        for series in &all {
            let of_series = find(&series.points, read.from_ms / HOUR_MS, from, limit);
            let at = |index: usize| read.from_ms + index as i64 * HOUR_MS;
            found.extend(of_series.into_iter().map(|change| Found {
                series,
                change,
                at_ms: at(change.at),
                end_ms: at(change.end),
            }));
        }
        found.sort_by(|one, other| other.at_ms.cmp(&one.at_ms).then_with(|| one.series.name.cmp(&other.series.name)));
        let total = found.len();
        found.truncate(TOLD_MAX.min(query.limit as usize));
        let told: Vec<_> = found.iter().map(|found| row(&question, &dimension, found)).collect();
        let rows: Vec<Record> = futures::stream::iter(told).buffered(AT_ONCE).try_collect().await?;
        let mut warnings = plan.warnings.clone();
        if total > found.len() {
            warnings.push(format!("{total} changes were found, of which the newest {} are told", found.len()));
        }
        if all.len() >= series::SERIES_MAX {
            warnings.push(format!("the {} series with the most page views were watched", all.len()));
        }
        let mut echo = echo(query, judged, None);
        echo.insert("by".into(), vec![dimension.name().into_owned()].into());
        Ok(Answer {
            source: SourceKind::Rollup,
            sample_rate: question.sample_rate(&plan, None).await,
            warnings,
            ..Answer::plain(echo, series::views(&all, from), Data::Rows(rows))
        })
    }
    .boxed()
}

async fn row(question: &Question, dimension: &Dimension, found: &Found<'_>) -> Result<Record, Problem> {
    let Found { series, change, at_ms, end_ms } = found;
    let measure = &series.measure;
    let of_group = Filter { dimension: dimension.clone(), op: Op::Is, values: vec![series.name.clone()] };
    let filters: Vec<Filter> = question.query.filters.iter().cloned().chain([of_group]).collect();
    let after = Window { from_ms: *at_ms, to_ms: (*end_ms).min(at_ms + LOOKED_AT_MS) };
    // The same hours of the same weekdays, if the change is not older than that itself.
    let before = Window { from_ms: after.from_ms - WEEK_MS, to_ms: after.to_ms - WEEK_MS };
    let ask = Ask::counts(&filters, question.query.who);
    let happiness = *measure == Measure::Happiness;
    let (value_before, value_after) = if happiness {
        (Some(100.0 * (1.0 - change.before)), Some(100.0 * (1.0 - change.after)))
    } else {
        (p75(question, measure, &ask, before).await?, p75(question, measure, &ask, after).await?)
    };
    let worse = change.after > change.before;
    let suspects = suspects::found(question, &ask, measure, worse, [after, before]).await?;
    let name = Some(series.name.clone()).filter(|name| !name.is_empty());
    Ok(Record::new()
        .with("at", rfc3339(*at_ms))
        .with(
            "until",
            (*end_ms < question.window.to_ms.min(question.now_ms).div_euclid(HOUR_MS) * HOUR_MS)
                .then(|| rfc3339(*end_ms)),
        )
        .with("metric", measure.name())
        .with("unit", measure.unit())
        .with("stat", if happiness { "score" } else { "p75" })
        .with(dimension.name(), name)
        .with("before", number_or_null(value_before))
        .with("after", number_or_null(value_after))
        .with("difference", number_or_null(value_before.zip(value_after).map(|(before, after)| after - before)))
        .with("bad_before", number(change.before))
        .with("bad_after", number(change.after))
        .with("views", change.count.round() as i64)
        .with("verdict", if worse { Verdict::Worse } else { Verdict::Better }.name())
        .with("suspects", suspects))
}

/// The 75th percentile of a window, in the metric's unit.
async fn p75(question: &Question, measure: &Measure, ask: &Ask, window: Window) -> Result<Option<f64>, Problem> {
    let ask = Ask { measures: vec![measure.clone()], histograms: true, ..ask.clone() };
    let plan = question.state.plan(&ask, window)?;
    let cells = question.state.cells("changes", &question.site, &ask, &plan).await?;
    let cell = cells.groups.first().and_then(|group| group.cells.first());
    let found = cell.and_then(|cell| crate::figures::percentile(measure, cell, 75));
    Ok(found.map(|(value, _, _)| value / measure.micro_per_unit()))
}
