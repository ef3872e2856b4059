//! The shapes of answers, as the document tells them; a test holds real answers against them.

// The fields only describe.
#![allow(dead_code)]

use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

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
    /// Whether every page view was to be read.
    exact: Option<bool>,
    /// What is compared with.
    vs: Option<EchoVs>,
}

/// What is to be known about an answer.
#[derive(Serialize, ToSchema)]
pub struct Meta {
    /// Everything received before this is in the answer.
    #[schema(required)]
    fresh_to: Option<String>,
    /// `rollup`, `raw`, or `sample`.
    source: String,
    /// Of a sample: of how many sessions one was read. Counts stand for all of them.
    one_in: Option<u32>,
    /// Share of views that sampling kept.
    #[schema(required)]
    sample_rate: Option<f64>,
    /// Page views that the question is about.
    views: i64,
    /// Sentences for the reader.
    warnings: Vec<String>,
    /// What the data say, in one sentence, where the call has one.
    words: Option<String>,
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
    /// `ms`, `score` or `ratio`.
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
    /// Rating of the 75th percentile: `good`, `fair`, `poor`. Of Apdex: `Excellent`, `Good`, `Fair`, `Poor`, `Unacceptable`.
    rating: Option<String>,
    /// Share of good values.
    good: Option<f64>,
    /// Share of fair values.
    fair: Option<f64>,
    /// Share of poor values.
    poor: Option<f64>,
    /// Good and poor limit, inclusive.
    limits: Option<Vec<f64>>,
    /// Happiness, 0 to 100; or Apdex, 0 to 1.
    value: Option<f64>,
    /// Lower end of its 95 % interval.
    low: Option<f64>,
    /// Upper end of its 95 % interval.
    high: Option<f64>,
    /// 100 less happiness.
    unhappiness: Option<f64>,
    /// Shares of unhappy views by cause.
    causes: Option<BTreeMap<String, Option<f64>>>,
    /// Apdex as its specification writes it: two digits, `*` below 100 samples, `NS` of none.
    display: Option<String>,
    /// Apdex: views that took T at most.
    satisfied: Option<i64>,
    /// Apdex: views that took more than T, and 4 T at most.
    tolerating: Option<i64>,
    /// Apdex: views that took longer, and failed ones.
    frustrated: Option<i64>,
    /// Apdex: each T in ms that views were held against.
    targets_ms: Option<Vec<f64>>,
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

/// A metric on both sides; the group's dimension is a column of its own name where the question has one.
#[derive(Serialize, ToSchema)]
pub struct ComparisonRow {
    /// Of `vs=release&by=release`: the release before that of the row.
    vs_release: Option<String>,
    /// The metric.
    metric: String,
    /// `ms` or `score`.
    unit: String,
    /// `p75`, or `score` of happiness.
    stat: String,
    /// The figure of the time asked about; of what has a counterpart, where the two are matched.
    #[schema(required)]
    value: Option<f64>,
    /// What it rests on.
    count: i64,
    /// The figure compared with; weighted to the mix of the other side, where the two are matched.
    #[schema(required)]
    vs_value: Option<f64>,
    /// What it rests on.
    vs_count: i64,
    /// `value` less `vs_value`.
    #[schema(required)]
    difference: Option<f64>,
    /// Lower end of its 95 % interval.
    #[schema(required)]
    difference_low: Option<f64>,
    /// Upper end of its 95 % interval.
    #[schema(required)]
    difference_high: Option<f64>,
    /// `better`, `worse`, `no_difference` or `too_few`.
    verdict: String,
    /// Whether like is compared with like.
    matched: bool,
    /// By what: some of `device`, `country`, `hour_of_week`, `hour_of_day`, comma-separated.
    #[schema(required)]
    matched_on: Option<String>,
    /// The figure as it is, whatever the mix.
    #[schema(required)]
    plain_value: Option<f64>,
    /// The figure compared with as it is.
    #[schema(required)]
    plain_vs_value: Option<f64>,
    /// Their difference.
    #[schema(required)]
    plain_difference: Option<f64>,
    /// Happiness: 100 less `value`.
    unhappiness: Option<f64>,
    /// Happiness: 100 less `vs_value`.
    vs_unhappiness: Option<f64>,
}

/// A value that is over-represented among the bad page views of a change.
#[derive(Serialize, ToSchema)]
pub struct SuspectEntry {
    /// The dimension.
    dimension: String,
    /// Its value.
    value: String,
    /// Its part of the bad page views.
    share_of_bad: f64,
    /// Its part of all page views.
    share_of_all: f64,
    /// Its part of the bad page views that are more than a week before.
    share_of_excess: f64,
}

/// A change; the page, or whatever is watched, is a column of the dimension's name.
#[derive(Serialize, ToSchema)]
pub struct ChangeRow {
    /// The first hour of it.
    at: String,
    /// The first hour after it; null while it lasts.
    #[schema(required)]
    until: Option<String>,
    /// The metric.
    metric: String,
    /// `ms` or `score`.
    unit: String,
    /// `p75`, or `score` of happiness.
    stat: String,
    /// Happiness to be expected, or the p75 of the same hours a week before.
    #[schema(required)]
    before: Option<f64>,
    /// Happiness since, or the p75 of at most the first day.
    #[schema(required)]
    after: Option<f64>,
    /// `after` less `before`.
    #[schema(required)]
    difference: Option<f64>,
    /// The share of unhappiness, or of values above the good limit, that was to be expected.
    bad_before: f64,
    /// The share that there was.
    bad_after: f64,
    /// Values of the change.
    views: i64,
    /// `better` or `worse`.
    verdict: String,
    /// Whom it hit, the most over-represented first; none of what got better.
    suspects: Vec<SuspectEntry>,
}

/// What is compared with.
#[derive(Serialize, ToSchema)]
pub struct EchoVs {
    /// The release, where one is.
    release: Option<String>,
    /// Beginning, inclusive.
    from: String,
    /// End, exclusive.
    to: String,
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
    /// Who asked.
    meta: Option<SiteListMeta>,
}

/// What is to be known about a list of sites.
#[derive(Serialize, ToSchema)]
pub struct SiteListMeta {
    /// Who asked.
    who: Option<SiteListWho>,
}

/// Who asked.
#[derive(Serialize, ToSchema)]
pub struct SiteListWho {
    /// `person`, `token` or `anyone`.
    kind: String,
    /// The person's address, or the token's id.
    name: String,
}

/// A metric that can be asked for.
#[derive(Serialize, ToSchema)]
pub struct SchemaMetric {
    /// Its name.
    name: String,
    /// Its name for people.
    label: String,
    /// `ms`, `score` or `ratio`.
    unit: String,
    /// `score`, `apdex`, `value` or `timing`.
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

/// A call that takes the grammar.
#[derive(Serialize, ToSchema)]
pub struct SchemaCall {
    /// Its name.
    name: String,
    /// The parameters that it takes.
    parameters: Vec<String>,
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
    /// Forms of `vs`.
    vs: Vec<String>,
    /// Calls that take the grammar.
    calls: Vec<SchemaCall>,
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
    /// Answer of `compare`.
    Comparison(Vec<ComparisonRow>);
    /// Answer of `changes`.
    Changes(Vec<ChangeRow>);
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
