//! A row of `rollup_minute`, `rollup_hour` and `rollup_day`: exact signed counters and one histogram for one metric in one cell.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A row of the rollup tables, which have the same columns. Its words are shared: a batch has hundreds of thousands of rows
/// and some hundred words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "row", derive(clickhouse::Row))]
pub struct RollupRow {
    /// The site's key.
    pub site: Arc<str>,
    /// [`crate::grouping::Grouping::column`].
    pub grouping: i8,
    /// A metric's name, `timing:NAME` or `happiness`.
    pub metric: Arc<str>,
    /// 1 for bots, whose cells are apart.
    pub bot: u8,
    /// Start of the minute, hour or UTC day in which the views began, in seconds.
    pub time: u32,
    /// The page, in groupings that have one.
    pub page: Arc<str>,
    /// The second dimension's value, in groupings that have one.
    pub value: Arc<str>,
    /// Day of arrival, UTC.
    pub day: u16,
    /// Page views, judged or not; on `happiness` rows only.
    pub views: i64,
    /// Values that count.
    pub valid: i64,
    /// Their sum in micro units.
    pub total_micro: i64,
    /// At or under the first limit.
    pub good: i64,
    /// At or under the second limit.
    pub fair: i64,
    /// Above both.
    pub poor: i64,
    /// Of the first level.
    pub delighted: i64,
    /// Of the second level.
    pub annoying: i64,
    /// Of the third level.
    pub painful: i64,
    /// Of the fourth level.
    pub brutal: i64,
    /// Unhappy because it opened slowly; causes are on `happiness` rows only.
    pub slow_open: i64,
    /// Unhappy because it reacted slowly.
    pub slow_react: i64,
    /// Unhappy because it jumped.
    pub jumped: i64,
    /// Unhappy because it broke.
    pub broke: i64,
    /// Unhappy because it was not there yet when the person left.
    pub gave_up: i64,
    /// Bucket → signed count.
    pub histogram: Vec<(u16, i64)>,
}
