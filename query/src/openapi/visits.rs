//! The shapes of visits, feedback and attribution, as the document tells them; a test holds real answers against them.

// The fields only describe.
#![allow(dead_code)]

use super::{Echo, Meta};
use serde::Serialize;
use utoipa::ToSchema;

/// A visit: page views of one session id with gaps under half an hour.
#[derive(Serialize, ToSchema)]
pub struct VisitRow {
    /// The session's id, as the beacon sent it.
    session: String,
    /// By what this visit is found again: `sessions/{id}`.
    id: String,
    /// Beginning of the first page view.
    started_at: String,
    /// When the last page view was left or hidden, or else began.
    ended_at: String,
    /// From the one to the other.
    duration_ms: i64,
    /// Page views.
    views: i64,
    /// The first page.
    entry_page: String,
    /// The last page.
    exit_page: String,
    /// Country of the first page view.
    #[schema(required)]
    country: Option<String>,
    /// Device.
    #[schema(required)]
    device: Option<String>,
    /// Operating system.
    #[schema(required)]
    os: Option<String>,
    /// Browser.
    #[schema(required)]
    browser: Option<String>,
    /// Release of the app.
    #[schema(required)]
    release: Option<String>,
    /// Points of the worst page view and of the last, 0 to 8.
    #[schema(required)]
    points: Option<i64>,
    /// The same as 0 to 100.
    #[schema(required)]
    happiness: Option<f64>,
    /// Level of the worst page view.
    #[schema(required)]
    worst_level: Option<String>,
    /// Level of the last page view that could be judged.
    #[schema(required)]
    last_level: Option<String>,
    /// What made the worst one so.
    #[schema(required)]
    cause: Option<String>,
    /// Page views that failed.
    failed_views: i64,
    /// Script errors.
    errors: i64,
    /// Rage clicks.
    rage_clicks: i64,
    /// Whether the visitor said something.
    has_feedback: bool,
    /// Steps of journeys, each as `journey/step`, in order.
    steps: Vec<String>,
}

/// Answer of `sessions`.
#[derive(Serialize, ToSchema)]
pub struct VisitList {
    /// The question as it was understood.
    query: Echo,
    /// What is to be known about the answer.
    meta: Meta,
    /// The visits.
    data: Vec<VisitRow>,
}

/// A line of a timeline. Which of the other fields are there depends on `type`.
#[derive(Serialize, ToSchema)]
pub struct TimelineLine {
    /// When.
    at: String,
    /// `view`, `error`, `timing`, `step`, `request`, `rage_click`, `dead_click`, `long_frame`, `feedback`.
    r#type: String,
    /// On which page.
    page: String,
    /// In which page view.
    view: String,
    /// How that felt.
    #[schema(required)]
    level: Option<String>,
    /// What made it so.
    #[schema(required)]
    cause: Option<String>,
    /// Of a view: Largest Contentful Paint, ms.
    lcp: Option<f64>,
    /// Of a view: Interaction to Next Paint, ms.
    inp: Option<f64>,
    /// Of a view: Cumulative Layout Shift.
    cls: Option<f64>,
    /// Of an error.
    message: Option<String>,
    /// Of a timing.
    name: Option<String>,
    /// Of a step.
    journey: Option<String>,
    /// Of a step.
    step: Option<String>,
    /// Of a request.
    url: Option<String>,
    /// Of a view or a request: the HTTP status.
    status: Option<i64>,
    /// Of a request or a long frame, ms.
    duration: Option<f64>,
    /// Of a click: the element.
    target: Option<String>,
    /// Of feedback.
    score: Option<f64>,
    /// Of feedback: the best score there is.
    of: Option<f64>,
    /// Of feedback: the visitor's words.
    text: Option<String>,
}

/// Another visit of the same session id.
#[derive(Serialize, ToSchema)]
pub struct VisitOfSession {
    /// By what it is found.
    id: String,
    /// When it began.
    started_at: String,
    /// Page views.
    views: i64,
}

