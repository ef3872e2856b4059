//! What the calls about promises answer.

use super::promise::Promise;
use super::words;
use crate::grammar::rfc3339;
use crate::record::{number, number_or_null};
use felt_schema::budget::Forecast;
use felt_schema::burn::{Rule, State};
use felt_schema::slo::Finding;
use felt_schema::slo::standing::{Alert, BURN_WINDOWS, Standing, unreachable};
use serde::Serialize;
use serde_json::{Map, Value};

/// A promise and how it stands.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct SloData {
    /// Its id on the site.
    pub id: String,
    /// The promise in plain words.
    pub promise: String,
    /// The share of good that is promised.
    pub objective: f64,
    /// The share of good in the window; null without data.
    #[schema(value_type = Option<f64>, required)]
    pub sli: Value,
    /// What was good in the window: page views, or quarter points for a score.
    pub good: i64,
    /// What counted in the window.
    pub valid: i64,
    /// `no_data`, `ok`, `at_risk`, `exhausted` or `breached`.
    pub status: &'static str,
    /// The error budget.
    pub budget: BudgetData,
    /// How many times faster than allowed the budget burns, by window; null without data.
    #[schema(value_type = std::collections::BTreeMap<String, Option<f64>>)]
    pub burn: Map<String, Value>,
    /// Share of the hours since the first with data that have data: unmeasured time is not uptime.
    #[schema(value_type = Option<f64>, required)]
    pub coverage: Value,
    /// The burn-rate rules.
    pub alerts: Vec<AlertData>,
    /// The window that this is about.
    pub window: WindowData,
    /// What was promised, as `PUT` takes it.
    #[schema(value_type = Object)]
    pub definition: Value,
    /// What the reader should know.
    pub warnings: Vec<String>,
}

/// An error budget.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct BudgetData {
    /// Share that is left; below 0 when overspent. For calendar windows, of the whole period at the traffic expected.
    #[schema(value_type = Option<f64>, required)]
    pub remaining: Value,
    /// Share that is spent.
    #[schema(value_type = Option<f64>, required)]
    pub consumed: Value,
    /// Bad ones that the objective allows.
    #[schema(value_type = f64)]
    pub allowed_bad: Value,
    /// Bad ones so far.
    pub bad: i64,
    /// When it will be spent at the pace of the last day; null when it lasts.
    #[schema(required)]
    pub exhausts_at: Option<String>,
    /// The same in words.
    pub words: String,
}

/// A burn-rate rule.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct AlertData {
    /// `page_fast`, `page_slow`, `ticket_fast` or `ticket_slow`.
    pub rule: String,
    /// `page` or `ticket`.
    pub severity: &'static str,
    /// `inactive`, `pending` or `firing`.
    pub state: &'static str,
    /// Since when; null when inactive. What began more than a day ago is told as of then.
    #[schema(required)]
    pub since: Option<String>,
    /// Whether it could fire at all: at a low objective no share of bad views may be enough.
    pub reachable: bool,
    /// The burn rate that both of its windows must exceed.
    #[schema(value_type = f64)]
    pub factor: Value,
    /// Minutes of the window that says it matters.
    pub long_min: u32,
    /// Minutes of the window that says it goes on.
    pub short_min: u32,
}

/// `[from, to)`.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct WindowData {
    /// Inclusive.
    pub from: String,
    /// Exclusive.
    pub to: String,
}

impl SloData {
    /// A promise as it stands.
    pub fn of(promise: &Promise, standing: &Standing, now_ms: i64) -> Self {
        let (slo, budget) = (&promise.slo, &standing.budget);
        let allowed_bad = budget.full.map_or(budget.allowed_bad, |full| full.allowed_bad);
        let alerts: Vec<AlertData> = standing.alerts.iter().map(AlertData::of).collect();
        let mut warnings: Vec<String> = unreachable(slo).iter().map(unreachable_words).collect();
        if !promise.counted && promise.journey().is_empty() {
            warnings.push("the past is being counted: figures are not complete yet".into());
        } else if !promise.counted {
            let words = "its past is being counted, as soon as somebody defines it or events tell it";
            warnings.push(format!("the journey `{}`: {words}", promise.journey()));
        }
        let burn =
            BURN_WINDOWS.iter().zip(standing.burn).map(|((name, _), rate)| ((*name).into(), number_or_null(rate)));
        Self {
            id: slo.id.clone(),
            promise: slo.promise.clone(),
            objective: slo.objective.ratio(),
            sli: number_or_null(standing.sli),
            good: budget.counts.good,
            valid: budget.counts.valid,
            status: budget.status.name(),
            budget: BudgetData {
                remaining: number_or_null(standing.remaining),
                consumed: number_or_null(standing.remaining.map(|remaining| 1.0 - remaining)),
                allowed_bad: number(allowed_bad),
                bad: budget.counts.bad(),
                exhausts_at: exhausts_in_h(&budget.forecast).map(|hours| rfc3339(now_ms + (hours * 3.6e6) as i64)),
                words: words::of_budget(budget, standing.remaining),
            },
            burn: burn.collect(),
            coverage: number_or_null(standing.coverage),
            alerts,
            window: WindowData { from: rfc3339(budget.window.start * 1_000), to: rfc3339(budget.window.end * 1_000) },
            definition: slo.to_json(),
            warnings,
        }
    }
}

