//! `slos/{id}/backtest` and `slos/{id}/suggest`: would it have held, and what should be promised?

use super::calls::known;
use super::minutes;
use super::promise::Promise;
use crate::fields::{self, Wrong};
use crate::grammar::rfc3339;
use crate::people::reply;
use crate::record::{number, number_or_null};
use crate::state::QueryState;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use felt_http::{Problem, Scope};
use felt_schema::budget::{Series, WindowError};
use felt_schema::slo::history::{self, Day, Past};
use felt_schema::slo::standing::{RULES_LOOK_S, period_min};
use felt_schema::slo::{Share, Slo};
use serde::Serialize;
use serde_json::Value;

/// Days where nobody says how many, and at most: their minutes must fit into one answer of the store.
const DAYS: u32 = 28;
const DAYS_MAX: u32 = 90;
const DAY_S: i64 = 86_400;

/// How the promise would have stood at the end of a day.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct BacktestDay {
    /// The moment.
    pub at: String,
    /// The share of good in the window before it; null without data.
    #[schema(value_type = Option<f64>, required)]
    pub sli: Value,
    /// The share of the budget that was left.
    #[schema(value_type = Option<f64>, required)]
    pub remaining: Value,
    /// Whether anything was.
    #[schema(required)]
    pub held: Option<bool>,
}

/// How often a rule would have fired.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct BacktestRule {
    /// The rule.
    pub rule: String,
    /// How often.
    pub fired: u32,
    /// For how many minutes altogether.
    pub minutes: i64,
}

/// Whether an objective would have held.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Backtest {
    /// The objective that was tried.
    pub objective: f64,
    /// Days that were looked at.
    pub days: u32,
    /// Those of them with data in their window.
    pub days_known: usize,
    /// Whether it would have held at the end of every one; null without data.
    #[schema(required)]
    pub held: Option<bool>,
    /// The day with the least left.
    #[schema(required)]
    pub worst: Option<BacktestDay>,
    /// What the alerts would have done.
    pub alerts: Vec<BacktestRule>,
    /// The days, the oldest first.
    pub by_day: Vec<BacktestDay>,
    /// The same in words.
    pub words: String,
}

/// What `POST slos/{id}/backtest` answers.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct BacktestAnswer {
    /// What would have been.
    pub data: Backtest,
}

/// An objective, and on how many days it would have held.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Candidate {
    /// The objective.
    pub objective: f64,
    /// Days at whose end something was left.
    pub held: usize,
    /// Days with data.
    pub days: usize,
}

/// What to promise.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Suggestion {
    /// The highest objective that would have held on 95 of 100 days; null where none would, or nothing is known.
    #[schema(value_type = Option<f64>, required)]
    pub suggested: Value,
    /// The objective that is promised now.
    pub objective: f64,
    /// What else could be.
    pub candidates: Vec<Candidate>,
    /// The same in words.
    pub words: String,
}

/// What `GET slos/{id}/suggest` answers.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct SuggestionAnswer {
    /// What to promise.
    pub data: Suggestion,
}

impl BacktestDay {
    fn of(day: &Day) -> Self {
        let (sli, remaining) = (number_or_null(day.sli), number_or_null(day.remaining));
        Self { at: rfc3339(day.at_s * 1_000), sli, remaining, held: day.held() }
    }
}

