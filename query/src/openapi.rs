//! The OpenAPI 3.1 document, generated from the handlers. What the handlers answer is made of counts at run time; the
//! shapes here describe it, and a test holds the answers against them.

// Most fields here only describe.
#![allow(dead_code)]

use crate::calls::{self, BatchAnswer, BatchPart, BatchQuestion};
use axum::http::header;
use axum::response::IntoResponse;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{IntoParams, IntoResponses, Modify, OpenApi, ToSchema};

/// The document.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Felt",
        description = "How happy the visitors of a site are, and why. Times are RFC 3339 in UTC, ratios 0 to 1, what was not \
                       measured is null. Every list is also CSV (`Accept: text/csv`) and NDJSON (`application/x-ndjson`).",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    paths(
        calls::sites,
        calls::schema,
        calls::values,
        calls::summary,
        calls::series,
        calls::breakdown,
        calls::distribution,
        calls::health,
        calls::batch,
        document
    ),
    components(schemas(ProblemBody, ProblemError, BatchQuestion, BatchPart, BatchAnswer)),
    modifiers(&Bearer),
    tags(
        (name = "metrics", description = "What visitors felt and what was measured"),
        (name = "schema", description = "What can be asked"),
        (name = "health", description = "Whether the figures can be trusted")
    )
)]
pub struct Document;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        components.add_security_scheme("bearer", scheme);
    }
}

static JSON: LazyLock<String> = LazyLock::new(|| Document::openapi().to_json().unwrap_or_default());

/// This document.
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "schema", operation_id = "openapi",
    responses((status = 200, description = "OpenAPI 3.1", content_type = "application/json")))]
pub async fn document() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-cache")], JSON.as_str())
}

