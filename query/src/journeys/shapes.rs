//! What the calls about journeys take and answer, for the document.

// The fields only describe.
#![allow(dead_code)]

use crate::openapi::{Echo, Meta};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

/// Parameters of the calls about journeys.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct JourneyParameters {
    /// The last while: a number of minutes, hours, days or weeks. Not together with `from`.
    #[param(example = "7d")]
    range: Option<String>,
    /// Beginning of the time, inclusive: RFC 3339, or a date in `tz`.
    from: Option<String>,
    /// End of the time, exclusive; now where it is left out.
    to: Option<String>,
    /// IANA time zone of day boundaries.
    #[param(example = "Europe/Berlin")]
    tz: Option<String>,
    /// A filter `dimension:op:v1,v2` of page views; may be repeated.
    f: Option<Vec<String>>,
    /// `humans`, `bots` or `all`.
    who: Option<String>,
}

/// A journey, as `PUT` takes it.
#[derive(Serialize, ToSchema)]
pub struct JourneyDefinition {
    /// What people call it.
    name: String,
    /// Its 1 to 20 steps, in order.
    steps: Vec<JourneyStep>,
    /// In how many seconds it is meant to be done.
    within_s: Option<u32>,
}

/// A step of a journey: reached either by an event or by a page.
#[derive(Serialize, ToSchema)]
pub struct JourneyStep {
    /// What people call it.
    name: String,
    /// The `step` of the events that reach it; their `journey` is this journey's id.
    step: Option<String>,
    /// The pages whose views reach it: `*` is any text, `?` one character.
    page: Option<String>,
}

/// What visits made of a journey.
#[derive(Serialize, ToSchema)]
pub struct JourneyRow {
    /// Its id.
    id: String,
    /// What people call it.
    name: String,
    /// Whether somebody defined it; else events tell it.
    defined: bool,
    /// How many steps it has.
    steps: u64,
    /// Visits that reached its first step.
    started: i64,
    /// Those that reached its last one after that, on a view that did not fail.
    completed: i64,
    /// Their share.
    #[schema(required)]
    completion: Option<f64>,
    /// Those that did not complete.
    abandoned: i64,
    /// Those of them in which a view of the journey failed.
    failed: i64,
    /// Page views of it.
    views: i64,
    /// Happiness of these.
    #[schema(required)]
    happiness: Option<f64>,
    /// How many of them could be judged.
    judged: i64,
    /// From the first step to the last, of half of those that completed at most.
    #[schema(required)]
    median_s: Option<f64>,
    /// From the first step to the last, of three in four of those that completed at most.
    #[schema(required)]
    pub p75_s: Option<f64>,
    /// In how many seconds it is meant to be done.
    #[schema(required)]
    within_s: Option<u32>,
    /// Visits that completed in that time.
    #[schema(required)]
    in_time: Option<i64>,
    /// Their share of those that started.
    #[schema(required)]
    in_time_share: Option<f64>,
    /// Sum of what the abandoned ones were worth, where steps carry amounts.
    #[schema(required)]
    lost_amount: Option<f64>,
    /// The currency of that: the one in which most was lost.
    #[schema(required)]
    currency: Option<String>,
}

/// What `journeys` answers.
#[derive(Serialize, ToSchema)]
pub struct JourneyList {
    query: Echo,
    meta: Meta,
    /// A row per journey: those that were defined, then those that events tell.
    data: Vec<JourneyRow>,
}

/// What `journeys/{id}` answers.
#[derive(Serialize, ToSchema)]
pub struct JourneyAnswer {
    query: Echo,
    meta: Meta,
    data: JourneyData,
}

/// A journey: its row, and its definition.
#[derive(Serialize, ToSchema)]
pub struct JourneyData {
    #[serde(flatten)]
    row: JourneyRow,
    /// What it is; `PUT` takes the same.
    definition: JourneyDefinition,
}

/// What visits made of a step.
#[derive(Serialize, ToSchema)]
pub struct FunnelRow {
    /// What people call it.
    step: String,
    /// Its place, from 0.
    index: u64,
    /// Visits that reached it, or a later one.
    entered: i64,
    /// Those that reached a later one; of the last step, those that completed.
    continued: i64,
    /// Those that did not.
    left: i64,
    /// Their share of those that entered.
    #[schema(required)]
    drop_off: Option<f64>,
    /// Those that entered, as a share of those that started.
    #[schema(required)]
    of_start: Option<f64>,
    /// Visits that took this step and then the next one.
    timed: i64,
    /// Time from this step to the next, of half of them at most.
    #[schema(required)]
    median_s: Option<f64>,
    /// Time from this step to the next, of three in four of them at most.
    #[schema(required)]
    pub p75_s: Option<f64>,
    /// Happiness of its views.
    #[schema(required)]
    happiness: Option<f64>,
    /// How many of them could be judged.
    judged: i64,
    /// Views of it that failed.
    failed_views: i64,
}

/// What `journeys/{id}/funnel` answers.
#[derive(Serialize, ToSchema)]
pub struct FunnelAnswer {
    query: Echo,
    meta: Meta,
    /// A row per step.
    data: Vec<FunnelRow>,
}

/// Visits that waited for so long for the page on which they began.
#[derive(Serialize, ToSchema)]
pub struct SpeedRow {
    /// They waited so long at least.
    from_s: f64,
    /// And less than this.
    #[schema(required)]
    to_s: Option<f64>,
    /// How waiting for so long feels.
    level: String,
    /// Visits that began the journey.
    started: i64,
    /// Those that completed it.
    completed: i64,
    /// Their share.
    #[schema(required)]
    completion: Option<f64>,
    /// The share, like compared with like: as if they had been of the devices and countries of all visits.
    #[schema(required)]
    completion_matched: Option<f64>,
    /// Lower end of its 95 % interval.
    #[schema(required)]
    low: Option<f64>,
    /// Upper end of it.
    #[schema(required)]
    high: Option<f64>,
}

/// What `journeys/{id}/speed` answers.
#[derive(Serialize, ToSchema)]
pub struct SpeedAnswer {
    query: Echo,
    meta: Meta,
    /// A row per span of waiting; `meta.words` says what they mean.
    data: Vec<SpeedRow>,
}

/// What `PUT journeys/{id}` answers.
#[derive(Serialize, ToSchema)]
pub struct JourneySaved {
    data: JourneyKept,
}

/// A journey as it is kept.
#[derive(Serialize, ToSchema)]
pub struct JourneyKept {
    /// Its id.
    id: String,
    #[serde(flatten)]
    definition: JourneyDefinition,
}
