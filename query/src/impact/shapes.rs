//! What `impact` answers.

use crate::openapi::{Echo, Meta};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Answer of `impact`.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ImpactAnswer {
    /// The question as it was understood.
    #[schema(value_type = Echo)]
    pub query: Value,
    /// What is to be known about the answer.
    #[schema(value_type = Meta)]
    pub meta: Value,
    /// Whom the window hurt.
    pub data: Impact,
}

/// Whom a window hurt. People are counted as visitors where they agreed to be recognised, else as visits.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Impact {
    /// Who was there.
    pub exposed: Exposed,
    /// Who was hurt.
    pub hurt: Hurt,
    /// How those who were there felt, and how others did a week earlier.
    pub happiness: Felt,
    /// Who tried again.
    pub retries: RetriesMade,
    /// Who gave up.
    pub gave_up: GaveUp,
    /// What became of journeys, the one whose losses are told first.
    pub journeys: Vec<JourneyHurt>,
    /// Customers who did not come back.
    pub lost: Lost,
    /// What it cost.
    pub money: Money,
    /// The worst values of each dimension: `page`, `country`, `device`, `release`, and `tag:NAME` of every tag.
    pub by: BTreeMap<String, Vec<Segment>>,
    /// Page views minute by minute, in windows of at most a day.
    pub minutes: Vec<Minute>,
    /// What it was compared with.
    pub control: ControlSpan,
    /// When the last figure can be told, and whether that time has come.
    pub settled: Settled,
    /// The same in words, for a post-mortem.
    pub paragraphs: Vec<String>,
}

/// Who was there.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Exposed {
    /// Page views.
    pub views: i64,
    /// Visits.
    pub sessions: i64,
    /// People.
    pub visitors: i64,
    /// Those of them who agreed to be recognised.
    pub recognised: i64,
}

/// Who was hurt.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Hurt {
    /// By a page that failed.
    pub hard: HurtCount,
    /// By a painful or worse page, and by none that failed.
    pub soft: HurtCount,
    /// When the first page failed; null when none did.
    #[schema(required)]
    pub first_failure: Option<String>,
    /// When the last page failed; null when none did.
    #[schema(required)]
    pub last_failure: Option<String>,
}

/// How many were hurt.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct HurtCount {
    /// People.
    pub visitors: i64,
    /// Visits.
    pub sessions: i64,
    /// Page views that hurt them so.
    pub views: i64,
    /// Their share of the people there; null when nobody was.
    #[schema(value_type = Option<f64>, required)]
    pub share: Value,
    /// Lower end of its 95 % interval.
    #[schema(value_type = Option<f64>, required)]
    pub low: Value,
    /// Upper end of its 95 % interval.
    #[schema(value_type = Option<f64>, required)]
    pub high: Value,
}

/// Happiness in the window and its control.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Felt {
    /// Page views of the window.
    pub views: FeltScore,
    /// Page views of its control.
    pub control_views: FeltScore,
    /// Visits of the window: of each its worst view and its last.
    pub sessions: FeltScore,
    /// Visits of its control.
    pub control_sessions: FeltScore,
}

/// Happiness with its interval.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct FeltScore {
    /// What could be judged.
    pub count: i64,
    /// 0 to 100; null of nothing.
    #[schema(value_type = Option<f64>, required)]
    pub value: Value,
    /// Lower end of its 95 % interval.
    #[schema(value_type = Option<f64>, required)]
    pub low: Value,
    /// Upper end of its 95 % interval.
    #[schema(value_type = Option<f64>, required)]
    pub high: Value,
}

/// Who tried again.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct RetriesMade {
    /// Views of the same page in the same visit within a minute after it failed.
    pub views: i64,
    /// Those of them that did not fail.
    pub succeeded: i64,
    /// Runs of retries, one right after another.
    pub chains: i64,
    /// The longest of them.
    pub longest_chain: i64,
    /// Page views of the journey (of everything, where there is none) over those that were no retries; null without any.
    #[schema(value_type = Option<f64>, required)]
    pub amplification: Value,
    /// Page views of the busiest of the five minutes after the window, over those of a minute of the control; null without a control, or
    /// until the five minutes are over.
    #[schema(value_type = Option<f64>, required)]
    pub herd: Value,
    /// Page views of that busiest minute.
    #[schema(required)]
    pub herd_views: Option<i64>,
}

/// Who gave up.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct GaveUp {
    /// Visits in which a page failed and was never seen well again.
    pub sessions: i64,
    /// From the first failure to the last view, the middle of them; null when there are none.
    #[schema(value_type = Option<f64>, required)]
    pub median_s: Value,
}