/// Whether the promise would have held over the last days, with this objective or another: `{"objective"?, "days"?}`.
#[utoipa::path(
    post, path = "/api/v1/sites/{site}/slos/{id}/backtest", tag = "slos", operation_id = "backtest_slo",
    params(("site" = String, Path, description = "The site's key"), ("id" = String, Path, description = "The SLO's id")),
    request_body(content((Object = "application/json"))),
    responses((status = 200, description = "What would have been", body = BacktestAnswer), crate::openapi::Problems),
    security(("bearer" = ["read:metrics"]))
)]
pub async fn backtest_slo(
    State(state): State<QueryState>,
    Path((site, id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let promise = known(&state, &site, &id, &headers, Scope::ReadMetrics).await?;
    let mut wrong = Wrong::default();
    let mut fields = fields::object(&headers, body).await?;
    let days = fields.whole("days", 1, DAYS_MAX, &mut wrong).unwrap_or(DAYS);
    let objective = match fields.take("objective") {
        None => Some(promise.slo.objective),
        Some(value) => {
            let share = value.as_f64().and_then(Share::of_ratio).filter(|share| *share < Share::ONE);
            if share.is_none() {
                wrong.add("objective", "must be more than 0 and less than 1");
            }
            share
        }
    };
    fields.end(&mut wrong);
    let slo = Slo { objective: wrong.check(objective)?, ..promise.slo.clone() };
    let now_s = state.clock.now_ms().div_euclid(60_000) * 60;
    let series = series(&state, &promise, now_s, days).await?;
    let past = history::past(&slo, &series, now_s, days).map_err(outside)?;
    Ok(reply::one(StatusCode::OK, told(&slo, &past, days)))
}

fn told(slo: &Slo, past: &Past, days: u32) -> Backtest {
    let worst = past.worst().map(BacktestDay::of);
    let fired: u32 = past.fired.iter().map(|fired| fired.times).sum();
    let percent = (slo.objective.ratio() * 1e6).round() / 1e4;
    let words = match (past.held(), &worst) {
        (Some(true), _) => {
            format!("{percent} % would have held on every day; its alerts would have fired {fired} times")
        }
        (Some(false), Some(worst)) => {
            format!(
                "{percent} % would not have held: least was left at {}; its alerts would have fired {fired} times",
                worst.at
            )
        }
        _ => "nothing was measured in these days".to_owned(),
    };
    let rule =
        |fired: &history::Fired| BacktestRule { rule: fired.rule.clone(), fired: fired.times, minutes: fired.minutes };
    Backtest {
        objective: slo.objective.ratio(),
        days,
        days_known: past.days.iter().filter(|day| day.remaining.is_some()).count(),
        held: past.held(),
        worst,
        alerts: past.fired.iter().map(rule).collect(),
        by_day: past.days.iter().map(BacktestDay::of).collect(),
        words,
    }
}

/// Which objective history argues for.
#[utoipa::path(
    get, path = "/api/v1/sites/{site}/slos/{id}/suggest", tag = "slos", operation_id = "suggest_slo",
    params(("site" = String, Path, description = "The site's key"), ("id" = String, Path, description = "The SLO's id")),
    responses((status = 200, description = "What to promise", body = SuggestionAnswer), crate::openapi::Problems),
    security(("bearer" = ["read:metrics"]))
)]
pub async fn suggest_slo(
    State(state): State<QueryState>,
    Path((site, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let promise = known(&state, &site, &id, &headers, Scope::ReadMetrics).await?;
    let now_s = state.clock.now_ms().div_euclid(60_000) * 60;
    let series = series(&state, &promise, now_s, DAYS).await?;
    let candidates = history::candidates(&promise.slo, &series, now_s, DAYS).map_err(outside)?;
    let suggested = history::suggested(&candidates);
    let words = match suggested {
        Some(objective) => {
            format!(
                "{} % is the highest objective that would have held on 95 of 100 days",
                (objective * 1e6).round() / 1e4
            )
        }
        None if candidates.is_empty() => "nothing was measured yet".to_owned(),
        None => "none of the usual objectives would have held: mend what spends most first".to_owned(),
    };
    let candidate = |&(objective, held, days): &(f64, usize, usize)| Candidate { objective, held, days };
    let data = Suggestion {
        suggested: suggested.map_or(Value::Null, number),
        objective: promise.slo.objective.ratio(),
        candidates: candidates.iter().map(candidate).collect(),
        words,
    };
    Ok(reply::one(StatusCode::OK, data))
}

/// What was counted in the windows of all those days; by the minute where rules are judged.
async fn series(state: &QueryState, promise: &Promise, now_s: i64, days: u32) -> Result<Series, Problem> {
    let judged_s = i64::from(days) * DAY_S;
    let window_s = period_min(&promise.slo) * 60;
    let fine_s = judged_s + RULES_LOOK_S;
    minutes::series_by_minute(state, promise, now_s - (judged_s + window_s).max(fine_s)..now_s, fine_s).await
}

fn outside(error: WindowError) -> Problem {
    Problem::bad_request("window", error.to_string())
}
