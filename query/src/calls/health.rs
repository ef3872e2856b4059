//! `health`: how fresh the data is, and what became of everything that was received.

use super::{Question, respond};
use crate::answer::{Answer, Data, echo};
use crate::grammar::{Call, Dimension, Who, rfc3339};
use crate::planner::scope::{Scope, SiteTable};
use crate::planner::{Ask, Plan, SourceKind, Window};
use crate::record::share;
use crate::state::QueryState;
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use felt_http::Problem;
use felt_schema::outcome::side;
use felt_store::Param;
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::{Map, Value, json};

/// Freshness, accepted and refused by reason, the bots' share, dropped fields, folded values.
#[utoipa::path(
    get, path = "/api/v1/sites/{site}/health", tag = "health", operation_id = "health",
    params(("site" = String, Path, description = "The site's key"), crate::openapi::HealthParameters),
    responses((status = 200, description = "The state of the data", body = crate::openapi::HealthAnswer,
        headers(("ETag" = String, description = "Send it back as If-None-Match"))), crate::openapi::Problems),
    security(("bearer" = ["read:metrics"]))
)]
pub async fn health(
    State(state): State<QueryState>,
    Path(site): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    respond(state, Call::Health, (site, String::new()), query, headers, compute).await
}

fn compute(question: Question) -> BoxFuture<'static, Result<Answer, Problem>> {
    async move {
        let Question { state, site, query, window, mark, now_ms, .. } = &question;
        let outcomes = outcomes(&question, *window).await?;
        let sum =
            |name: &str| outcomes.iter().filter(|(outcome, _, _)| outcome == name).map(|(_, _, n)| n).sum::<i64>();
        let reasons = |name: &str| -> Map<String, Value> {
            let of = outcomes.iter().filter(|(outcome, _, _)| outcome == name);
            of.map(|(_, reason, count)| (reason.clone(), Value::from(*count))).collect()
        };
        let everybody = Ask::counts(&[], Who::All);
        let plan = state.plan(&everybody, *window)?;
        let all = state.cells("health", site, &everybody, &plan).await?;
        let bots = state.cells("health", site, &Ask::counts(&[], Who::Bots), &plan).await?.views();
        let parts = ["accepted", "replaced", "filtered", "refused"].map(sum);
        let lag_seconds = mark.fresh_to_ms.map(|fresh_to_ms| (now_ms - fresh_to_ms).max(0) / 1000);
        let data = json!({
            "fresh_to": mark.fresh_to_ms.map(rfc3339),
            "lag_seconds": lag_seconds,
            "received": parts.iter().sum::<i64>(),
            "accepted": parts[0],
            "replaced": parts[1],
            "filtered": reasons("filtered"),
            "refused": reasons("refused"),
            "field_drops": reasons(side::FIELD_DROP),
            "folded": reasons(side::FOLDED),
            "bot_share": share(bots, all.views()),
            "views": all.views(),
            "waiting": waiting(&question, all.views()).await?,
        });
        Ok(Answer {
            source: plan.kind(),
            sample_rate: question.sample_rate(&plan, all.sample_rate()).await,
            warnings: plan.warnings.clone(),
            ..Answer::plain(echo(query, plan.window, None), all.views(), Data::One(data))
        })
    }
    .boxed()
}

/// Outcomes with their reasons and counts.
async fn outcomes(question: &Question, window: Window) -> Result<Vec<(String, String, i64)>, Problem> {
    let mut scope = Scope::of(&question.site);
    let mut second = |ms: i64| scope.bind("UInt32", Param::UInt(u64::try_from(ms.div_euclid(1000)).unwrap_or(0)));
    let (from, to) = (second(window.from_ms), second(window.to_ms + 999));
    let conditions = [format!("minute >= toDateTime({from}, 'UTC')"), format!("minute < toDateTime({to}, 'UTC')")];
    let rows = scope.rows(SiteTable::Outcomes, "outcome, reason, count", &conditions);
    let rest = "GROUP BY outcome, reason HAVING sum(count) != 0 ORDER BY sum(count) DESC, reason";
    let statement = scope.statement("outcome, reason, sum(count)", rows, rest);
    let rows = question.state.rows("health", &question.site, &statement).await?;
    let read = |row: Vec<Value>| {
        let count = row.get(2).and_then(|value| value.as_i64().or_else(|| value.as_str()?.parse().ok()))?;
        Some((row[0].as_str()?.to_owned(), row[1].as_str()?.to_owned(), count))
    };
    Ok(rows.into_iter().filter_map(read).collect())
}

/// Whether no page view has ever come in.
async fn waiting(question: &Question, views: i64) -> Result<bool, Problem> {
    if views > 0 {
        return Ok(false);
    }
    let scope = Scope::of(&question.site);
    let rows = scope.rows(SiteTable::RollupHour, "1", &["1".to_owned()]);
    let statement = scope.statement("1", rows, "LIMIT 1");
    Ok(question.state.rows("health", &question.site, &statement).await?.is_empty())
}

/// Under which reasons the processor counts what it folds of a dimension.
fn fold_reasons(dimension: &Dimension) -> &'static [&'static str] {
    match dimension {
        Dimension::Page => &["page"],
        Dimension::Release => &["release"],
        Dimension::Referrer => &["referrer"],
        Dimension::Lang => &["lang"],
        Dimension::Connection => &["connection"],
        Dimension::Browser => &["browser"],
        Dimension::Os => &["os"],
        Dimension::Tag(_) => &["tag_name", "tag_value"],
        _ => &[],
    }
}

/// A warning for each dimension of the question's filters of which values were folded into one in the window.
pub(super) async fn folded(question: &Question, plan: &Plan) -> Result<Vec<String>, Problem> {
    let query = &question.query;
    // Of a dimension that the answer is grouped by, the group itself tells it, exactly.
    let asked: Vec<&Dimension> = query
        .filters
        .iter()
        .map(|filter| &filter.dimension)
        .filter(|dimension| !query.by.contains(dimension) && !fold_reasons(dimension).is_empty())
        .collect();
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let outcomes = outcomes(question, plan.window).await?;
    let mut told: Vec<String> = Vec::new();
    for dimension in asked {
        let reasons = fold_reasons(dimension);
        let of = outcomes
            .iter()
            .filter(|(outcome, reason, _)| outcome == side::FOLDED && reasons.contains(&reason.as_str()));
        let count: i64 = of.map(|(_, _, count)| count).sum();
        let sentence = format!("{}: {count} values beyond the day's budget were folded into (other)", dimension.name());
        if count > 0 && !told.contains(&sentence) {
            told.push(sentence);
        }
    }
    Ok(told)
}

impl Question {
    /// The share of views that sampling kept. Rollups do not know it; then it is that of the views that are still
    /// kept singly, and of nothing it is unknown.
    pub(crate) async fn sample_rate(&self, plan: &Plan, known: Option<f64>) -> Option<f64> {
        if plan.kind() != SourceKind::Rollup {
            return known.or(Some(1.0));
        }
        self.state.sample_rate(&self.site, self.now_ms).await
    }
}
