//! What the calls about scales take and answer, for the document.

// The fields only describe.
#![allow(dead_code)]

use crate::openapi::{Echo, Meta};
use serde::Serialize;
use utoipa::ToSchema;

/// A scale, as `PUT` takes it.
#[derive(Serialize, ToSchema)]
pub struct ScaleDefinition {
    /// Pages that it is for: `*` is any text, `?` one character. All of them where it is left out.
    page: Option<String>,
    /// Only for views with a step event of this journey.
    journey: Option<String>,
    /// `lcp`, `inp`, `cls`, `usable`, or `timing:NAME`.
    metric: String,
    /// Where annoying, painful and brutal begin: whole milliseconds, or of CLS its own unit.
    thresholds: Vec<f64>,
}

/// A scale that views are judged by.
#[derive(Serialize, ToSchema)]
pub struct ScaleRow {
    /// Its id.
    id: String,
    /// Pages that it is for; null for all.
    #[schema(required)]
    pages: Option<String>,
    /// Journey whose views it is for; null for all.
    #[schema(required)]
    journey: Option<String>,
    /// What it measures.
    metric: String,
    /// Where annoying, painful and brutal begin.
    thresholds: Vec<f64>,
    /// Where a value on a threshold belongs: `worse` or `better`.
    edge: String,
    /// Which version of it this is, from 1; 0 of a built-in one.
    version: u64,
    /// From when on it holds, for what arrives then; null of a built-in one.
    #[schema(required)]
    since: Option<String>,
    /// Whether it holds already.
    in_effect: bool,
    /// Who wrote it; null of a built-in one, empty where anybody may write.
    #[schema(required)]
    author: Option<String>,
    /// Whether it holds where a site says nothing else.
    built_in: bool,
}

/// What `scales` answers.
#[derive(Serialize, ToSchema)]
pub struct ScaleList {
    /// The site's own, then the built-in ones.
    data: Vec<ScaleRow>,
}

/// What `PUT scales/{id}` answers.
#[derive(Serialize, ToSchema)]
pub struct ScaleSaved {
    data: ScaleRow,
}

/// Scales to be tried out.
#[derive(Serialize, ToSchema)]
pub struct PreviewQuestion {
    /// The scales. Each replaces the one that is for the same views and measures the same.
    scales: Vec<ScaleDefinition>,
    /// Of which time; the last 28 days where it is left out.
    range: Option<String>,
}

/// What scales would have made of a time.
#[derive(Serialize, ToSchema)]
pub struct PreviewData {
    /// Beginning, inclusive.
    from: String,
    /// End, exclusive.
    to: String,
    /// Happiness by these scales.
    #[schema(required)]
    happiness: Option<f64>,
    /// Happiness as it was judged.
    #[schema(required)]
    happiness_now: Option<f64>,
    /// Page views that could be judged by these scales.
    views: i64,
    /// Their levels by these scales, best first.
    levels: Vec<crate::openapi::LevelCount>,
    /// Their levels as they were judged.
    levels_now: Vec<crate::openapi::LevelCount>,
    /// The same in one sentence.
    words: String,
    /// What the reader should know.
    warnings: Vec<String>,
}

/// What `scales/preview` answers.
#[derive(Serialize, ToSchema)]
pub struct PreviewAnswer {
    data: PreviewData,
}

/// What people did after views of a level.
#[derive(Serialize, ToSchema)]
pub struct CalibrationRow {
    /// The level.
    level: String,
    /// Its weight in happiness, 1 to 0.
    weight_now: f64,
    /// Page views of it.
    views: i64,
    /// After how many of them the person left.
    left: i64,
    /// Share after which nobody left.
    #[schema(required)]
    stayed: Option<f64>,
    /// That share, made never to rise from a better level to a worse one.
    #[schema(required)]
    stayed_fitted: Option<f64>,
    /// The weight that the data would give it; null where levels do not separate who stays.
    #[schema(required)]
    weight: Option<f64>,
    /// Feedback that was given on its views.
    feedback: i64,
    /// Its mean, as a share of the scale that was asked on.
    #[schema(required)]
    feedback_mean: Option<f64>,
}

/// What `calibration` answers.
#[derive(Serialize, ToSchema)]
pub struct CalibrationAnswer {
    query: Echo,
    meta: Meta,
    /// A row per level, best first; `meta.words` says what they mean.
    data: Vec<CalibrationRow>,
}