/// What became of a journey.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct JourneyHurt {
    /// Its id.
    pub journey: String,
    /// What people call it.
    pub name: String,
    /// Visits that took a step of it in the window.
    pub started: i64,
    /// Those that took the last step without failure.
    pub completed: i64,
    /// Those that did not, but the same person did in another visit within a day after the window.
    pub recovered: i64,
    /// The rest.
    pub abandoned: i64,
    /// The abandoned ones by the last step that went well.
    pub abandoned_after: Vec<LastStep>,
    /// Visits of the control that took a step of it.
    pub control_started: i64,
    /// Those of them that finished.
    pub control_completed: i64,
    /// Those of them that finished in another visit within a day.
    pub control_recovered: i64,
    /// Those of them that were abandoned.
    pub control_abandoned: i64,
    /// Share of abandoned ones in the control; null without any.
    #[schema(value_type = Option<f64>, required)]
    pub control_rate: Value,
    /// Abandoned ones beyond `started` times that rate; null without a control.
    #[schema(value_type = Option<f64>, required)]
    pub excess: Value,
    /// Lower end of its 95 % interval.
    #[schema(value_type = Option<f64>, required)]
    pub low: Value,
    /// Upper end of its 95 % interval.
    #[schema(value_type = Option<f64>, required)]
    pub high: Value,
}

/// Abandoned journeys by the last step that went well.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct LastStep {
    /// What people call the step; null where none went well.
    #[schema(required)]
    pub step: Option<String>,
    /// Abandoned journeys.
    pub count: i64,
}

/// Customers who did not come back though people like them did. All of them agreed to be recognised: of others nobody knows.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Lost {
    /// How many; null where it cannot be told (yet): the paragraphs say why.
    #[schema(value_type = Option<f64>, required)]
    pub visitors: Value,
    /// Lower end of its 95 % interval.
    #[schema(value_type = Option<f64>, required)]
    pub low: Value,
    /// Upper end of its 95 % interval.
    #[schema(value_type = Option<f64>, required)]
    pub high: Value,
    /// People hurt hard.
    #[schema(required)]
    pub affected: Option<i64>,
    /// Of them, those who came back.
    #[schema(required)]
    pub returned: Option<i64>,
    /// People of the control whom nothing failed.
    #[schema(required)]
    pub controls: Option<i64>,
    /// Of them, those who came back.
    #[schema(required)]
    pub controls_returned: Option<i64>,
    /// The drop of the share that came back, without regard to who people are.
    #[schema(value_type = Option<f64>, required)]
    pub rate_drop: Value,
    /// Lower end of its 95 % interval.
    #[schema(value_type = Option<f64>, required)]
    pub rate_drop_low: Value,
    /// Upper end of its 95 % interval.
    #[schema(value_type = Option<f64>, required)]
    pub rate_drop_high: Value,
    /// The same by kind of people, of which the estimate is the sum.
    pub strata: Vec<LostStratum>,
}

/// One kind of people.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct LostStratum {
    /// `new` or `returning`: whether they were here in the week before.
    pub who: &'static str,
    /// `journey` or `browse`: whether they took a step of the journey.
    pub doing: &'static str,
    /// Those hurt hard.
    pub affected: i64,
    /// Of them, those who came back.
    pub returned: i64,
    /// Those of the control whom nothing failed.
    pub controls: i64,
    /// Of them, those who came back.
    pub controls_returned: i64,
    /// Share of controls who came back; null without any.
    #[schema(value_type = Option<f64>, required)]
    pub control_rate: Value,
    /// Whose rate that is: `stratum`, or, where those are fewer than five, `returning` (all who are alike new or returning) or `all`.
    pub control_rate_from: &'static str,
}

/// What it cost, in the currency's unit. Only what the last step of the journey told as its amount counts.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Money {
    /// ISO 4217; null where no amounts were told, or without a currency.
    #[schema(required)]
    pub currency: Option<String>,
    /// Orders of the week before the window.
    pub orders: i64,
    /// Their mean.
    #[schema(value_type = Option<f64>, required)]
    pub average_order: Value,
    /// What each of the control's people who came back spent in the days that count, on average.
    #[schema(value_type = Option<f64>, required)]
    pub per_returning_control: Value,
    /// Journeys abandoned beyond the usual, at the average order.
    #[schema(value_type = Option<f64>, required)]
    pub immediate: Value,
    /// Lost customers, at what one who comes back spends.
    #[schema(value_type = Option<f64>, required)]
    pub future: Value,
    /// Both; null while either cannot be told.
    #[schema(value_type = Option<f64>, required)]
    pub total: Value,
}

/// Those who were hurt among the views of one value.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Segment {
    /// The value.
    pub value: String,
    /// People.
    pub visitors: i64,
    /// Hurt hard. Somebody failed by two pages counts on both.
    pub hard: i64,
    /// Hurt, but not hard.
    pub soft: i64,
    /// Page views.
    pub views: i64,
    /// Failed ones.
    pub failed_views: i64,
}

/// A minute of the window.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Minute {
    /// When it began.
    pub time: String,
    /// Page views.
    pub views: i64,
    /// Failed ones.
    pub failed: i64,
}

/// What a window is compared with.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ControlSpan {
    /// A week before the window's beginning.
    pub from: String,
    /// A week before the window's end.
    pub to: String,
    /// Page views in it; 0 is no control.
    pub views: i64,
    /// People in it.
    pub visitors: i64,
}

/// When the figures stop changing.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Settled {
    /// When journeys that were finished later are all known.
    pub journeys_at: String,
    /// When those who came back are all known.
    pub lost_at: String,
    /// Whether both times have come.
    pub now: bool,
}