/// A visit with its timeline.
#[derive(Serialize, ToSchema)]
pub struct VisitStory {
    /// The visit.
    #[serde(flatten)]
    row: VisitRow,
    /// What was looked at and what happened, in the order of time.
    timeline: Vec<TimelineLine>,
    /// The visits of the session's id that were found, this one among them.
    visits: Vec<VisitOfSession>,
}

/// Answer of `sessions/{id}`.
#[derive(Serialize, ToSchema)]
pub struct VisitAnswer {
    /// What is to be known about the answer.
    meta: Meta,
    /// The visit.
    data: VisitStory,
}

/// What a visitor said, and what they felt in that page view. Figures are null where the page view is no longer kept.
#[derive(Serialize, ToSchema)]
pub struct FeedbackRow {
    /// When.
    at: String,
    /// The score, where one was given.
    #[schema(required)]
    score: Option<f64>,
    /// The best score there is.
    #[schema(required)]
    of: Option<f64>,
    /// The one by the other.
    #[schema(required)]
    share: Option<f64>,
    /// The visitor's words.
    #[schema(required)]
    text: Option<String>,
    /// On which page.
    page: String,
    /// In which page view.
    view: String,
    /// In which session.
    session: String,
    /// The visit, for `sessions/{id}`.
    visit: String,
    /// How the page view felt.
    #[schema(required)]
    level: Option<String>,
    /// What made it so.
    #[schema(required)]
    cause: Option<String>,
    /// Largest Contentful Paint, ms.
    #[schema(required)]
    lcp: Option<f64>,
    /// Interaction to Next Paint, ms.
    #[schema(required)]
    inp: Option<f64>,
    /// Cumulative Layout Shift.
    #[schema(required)]
    cls: Option<f64>,
    /// Country.
    #[schema(required)]
    country: Option<String>,
    /// Device.
    #[schema(required)]
    device: Option<String>,
    /// Release of the app.
    #[schema(required)]
    release: Option<String>,
}

/// What is to be known about feedback as a whole.
#[derive(Serialize, ToSchema)]
pub struct FeedbackMeta {
    /// What is to be known about every answer.
    #[serde(flatten)]
    meta: Meta,
    /// Answers of visitors in all.
    count: u64,
    /// Those with a score on a scale.
    scored: u64,
    /// Mean share of the scale, 0 to 1.
    #[schema(required)]
    mean: Option<f64>,
}

/// Answer of `feedback`.
#[derive(Serialize, ToSchema)]
pub struct FeedbackList {
    /// The question as it was understood.
    query: Echo,
    /// What is to be known about the answer.
    meta: FeedbackMeta,
    /// What was said.
    data: Vec<FeedbackRow>,
}

/// A culprit. The means of the metric's phases are further columns, in ms, by their names.
#[derive(Serialize, ToSchema)]
pub struct AttributionRow {
    /// `element`, `event`, `script`, `resource` or `phase`.
    kind: String,
    /// Which one.
    value: String,
    /// Page views that name it.
    views: i64,
    /// Of those, the poor ones; of a phase, the poor ones of which it was the longest part.
    poor: i64,
    /// Their share of all poor page views.
    #[schema(required)]
    share: Option<f64>,
    /// 75th percentile of the metric in them; of a phase its own, in ms.
    #[schema(required)]
    p75: Option<f64>,
}

/// What is to be known about an attribution.
#[derive(Serialize, ToSchema)]
pub struct AttributionMeta {
    /// What is to be known about every answer.
    #[serde(flatten)]
    meta: Meta,
    /// Page views that have the metric.
    count: i64,
    /// Of those, the poor ones.
    poor: i64,
}

/// Answer of `attribution`.
#[derive(Serialize, ToSchema)]
pub struct Attribution {
    /// The question as it was understood.
    query: Echo,
    /// What is to be known about the answer.
    meta: AttributionMeta,
    /// The culprits.
    data: Vec<AttributionRow>,
}
