//! `schema`: everything that a user interface needs to build itself: metrics, dimensions, limits, causes.

use super::{Question, respond};
use crate::answer::{Answer, Data, echo};
use crate::grammar::{Call, DAY_MS, Dimension, Measure, RANGES, Stat, Step, Vs, Who};
use crate::planner::Window;
use crate::planner::scope::{Scope, SiteTable, Statement};
use crate::record::number;
use crate::state::QueryState;
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use felt_http::Problem;
use felt_schema::anchors::{Anchors, Level};
use felt_schema::happiness::Cause;
use felt_schema::metric::{Metric, TIMING_PREFIX};
use felt_store::Param;
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::{Value, json};

/// Days back in which an app's own timings are looked for.
const TIMINGS_DAYS: i64 = 28;
/// Days back in which a site's tags are looked for: single views have to be read.
const TAGS_DAYS: i64 = 7;
/// Most timings and most tags that are listed.
const LISTED_MAX: usize = 100;

/// Metrics with their limits, dimensions with their operators, and all words of the grammar.
#[utoipa::path(
    get, path = "/api/v1/sites/{site}/schema", tag = "schema", operation_id = "schema",
    params(("site" = String, Path, description = "The site's key")),
    responses((status = 200, description = "What can be asked", body = crate::openapi::SchemaAnswer,
        headers(("ETag" = String, description = "Send it back as If-None-Match"))), crate::openapi::Problems),
    security(("bearer" = ["read:metrics"]))
)]
pub async fn schema(
    State(state): State<QueryState>,
    Path(site): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    respond(state, Call::Schema, (site, String::new()), query, headers, compute).await
}

fn compute(question: Question) -> BoxFuture<'static, Result<Answer, Problem>> {
    async move {
        let timings = names(&question, timings_statement(&question)).await?;
        let tags = names(&question, tags_statement(&question)).await?;
        let Question { state, site, query, window, .. } = &question;
        let name = state.sites.get(site).map_or(site.as_str(), |site| site.display_name());
        let dimensions = Dimension::FIXED.into_iter().chain(tags.into_iter().map(Dimension::Tag));
        let data = json!({
            "site": {"key": site, "name": name},
            "metrics": metrics(timings),
            "dimensions": dimensions.map(|dimension| json!({
                "name": dimension.name(),
                "label": dimension.label(),
                "ops": dimension.ops().iter().map(|op| op.name()).collect::<Vec<_>>(),
            })).collect::<Vec<_>>(),
            "stats": Stat::ALL.map(Stat::name),
            "steps": Step::ALL.map(Step::name),
            "ranges": RANGES,
            "who": Who::ALL.map(Who::name),
            "vs": Vs::FORMS,
            "calls": calls(),
            "causes": Cause::ALL.map(|cause| json!({"name": cause.name(), "label": cause.label()})),
            "levels": Level::ALL.map(|level| json!({"name": level.name(), "points": level.points()})),
        });
        Ok(Answer::plain(echo(query, *window, None), 0, Data::One(data)))
    }
    .boxed()
}

/// The calls that take the grammar, with the parameters of each.
fn calls() -> Vec<Value> {
    let call = |call: Call| {
        let parameters: Vec<&str> = call.parameters().iter().map(|parameter| parameter.name()).collect();
        json!({"name": call.name(), "parameters": parameters})
    };
    // One visit has the name of the list, and no parameters.
    Call::ALL.into_iter().filter(|known| *known != Call::Session).map(call).collect()
}

fn metrics(timings: Vec<String>) -> Vec<Value> {
    let happiness = json!({
        "name": "happiness", "label": "Happiness", "unit": "score", "kind": "score", "limits": null, "levels": null,
        "description": "How the visits felt, 0 to 100: the levels of all page views that could be judged",
        "source": "docs/happiness.md",
    });
    let apdex = json!({
        "name": "apdex", "label": "Apdex", "unit": "ratio", "kind": "apdex", "limits": null, "levels": null,
        "description": "The share of page views that opened within T, and half of those within 4 T; T is where annoying begins",
        "source": "docs/happiness.md",
    });
    let value = |metric: Metric| {
        let shown = |micro: u32| number(metric.from_micro(micro));
        json!({
            "name": metric.name(), "label": metric.label(), "unit": metric.unit(), "kind": "value",
            "limits": metric.limits().map(|(good, fair)| [shown(good), shown(fair)]),
            "levels": metric.anchors().thresholds.map(shown),
            "description": metric.description(), "source": metric.source(),
        })
    };
    let timing = |name: String| {
        json!({
            "name": Measure::Timing(name.clone()).name(), "label": name, "unit": "ms", "kind": "timing", "limits": null,
            "levels": Anchors::WAIT.thresholds.map(|micro| number(f64::from(micro) / 1e3)),
            "description": "A timing of the site's own", "source": null,
        })
    };
    let values = Metric::ALL.into_iter().map(value);
    [happiness, apdex].into_iter().chain(values).chain(timings.into_iter().map(timing)).collect()
}

fn since(question: &Question, days: i64) -> Window {
    let to_ms = question.now_ms + DAY_MS;
    Window { from_ms: question.now_ms - days * DAY_MS, to_ms }
}

fn timings_statement(question: &Question) -> Statement {
    let window = since(question, TIMINGS_DAYS);
    let mut scope = Scope::of(&question.site);
    let from = scope.bind("UInt32", Param::UInt(u64::try_from(window.from_ms / 1000).unwrap_or(0)));
    let day = scope.bind("UInt32", Param::UInt(u64::try_from((window.from_ms - DAY_MS) / 1000).unwrap_or(0)));
    let conditions = [
        "grouping = 'site'".to_owned(),
        format!("startsWith(metric, '{TIMING_PREFIX}')"),
        format!("time >= toDateTime({from}, 'UTC')"),
        format!("day >= toDate(toDateTime({day}, 'UTC'))"),
    ];
    let rows = scope.rows(SiteTable::RollupHour, "metric, valid", &conditions);
    let select = format!("substring(metric, {}) AS name", TIMING_PREFIX.len() + 1);
    let rest =
        format!("GROUP BY name HAVING sum(valid) > 0 AND name != '' ORDER BY sum(valid) DESC, name LIMIT {LISTED_MAX}");
    scope.statement(&select, rows, &rest)
}

fn tags_statement(question: &Question) -> Statement {
    let mut scope = Scope::of(&question.site);
    let conditions = crate::planner::window_conditions(&mut scope, since(question, TAGS_DAYS));
    let rows = scope.rows(SiteTable::PageViews, "arrayJoin(mapKeys(tags)) AS name, sign", &conditions);
    let rest =
        format!("GROUP BY name HAVING sum(sign) > 0 AND name != '' ORDER BY sum(sign) DESC, name LIMIT {LISTED_MAX}");
    scope.statement("name", rows, &rest)
}

async fn names(question: &Question, statement: Statement) -> Result<Vec<String>, Problem> {
    let rows = question.state.rows("schema", &question.site, &statement).await?;
    Ok(rows.into_iter().filter_map(|row| row.into_iter().next()?.as_str().map(str::to_owned)).collect())
}