/// What the calls about a time have in common.
macro_rules! parameters {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $kind:ty,)* }) => {
        $(#[$doc])*
        #[derive(IntoParams)]
        #[into_params(parameter_in = Query)]
        pub struct $name {
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
            $($(#[$field_doc])* $field: $kind,)*
        }
    };
}

parameters! {
    /// Parameters of `summary`.
    SummaryParameters {
        /// Metrics, comma-separated: `happiness`, names from `schema`, `timing:NAME`.
        metrics: Option<String>,
        /// Figures, comma-separated: p50 p75 p90 p95 p99 good fair poor count mean.
        stats: Option<String>,
        /// A filter `dimension:op:v1,v2`; may be repeated. Commas inside values are percent-encoded.
        f: Option<Vec<String>>,
        /// `humans`, `bots` or `all`.
        who: Option<String>,
    }
}

parameters! {
    /// Parameters of `series`.
    SeriesParameters {
        /// Metrics, comma-separated.
        metrics: Option<String>,
        /// Figures, comma-separated.
        stats: Option<String>,
        /// A filter `dimension:op:v1,v2`; may be repeated.
        f: Option<Vec<String>>,
        /// `humans`, `bots` or `all`.
        who: Option<String>,
        /// Length of a point: `auto`, `1m`, `5m`, `1h`, `1d`; at most 1,000 points.
        step: Option<String>,
    }
}

parameters! {
    /// Parameters of `breakdown`.
    BreakdownParameters {
        /// Metrics, comma-separated.
        metrics: Option<String>,
        /// Figures, comma-separated.
        stats: Option<String>,
        /// One or two dimensions, comma-separated.
        by: String,
        /// A filter `dimension:op:v1,v2`; may be repeated.
        f: Option<Vec<String>>,
        /// `humans`, `bots` or `all`.
        who: Option<String>,
        /// `views`, `happiness`, `unhappy`, `lost`, a figure such as `lcp.p75`, or a dimension; `-` for largest first.
        order: Option<String>,
        /// Most groups, at most 1,000.
        limit: Option<u32>,
        /// Where the previous page ended, from `Link` or `meta.next`.
        cursor: Option<String>,
        /// Fewest views of a group that is shown.
        min: Option<u64>,
    }
}

parameters! {
    /// Parameters of `distribution`.
    DistributionParameters {
        /// The metric.
        metric: String,
        /// A filter `dimension:op:v1,v2`; may be repeated.
        f: Option<Vec<String>>,
        /// `humans`, `bots` or `all`.
        who: Option<String>,
    }
}

parameters! {
    /// Parameters of `values`.
    ValuesParameters {
        /// A filter `dimension:op:v1,v2`; may be repeated.
        f: Option<Vec<String>>,
        /// `humans`, `bots` or `all`.
        who: Option<String>,
        /// Text that the value contains, in any case.
        q: Option<String>,
        /// Most values, at most 1,000.
        limit: Option<u32>,
    }
}

parameters! {
    /// Parameters of `health`.
    HealthParameters {}
}

/// A filter as it is echoed: dimension, operator, values.
#[derive(Serialize, ToSchema)]
pub struct FilterEcho(String, String, Vec<String>);

/// The question as it was understood.
#[derive(Serialize, ToSchema)]
pub struct Echo {
    /// Beginning, inclusive.
    from: String,
    /// End, exclusive.
    to: String,
    /// Time zone.
    tz: String,
    /// Whose views.
    who: Option<String>,
    /// Metrics.
    metrics: Option<Vec<String>>,
    /// Filters, each as dimension, operator, values.
    filters: Option<Vec<serde_json::Value>>,
    /// Figures, where they are not the usual ones.
    stats: Option<Vec<String>>,
    /// Dimensions of the groups.
    by: Option<Vec<String>>,
    /// The step that was taken.
    step: Option<String>,
    /// Order of the groups.
    order: Option<String>,
    /// Most rows.
    limit: Option<u32>,
    /// Fewest views of a group.
    min: Option<u64>,
}

/// What is to be known about an answer.
#[derive(Serialize, ToSchema)]
pub struct Meta {
    /// Everything received before this is in the answer.
    #[schema(required)]
    fresh_to: Option<String>,
    /// `rollup` or `raw`.
    source: String,
    /// Share of views that sampling kept.
    #[schema(required)]
    sample_rate: Option<f64>,
    /// Page views that the question is about.
    views: i64,
    /// Sentences for the reader.
    warnings: Vec<String>,
    /// Groups in all, where only a page of them is shown.
    groups: Option<u64>,
    /// Query string of the next page.
    next: Option<String>,
}

/// A happiness level with its page views.
#[derive(Serialize, ToSchema)]
pub struct LevelCount {
    /// Name of the level.
    level: String,
    /// Page views.
    count: i64,
}

/// A metric's figures. Which of them are there depends on the metric and on `stats`.
#[derive(Serialize, ToSchema)]
pub struct Figures {
    /// The metric.
    metric: String,
    /// `ms` or `score`.
    unit: String,
    /// What the figures rest on.
    count: i64,
    /// 75th percentile, by nearest rank.
    p75: Option<f64>,
    /// Lower end of its 95 % interval.
    p75_low: Option<f64>,
    /// Upper end of its 95 % interval.
    p75_high: Option<f64>,
    /// Mean.
    mean: Option<f64>,
    /// Rating of the 75th percentile: `good`, `fair`, `poor`.
    rating: Option<String>,
    /// Share of good values.
    good: Option<f64>,
    /// Share of fair values.
    fair: Option<f64>,
    /// Share of poor values.
    poor: Option<f64>,
    /// Good and poor limit, inclusive.
    limits: Option<Vec<f64>>,
    /// Happiness, 0 to 100.
    value: Option<f64>,
    /// Lower end of its 95 % interval.
    low: Option<f64>,
    /// Upper end of its 95 % interval.
    high: Option<f64>,
    /// 100 less happiness.
    unhappiness: Option<f64>,
    /// Shares of unhappy views by cause.
    causes: Option<BTreeMap<String, Option<f64>>>,
}

/// A record of `summary`.
#[derive(Serialize, ToSchema)]
pub struct SummaryRecord {
    /// The figures.
    #[serde(flatten)]
    figures: Figures,
    /// Happiness: views of each level.
    levels: Option<Vec<LevelCount>>,
}

/// A row of `series`.
#[derive(Serialize, ToSchema)]
pub struct SeriesRow {
    /// Beginning of the point.
    time: String,
    /// The figures.
    #[serde(flatten)]
    figures: Figures,
    /// Happiness: delighted views.
    delighted: Option<i64>,
    /// Happiness: annoyed views.
    annoying: Option<i64>,
    /// Happiness: painful views.
    painful: Option<i64>,
    /// Happiness: brutal views.
    brutal: Option<i64>,
}

/// A row of `breakdown`; the group's dimensions are columns of their own names.
#[derive(Serialize, ToSchema)]
pub struct BreakdownRow {
    /// Page views of the group.
    views: i64,
    /// Their share of all.
    #[schema(required)]
    share: Option<f64>,
    /// The figures.
    #[serde(flatten)]
    figures: Figures,
    /// Happiness: delighted views.
    delighted: Option<i64>,
    /// Happiness: annoyed views.
    annoying: Option<i64>,
    /// Happiness: painful views.
    painful: Option<i64>,
    /// Happiness: brutal views.
    brutal: Option<i64>,
}

/// A bin, `from` exclusive and `to` inclusive, as limits are; or a level of happiness.
#[derive(Serialize, ToSchema)]
pub struct DistributionRow {
    /// The metric.
    metric: String,
    /// Lower edge.
    from: Option<f64>,
    /// Upper edge; null is the open end.
    to: Option<f64>,
    /// The level, of happiness.
    level: Option<String>,
    /// Values in it.
    count: i64,
    /// Their share.
    #[schema(required)]
    share: Option<f64>,
    /// `good`, `fair` or `poor`.
    rating: Option<String>,
}

/// A value of a dimension.
#[derive(Serialize, ToSchema)]
pub struct ValueRow {
    /// The value.
    value: String,
    /// Its page views.
    count: i64,
}

/// A site.
#[derive(Serialize, ToSchema)]
pub struct SiteEntry {
    /// Its key.
    key: String,
    /// Its name.
    name: String,
}

/// The sites.
#[derive(Serialize, ToSchema)]
pub struct SiteList {
    /// By key.
    data: Vec<SiteEntry>,
}

/// A metric that can be asked for.
#[derive(Serialize, ToSchema)]
pub struct SchemaMetric {
    /// Its name.
    name: String,
    /// Its name for people.
    label: String,
    /// `ms` or `score`.
    unit: String,
    /// `score`, `value` or `timing`.
    kind: String,
    /// Good and poor limit.
    #[schema(required)]
    limits: Option<Vec<f64>>,
    /// Where annoying, painful and brutal begin.
    #[schema(required)]
    levels: Option<Vec<f64>>,
    /// What it is.
    description: String,
    /// Where it is defined.
    #[schema(required)]
    source: Option<String>,
}

/// A dimension that can be asked for.
#[derive(Serialize, ToSchema)]
pub struct SchemaDimension {
    /// Its name.
    name: String,
    /// Its name for people.
    label: String,
    /// Operators of its filters.
    ops: Vec<String>,
}

/// A name with its label.
#[derive(Serialize, ToSchema)]
pub struct Labelled {
    /// The name.
    name: String,
    /// For people.
    label: String,
}

/// A level with its points.
#[derive(Serialize, ToSchema)]
pub struct SchemaLevel {
    /// The name.
    name: String,
    /// Quarter points.
    points: i64,
}

/// What can be asked.
#[derive(Serialize, ToSchema)]
pub struct SchemaData {
    /// The site.
    site: SiteEntry,
    /// The metrics.
    metrics: Vec<SchemaMetric>,
    /// The dimensions.
    dimensions: Vec<SchemaDimension>,
    /// The figures.
    stats: Vec<String>,
    /// The steps.
    steps: Vec<String>,
    /// Ranges to offer.
    ranges: Vec<String>,
    /// Choices of `who`.
    who: Vec<String>,
    /// Causes of unhappiness.
    causes: Vec<Labelled>,
    /// Levels, best first.
    levels: Vec<SchemaLevel>,
}

/// The state of the data.
#[derive(Serialize, ToSchema)]
pub struct HealthData {
    /// Everything received before this is visible.
    #[schema(required)]
    fresh_to: Option<String>,
    /// Seconds since then.
    #[schema(required)]
    lag_seconds: Option<i64>,
    /// Snapshots received: the sum of the four that follow.
    received: i64,
    /// First snapshots of their views: the number of page views.
    accepted: i64,
    /// Further snapshots of views that already counted.
    replaced: i64,
    /// Not counted on purpose, by reason.
    filtered: BTreeMap<String, i64>,
    /// Not taken, by reason.
    refused: BTreeMap<String, i64>,
    /// Fields that were dropped.
    field_drops: BTreeMap<String, i64>,
    /// Values that were folded into `(other)`, by dimension.
    folded: BTreeMap<String, i64>,
    /// Share of page views that bots made.
    #[schema(required)]
    bot_share: Option<f64>,
    /// Page views, bots included.
    views: i64,
    /// No page view has ever come in.
    waiting: bool,
}

macro_rules! envelope {
    ($($(#[$doc:meta])* $name:ident($data:ty);)*) => {
        $(
            $(#[$doc])*
            #[derive(Serialize, ToSchema)]
            pub struct $name {
                /// The question as it was understood.
                query: Echo,
                /// What is to be known about the answer.
                meta: Meta,
                /// The data.
                data: $data,
            }
        )*
    };
}

envelope! {
    /// Answer of `summary`.
    Summary(Vec<SummaryRecord>);
    /// Answer of `series`.
    Series(Vec<SeriesRow>);
    /// Answer of `breakdown`.
    Breakdown(Vec<BreakdownRow>);
    /// Answer of `distribution`.
    Distribution(Vec<DistributionRow>);
    /// Answer of `values`.
    Values(Vec<ValueRow>);
    /// Answer of `health`.
    HealthAnswer(HealthData);
}

/// Answer of `schema`.
#[derive(Serialize, ToSchema)]
pub struct SchemaAnswer {
    /// What is to be known about the answer.
    meta: Meta,
    /// The data.
    data: SchemaData,
}

/// One of several faults.
#[derive(Serialize, ToSchema)]
pub struct ProblemError {
    /// The parameter.
    parameter: String,
    /// What is wrong.
    detail: String,
    /// The nearest thing that would be right.
    did_you_mean: Option<String>,
}

/// A problem, RFC 9457.
#[derive(Serialize, ToSchema)]
pub struct ProblemBody {
    /// Kind of the problem.
    r#type: String,
    /// The kind, for people.
    title: String,
    /// HTTP status.
    status: u16,
    /// What is wrong this time and what to do.
    detail: Option<String>,
    /// For an unknown word: the nearest that is known.
    did_you_mean: Option<String>,
    /// Every fault of the question.
    errors: Option<Vec<ProblemError>>,
}

/// How a call can fail.
#[derive(IntoResponses)]
pub enum Problems {
    /// The question cannot be understood; `errors` tells every fault.
    #[response(status = 400, content_type = "application/problem+json")]
    Invalid(#[to_schema] ProblemBody),
    /// No token, or one that is not known.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(#[to_schema] ProblemBody),
    /// The token is not for this site or scope.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(#[to_schema] ProblemBody),
    /// There is no such site or call.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(#[to_schema] ProblemBody),
    /// The question costs too much.
    #[response(status = 422, content_type = "application/problem+json")]
    TooExpensive(#[to_schema] ProblemBody),
    /// Too many questions about the site at once; `Retry-After` says when to come back.
    #[response(status = 429, content_type = "application/problem+json")]
    Busy(#[to_schema] ProblemBody),
    /// The store does not answer; `Retry-After` says when to come back.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(#[to_schema] ProblemBody),
}