impl AlertData {
    fn of(alert: &Alert) -> Self {
        let since = |minute: i64| Some(rfc3339(minute * 60_000));
        let (state, since) = match alert.state {
            State::Inactive => ("inactive", None),
            State::Pending { since_min } => ("pending", since(since_min)),
            State::Firing { since_min } => ("firing", since(since_min)),
        };
        let rule = &alert.rule;
        Self {
            rule: rule.name.clone(),
            severity: rule.severity.name(),
            state,
            since,
            reachable: alert.reachable,
            factor: number(rule.factor.to_f64()),
            long_min: rule.long_min,
            short_min: rule.short_min,
        }
    }
}

/// What to say of a rule that can never fire.
pub fn unreachable_words(rule: &Rule) -> String {
    format!(
        "the rule {} can never fire: at this objective nothing but bad ones burns slower than {} times; choose a higher objective",
        rule.name,
        rule.factor.to_f64()
    )
}

fn exhausts_in_h(forecast: &Forecast) -> Option<f64> {
    match forecast {
        Forecast::Rolling { projected_h, .. } => projected_h.map(|hours| hours as f64),
        Forecast::Calendar { exhausts_in_h, before_end } => exhausts_in_h.filter(|_| *before_end),
    }
}

/// What `PUT` answers.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct SloSaved {
    /// What is promised now.
    #[schema(value_type = Object)]
    pub data: Value,
    /// What the sender should know: fields that mean nothing, rules that can never fire.
    pub warnings: Vec<String>,
}

/// What `GET slos/{id}` answers.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct SloAnswer {
    /// The promise.
    #[serde(flatten)]
    pub data: SloData,
}

/// What `GET slos` answers.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct SloList {
    /// By their ids.
    pub data: Vec<SloData>,
}

/// What `GET slos/{id}/budget` answers.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct BudgetAnswer {
    /// The budget now.
    pub budget: BudgetData,
    /// What was left after each step of the window.
    pub data: Vec<BudgetPoint>,
}

/// A step of a burn-down.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct BudgetPoint {
    /// The step's start.
    pub time: String,
    /// Good ones in it.
    pub good: i64,
    /// What counted in it.
    pub valid: i64,
    /// Share of the budget that was left at its end; null before the first data.
    #[schema(value_type = Option<f64>, required)]
    pub remaining: Value,
}

/// What `GET slos/{id}/spenders` answers.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct SpenderList {
    /// Who spends most comes first.
    pub data: Vec<Spender>,
}

/// A segment that spends of the budget.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Spender {
    /// The dimension.
    pub dimension: String,
    /// Its value.
    pub value: String,
    /// What counted of it.
    pub valid: i64,
    /// Bad ones of it.
    pub bad: i64,
    /// Its part of all bad ones.
    #[schema(value_type = Option<f64>, required)]
    pub share_of_bad: Value,
    /// Its part of the budget of the whole window.
    #[schema(value_type = Option<f64>, required)]
    pub share_of_budget: Value,
    /// How much worse it is than its size: its part of the bad ones over its part of all.
    #[schema(value_type = Option<f64>, required)]
    pub lift: Value,
}

/// A finding as a line.
pub fn finding_words(finding: &Finding) -> String {
    let near = finding.did_you_mean.as_ref().map_or(String::new(), |near| format!("; did you mean `{near}`?"));
    format!("{}: {}{near}", finding.field, finding.detail)
}
